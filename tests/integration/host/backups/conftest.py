"""A host that backs up."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from session_core.core import Core
from tests.integration.host.stage import QUICK_BACKUPS, Stage, stage_on


@pytest.fixture
async def stage(core: Core, tmp_path: Path) -> AsyncIterator[Stage]:
    """Give a host that backs up a running session as soon as it is ready, when its browser is there."""
    rhythm = replace(QUICK_BACKUPS, first_after=timedelta(0), clean_every=timedelta(0))
    async with stage_on(core, tmp_path / "profiles", backups=rhythm) as stage:
        yield stage
