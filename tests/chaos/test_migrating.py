"""A process that dies while it makes the tables newer: they are as before or as after, and the next one goes on."""

from __future__ import annotations

import asyncio
import subprocess
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlmodel import select

from session_core.store import migrate
from session_core.store.engine import Database
from session_core.store.models import Account
from tests.chaos.table import NOTES
from tests.factories import add_account
from tests.servers.databases import postgres_copy, sqlite_url
from tests.servers.processes import start_service

OLD = "0009"
"""A revision of before tables were copied and changed."""

MOMENTS = 12

PATIENCE = 120.0
"""Seconds."""

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture
async def url(database_kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[str]:
    """URL of a database without tables."""
    if database_kind == "sqlite":
        yield sqlite_url(tmp_path / "old.db")
        return
    async with postgres_copy(request.getfixturevalue("postgres_url"), None) as url:
        yield url


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Database]:
    """Give the database, and let go of it."""
    database = Database(url)
    try:
        yield database
    finally:
        await database.close()


async def run(url: str, folder: Path, kill_after: float = PATIENCE) -> float | None:
    """Migrate in a process of its own; returns how long that took, None: it was killed before it had ended."""
    log, began = folder / "migrate.log", asyncio.get_running_loop().time()
    env = {"DATABASE_URL": url, "WHAHOOK_DATA_DIR": str(folder / "data")}
    process = start_service("migrate", env=env, log=log)
    try:
        code = await asyncio.to_thread(process.wait, kill_after)
    except subprocess.TimeoutExpired:
        assert kill_after < PATIENCE, log.read_text()
        return None
    finally:
        process.kill()
        process.wait()
    assert code == 0, log.read_text()
    return asyncio.get_running_loop().time() - began


async def test_killed_at_any_moment_of_a_migration(url: str, database_kind: str, tmp_path: Path) -> None:
    await migrate.upgrade_async(url)
    async with opened(url) as database:
        account_id = await add_account(database)
    await migrate.downgrade_async(url, OLD)
    took = await run(url, tmp_path)
    assert took is not None
    found: Counter[str | None] = Counter()
    for number in range(MOMENTS):
        await migrate.downgrade_async(url, OLD)
        # What it does before it has a connection harms nobody: the second half is what counts.
        await run(url, tmp_path, took * (0.4 + 0.6 * number / MOMENTS))
        found[await migrate.current(url)] += 1
        assert set(found) <= {OLD, migrate.newest()}
        assert await run(url, tmp_path) is not None
        assert await migrate.check(url) == []
        async with opened(url) as database, database.read() as session:
            assert (await session.exec(select(Account.id))).all() == [account_id]
    assert found[OLD], "none was killed before it had ended"
    NOTES.append(
        f"{database_kind}: migration from {OLD} killed at {MOMENTS} moments of {took:.1f} s: "
        + ", ".join(f"{count} × at {revision}" for revision, count in sorted(found.items(), key=str))
        + "; the next one went on each time, no row lost"
    )
