"""Counters of what somebody tries, which forget by themselves: the same for every process."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from session_core.bus.connection import RedisClient
from session_core.bus.marks import milliseconds

TIMEOUT = timedelta(seconds=2)
"""A person waits for the answer."""

_BEGIN = """
if not redis.call('SET', KEYS[1], 0, 'NX', 'PX', ARGV[1]) and redis.call('PTTL', KEYS[1]) > tonumber(ARGV[1]) then
  redis.call('PEXPIRE', KEYS[1], ARGV[1])
end
"""
"""When the server's clock was set back, the window would end late by as much: then it begins anew."""


async def count(redis: RedisClient, key: str, window: timedelta) -> tuple[int, timedelta]:
    """Count one more; returns how many there were since the first one, and when they are forgotten.

    Args:
        redis: the bus.
        key: what is counted.
        window: how long after the first one all are forgotten; no later one makes it longer.

    Raises:
        BUS_ERRORS: the bus is away or does not answer; whether it was counted is not known.
    """
    async with asyncio.timeout(TIMEOUT.total_seconds()), redis.pipeline(transaction=True) as pipe:
        pipe.eval(_BEGIN, 1, key, milliseconds(window))
        pipe.incr(key)
        pipe.pttl(key)
        _, found, left = await pipe.execute()
    return int(found), timedelta(milliseconds=max(0, int(left)))


async def forget(redis: RedisClient, key: str) -> None:
    """Begin to count anew.

    Raises:
        BUS_ERRORS: the bus is away or does not answer.
    """
    async with asyncio.timeout(TIMEOUT.total_seconds()):
        await redis.delete(key)
