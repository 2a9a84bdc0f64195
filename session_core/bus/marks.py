"""Marks that keep others from doing the same for a while, and never for longer than was meant.

The server keeps until when a mark lasts by its wall clock: when that is set back by an hour, a mark of five seconds
lasts an hour and five seconds. Who sets one knows for how long it lasts at most; one that would last longer is over.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from session_core.bus.connection import RedisClient

_SET = """
if redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then return 1 end
if redis.call('PTTL', KEYS[1]) <= tonumber(ARGV[3]) then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
"""


async def put(
    redis: RedisClient, key: str, ttl: timedelta, *, value: str = "1", longest: timedelta = timedelta(0)
) -> bool:
    """Set a mark; False when it is set already.

    Args:
        redis: the bus.
        key: the mark.
        ttl: for how long.
        value: who sets it.
        longest: for how long anybody sets it, when that is more than ``ttl``.
    """
    return bool(await redis.eval(_SET, 1, key, value, milliseconds(ttl), milliseconds(max(ttl, longest))))


async def put_each(redis: RedisClient, keys: Sequence[str], ttl: timedelta) -> list[bool]:
    """Set several marks; tells of each whether it was not set before."""
    async with redis.pipeline(transaction=False) as pipe:
        for key in keys:
            pipe.eval(_SET, 1, key, "1", milliseconds(ttl), milliseconds(ttl))
        return [bool(new) for new in await pipe.execute()]


def milliseconds(duration: timedelta) -> str:
    """Write a duration as the server wants it: at least one millisecond."""
    return str(max(1, int(duration / timedelta(milliseconds=1))))
