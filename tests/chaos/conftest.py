"""Faults in real processes. What each one cost is printed as a table at the end of the run."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.chaos.table import ROWS, drawn
from tests.servers.databases import migrated_postgres, migrated_sqlite, postgres_copy


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a SQLite file with all tables; never opened again."""
    return migrated_sqlite(tmp_path_factory.mktemp("template") / "template.db")


@pytest.fixture(scope="session")
async def postgres_template(postgres_url: str) -> str:
    """Return the name of a Postgres database with all tables; never opened again, only copied."""
    return await migrated_postgres(postgres_url)


@pytest.fixture
async def postgres_database_url(postgres_url: str, postgres_template: str) -> AsyncIterator[str]:
    """URL of an empty Postgres database with all tables, for this test alone."""
    async with postgres_copy(postgres_url, postgres_template) as url:
        yield url


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the table."""
    if ROWS:
        terminalreporter.section("faults")
        terminalreporter.write_line(drawn(ROWS))
