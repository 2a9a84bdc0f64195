from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import pytest

from session_core.core import Core, open_core
from session_core.settings import Settings
from tests.factories import add_account, add_user
from tests.servers.databases import sqlite_url


@dataclass(frozen=True)
class Two:
    """Ana with an account, and Eva, who is somebody else."""

    ana: UUID
    eva: UUID
    account_id: UUID


@pytest.fixture
async def two(core: Core) -> Two:
    ana = await add_user(core.db, "Ana")
    return Two(ana, await add_user(core.db, "Eva"), await add_account(core.db, ana))


@pytest.fixture
async def core_without_bus(database_url: str, tmp_path: Path) -> AsyncIterator[Core]:
    """Give a core whose bus is not there."""
    settings = Settings(
        data_dir=tmp_path, database_url_setting=database_url, redis_url_setting=f"unix://{tmp_path}/nobody.sock"
    )
    async with open_core(settings) as core:
        yield core


@pytest.fixture
async def core_without_database(bus_url: str, tmp_path: Path) -> AsyncIterator[Core]:
    """Give a core whose database is not there."""
    settings = Settings(
        data_dir=tmp_path,
        database_url_setting=sqlite_url(tmp_path / "no" / "folder.db"),
        redis_url_setting=bus_url,
    )
    async with open_core(settings) as core:
        yield core
