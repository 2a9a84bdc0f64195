"""A receiver on this machine, and settings under which it may be called."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from session_core.core import Core
from session_core.settings import Settings
from tests.integration.webhooks.scene import Scene, set_scene
from tests.servers.receiver import Receiver, running_receiver

TIMEOUT = timedelta(seconds=0.5)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """Give a receiver without TLS."""
    async with running_receiver() as receiver:
        yield receiver


@pytest.fixture
def settings(database_url: str, bus_url: str, tmp_path: Path) -> Settings:
    """Return settings that allow receivers on this machine and wait a second for them."""
    return Settings(
        data_dir=tmp_path / "data",
        database_url_setting=database_url,
        redis_url_setting=bus_url,
        webhook_private_targets="allow",
        webhook_timeout=TIMEOUT,
    )


@pytest.fixture
async def scene(core: Core) -> AsyncIterator[Scene]:
    """Give Ana with two accounts, and a courier."""
    async with set_scene(core) as scene:
        yield scene
