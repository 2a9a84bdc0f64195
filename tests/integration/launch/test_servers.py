"""The servers that the tests stand on are real, and end when they should."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import asyncpg
import psutil
import pytest
import redis

from tests.servers.postgres import running_postgres


async def test_postgres_answers_and_is_gone_afterwards(tmp_path: Path) -> None:
    # The shared one may be running, and stays.
    before = set(psutil.Process().children(recursive=True))
    with running_postgres(tmp_path) as url:
        connection = await asyncpg.connect(url, timeout=10)
        try:
            assert await connection.fetchval("select 1 + 1") == 2
            await connection.execute("create extension pgcrypto")
        finally:
            await connection.close()
        children = set(psutil.Process().children(recursive=True)) - before
        started = [child for child in children if name_of(child) == "postgres"]
        assert started
    assert not [process for process in started if process.is_running()]


def name_of(process: psutil.Process) -> str:
    """Postgres starts and ends helpers all the time, so one may be gone by now."""
    with suppress(psutil.NoSuchProcess):
        return process.name()
    return ""


@pytest.mark.postgres
async def test_the_shared_postgres_accepts_connections(postgres_url: str) -> None:
    connection = await asyncpg.connect(postgres_url, timeout=10)
    try:
        assert await connection.fetchval("show fsync") == "off"
    finally:
        await connection.close()


def test_the_shared_valkey_keeps_what_it_is_given(valkey_url: str) -> None:
    with redis.Redis.from_url(valkey_url) as client:
        client.set("launch:test", "1")
        assert client.get("launch:test") == b"1"
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        client.delete("launch:test")
