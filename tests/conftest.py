"""Fixtures that every test may ask for. Servers are real, start on the first request, and end with the run."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress

import hypothesis
import psutil
import pytest
import structlog

from session_core.settings import Settings
from tests.servers.postgres import running_postgres
from tests.servers.processes import foreign_settings
from tests.servers.valkey import running_valkey


def pytest_configure() -> None:
    """Keep the developer's own settings and ``.env`` out of the tests."""
    for name in foreign_settings():
        os.environ.pop(name, None)
    os.environ["WHAHOOK_ENV_FILE"] = os.devnull
    Settings.model_config["env_file"] = None
    # A busy machine is no failure: timings belong in benchmarks. The same examples each time, so that a change is what
    # breaks a test; HYPOTHESIS_EXPLORE=1 looks for new ones.
    hypothesis.settings.register_profile(
        "whahook",
        deadline=None,
        derandomize="HYPOTHESIS_EXPLORE" not in os.environ,
        suppress_health_check=[hypothesis.HealthCheck.too_slow],
    )
    hypothesis.settings.load_profile("whahook")
    # structlog's default draws every local variable of a traceback, which takes seconds when a test is about an error.
    console = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(processors=[structlog.processors.add_log_level, console])


@pytest.fixture(scope="session", autouse=True)
def no_process_left() -> Iterator[None]:
    """Fail a run that leaves processes behind: whoever starts one ends it."""
    yield
    left = psutil.Process().children(recursive=True)
    _, left = psutil.wait_procs(left, timeout=5)
    described = [f"{process.pid} {' '.join(_command(process))[:120]}" for process in left]
    for process in left:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    assert not described, f"the tests left processes behind: {described}"


def _command(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return ["?"]


@pytest.fixture(scope="session")
def valkey_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of a real Valkey that all tests share: use keys of your own, or a server of your own."""
    with running_valkey(tmp_path_factory.mktemp("valkey")) as url:
        yield url


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of a database on a real Postgres that all tests share."""
    with running_postgres(tmp_path_factory.mktemp("postgres")) as url:
        yield url
