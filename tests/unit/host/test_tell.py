"""A bus that is cut holds nothing up for long."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from session_core.bus.connection import RedisClient, open_redis
from session_core.host import tell
from session_core.host.tell import quietly


@pytest.fixture
def bus() -> RedisClient:
    """Return a client that is never used."""
    return open_redis("redis://127.0.0.1:1/0")


async def hang() -> None:
    await asyncio.Event().wait()


async def test_after_a_silence_nothing_is_tried_for_a_while(bus: RedisClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tell, "TELL_TIMEOUT", timedelta(milliseconds=1))
    monkeypatch.setattr(tell, "SILENT_FOR", timedelta(hours=1))
    told = []

    async def note(word: str) -> None:
        told.append(word)

    await quietly(bus, note("before"))
    await quietly(bus, hang())
    await quietly(bus, note("meanwhile"))
    await quietly(open_redis("redis://127.0.0.1:1/0"), note("elsewhere"))
    assert told == ["before", "elsewhere"]


async def test_then_it_is_tried_again(bus: RedisClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tell, "TELL_TIMEOUT", timedelta(milliseconds=1))
    monkeypatch.setattr(tell, "SILENT_FOR", timedelta(0))
    told = []

    async def note() -> None:
        told.append(True)

    await quietly(bus, hang())
    await quietly(bus, note())
    assert told


async def test_a_bus_that_refuses_is_asked_again_at_once(bus: RedisClient) -> None:
    tries = []

    async def refuse() -> None:
        tries.append(True)
        raise ConnectionRefusedError

    await quietly(bus, refuse())
    await quietly(bus, refuse())
    assert len(tries) == 2
