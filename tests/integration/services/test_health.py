from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from session_core.bus import hosts
from session_core.bus.connection import open_redis
from session_core.bus.hosts import Heartbeat
from session_core.clock import utcnow
from session_core.core import Core
from session_core.services import health
from session_core.services.health import Capacity
from session_core.store.engine import Database
from tests.servers.databases import sqlite_url


async def beat(core: Core, host_id: str, running: int, room_for: int, *warnings: str) -> None:
    await hosts.beat(
        core.redis,
        Heartbeat(
            host_id=host_id,
            at=utcnow(),
            running=running,
            room_for=room_for,
            chromium_sandbox=True,
            warnings=list(warnings),
        ),
    )


async def test_all_is_well_when_a_host_runs(core: Core) -> None:
    assert await health.checks(core) == {"database": "ok", "bus": "ok", "host": "no host is running"}
    await beat(core, "a", 1, 2)
    assert await health.checks(core) == {"database": "ok", "bus": "ok", "host": "ok"}


async def test_the_room_on_all_hosts_is_added_up(core: Core) -> None:
    assert await health.capacity(core) == Capacity(0, 0, 0)
    await beat(core, "a", 1, 2, "no sandbox", "disk is nearly full")
    await beat(core, "b", 3, 4, "no sandbox")
    room = await health.capacity(core)
    assert room == Capacity(2, 4, 6, ("disk is nearly full", "no sandbox"))
    assert room.total == 10


async def test_without_the_bus(core_without_bus: Core) -> None:
    found = await health.checks(core_without_bus)
    assert found["database"] == "ok"
    assert found["bus"].startswith("not reachable")
    assert found["host"] != "ok"
    assert await health.capacity(core_without_bus) == Capacity(0, 0, 0)


async def test_without_the_database(core_without_database: Core) -> None:
    found = await health.checks(core_without_database)
    assert found["database"].startswith("not reachable")
    assert found["bus"] == "ok"
    assert "folder" not in str(found)  # addresses and paths are not for everybody


async def test_a_database_that_nobody_migrated(core: Core, tmp_path: Path) -> None:
    """A process that is started by itself must not say that it is ready when every request would fail."""
    empty = Database(sqlite_url(tmp_path / "empty.db"))
    try:
        found = await health.checks(replace(core, db=empty))
    finally:
        await empty.close()
    assert found["database"] == "its tables are not of this version"


async def test_a_bus_that_is_silent_is_not_waited_for_for_ever(core: Core, monkeypatch: pytest.MonkeyPatch) -> None:
    over = asyncio.Event()

    async def says_nothing(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await over.wait()

    monkeypatch.setattr(health, "CHECK_TIMEOUT", timedelta(milliseconds=100))
    server = await asyncio.start_server(says_nothing, "127.0.0.1", 0)
    client = open_redis(f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    try:
        found = await asyncio.wait_for(health.checks(replace(core, redis=client)), 30)
    finally:
        over.set()
        await client.aclose()
        server.close()
    assert found["bus"].startswith("not reachable")
