"""A host of one's own for every test, on a real store and a real bus."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from session_core.core import Core
from tests.integration.host.stage import Stage, stage_on


@pytest.fixture
def database_kind() -> str:
    """One database is enough here: the queries are tried on both where they are written."""
    return "sqlite"


@pytest.fixture
async def stage(core: Core, tmp_path: Path) -> AsyncIterator[Stage]:
    """Give a host that is not started yet, so that a test can first write the rows that it will find."""
    async with stage_on(core, tmp_path / "profiles") as stage:
        yield stage


@pytest.fixture
async def running(stage: Stage) -> Stage:
    """Give a host that runs, with no accounts yet."""
    await stage.manager.start()
    return stage
