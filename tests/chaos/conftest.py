"""Faults in real processes. What each one cost is printed as a table at the end of the run.

Tests marked ``short`` are the short form inside ``make test``; the others run in ``make chaos`` only.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from session_core.launch.frontend import ensure_frontend
from tests.chaos.table import NOTES, ROWS, drawn, markdown
from tests.servers.databases import copy_sqlite, migrated_postgres, migrated_sqlite, postgres_copy
from tests.servers.postgres import PostgresServer, running_postgres_server
from tests.servers.services import HostProcess
from tests.servers.site import Line, Site, running_site

HERE = Path(__file__).parent
REPORT = "--faults"
DEBUGGABLE = "--remote-debugging-port=0"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the table be written to a file."""
    parser.addoption(REPORT, type=Path, help="write the table of faults to this file, as Markdown")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what is not short."""
    for item in items:
        if HERE in item.path.parents and item.get_closest_marker("short") is None:
            item.add_marker(pytest.mark.chaos)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a SQLite file with all tables; never opened again."""
    return migrated_sqlite(tmp_path_factory.mktemp("template") / "template.db")


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    """A Postgres that may be killed: what it has confirmed is there when it comes back."""
    with running_postgres_server(tmp_path_factory.mktemp("postgres"), synchronous_commit="on") as server:
        yield server


@pytest.fixture(scope="session")
def postgres_url(postgres_server: PostgresServer) -> str:
    """URL of a database on it."""
    return postgres_server.url


@pytest.fixture(scope="session")
async def postgres_template(postgres_url: str) -> str:
    """Return the name of a Postgres database with all tables; never opened again, only copied."""
    return await migrated_postgres(postgres_url)


@pytest.fixture
async def postgres_database_url(postgres_url: str, postgres_template: str) -> AsyncIterator[str]:
    """URL of an empty Postgres database with all tables, for this test alone."""
    async with postgres_copy(postgres_url, postgres_template) as url:
        yield url


ON_POSTGRES = pytest.param("postgres", marks=[pytest.mark.postgres, pytest.mark.chaos])


@pytest.fixture(scope="module", params=["sqlite", ON_POSTGRES])
def database_kind(request: pytest.FixtureRequest) -> str:
    """Run the module once with each database, and in the short form with SQLite only."""
    return str(request.param)


@pytest.fixture(scope="session")
def pages() -> None:
    """Build the pages if their sources changed: the web process does not start without."""
    ensure_frontend()


@pytest.fixture(scope="module")
def folder(database_kind: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the module's site with this database."""
    return tmp_path_factory.mktemp("site")


@pytest.fixture(scope="module")
def sqlite_site_url(sqlite_template: Path, folder: Path) -> str:
    """URL of the module's database on SQLite."""
    return copy_sqlite(sqlite_template, folder / "whahook.db")


@pytest.fixture(scope="module")
async def postgres_site_url(postgres_url: str, postgres_template: str, folder: Path) -> AsyncIterator[str]:
    """URL of the module's database on Postgres; another folder has another one."""
    async with postgres_copy(postgres_url, postgres_template) as url:
        yield url


@pytest.fixture(scope="module")
def site_url(database_kind: str, folder: Path, request: pytest.FixtureRequest) -> str:
    """URL of the module's database; another folder has another one."""
    return str(request.getfixturevalue(f"{database_kind}_site_url"))


@pytest.fixture(scope="module")
async def site(site_url: str, folder: Path, pages: None) -> AsyncIterator[Site]:
    """An installation of single processes, with one host, for the faults of a module one after the other."""
    # The test speaks to the browsers too, beside the host.
    async with running_site(folder, site_url, apart=True, WHAHOOK_CHROMIUM_ARGS=DEBUGGABLE) as site:
        await site.host()
        yield site


@pytest.fixture(scope="module")
def host(site: Site) -> HostProcess:
    """The host of the site."""
    return site.hosts[0]


@pytest.fixture(scope="module")
async def account(site: Site) -> Line:
    """An account of the site, linked once."""
    return await site.line()


@pytest.fixture
async def line(account: Line, host: HostProcess) -> Line:
    """The account, ready, with no setback behind it that would make the pauses longer."""
    if not host.alive:
        await host.start()
    if account.hurt:
        await account.begin_anew()
    return account


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print the table."""
    if not ROWS and not NOTES:
        return
    terminalreporter.section("faults")
    for line in [*([drawn(ROWS)] if ROWS else []), *NOTES]:
        terminalreporter.write_line(line)
    if report := config.getoption(REPORT):
        report.write_text("\n".join([markdown(ROWS), *(f"* {note}" for note in NOTES)]) + "\n")
