"""A Valkey of one's own that can be killed, and its address."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from session_core.bus.connection import RedisClient, open_redis
from tests.servers.valkey import ValkeyServer, running_valkey_server


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[ValkeyServer]:
    """Give a server of this test's own: kill it, start it again."""
    with running_valkey_server(tmp_path / "own") as server:
        yield server


@pytest.fixture
async def own_redis(valkey: ValkeyServer) -> AsyncIterator[RedisClient]:
    """Give a client of that server."""
    client = open_redis(valkey.url)
    try:
        yield client
    finally:
        await client.aclose()


@pytest.fixture
async def no_redis(tmp_path: Path) -> AsyncIterator[RedisClient]:
    """Give a client of a server that is not there."""
    client = open_redis(f"unix://{tmp_path}/nobody.sock")
    try:
        yield client
    finally:
        await client.aclose()
