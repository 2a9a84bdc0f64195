"""Which accounts' lanes should be drained, and when. The due set is the one way to wake a lane, for everybody."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from uuid import UUID

from session_core.bus import keys
from session_core.bus.connection import RedisClient

MAX_POKES = 1000

_POP_DUE = """
local now = redis.call('TIME')
now = now[1] * 1000 + math.floor(now[2] / 1000)
local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, tonumber(ARGV[1]))
if #due > 0 then redis.call('ZREM', KEYS[1], unpack(due)) end
return due
"""

_MARK_AFTER = """
local now = redis.call('TIME')
now = now[1] * 1000 + math.floor(now[2] / 1000)
return redis.call('ZADD', KEYS[1], 'LT', now + tonumber(ARGV[2]), ARGV[1])
"""

_NEXT_DUE = """
local now = redis.call('TIME')
now = now[1] * 1000 + math.floor(now[2] / 1000)
local first = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
if #first == 0 then return -1 end
return math.max(0, math.ceil(first[2] - now))
"""


async def mark_due(redis: RedisClient, account_id: UUID, at: datetime | None = None) -> None:
    """Have the account's lane drained at ``at``, or now; an earlier mark stays."""
    async with redis.pipeline(transaction=True) as pipe:
        pipe.zadd(keys.LANES_DUE, {str(account_id): 0 if at is None else at.timestamp() * 1000}, lt=True)
        if at is None:
            pipe.lpush(keys.LANES_POKE, "1")
            pipe.ltrim(keys.LANES_POKE, 0, MAX_POKES)
        await pipe.execute()


async def mark_due_after(redis: RedisClient, account_id: UUID, delay: timedelta) -> None:
    """Have the account's lane drained ``delay`` from now by the server's clock; an earlier mark stays."""
    milliseconds = max(0, math.ceil(delay / timedelta(milliseconds=1)))
    await redis.eval(_MARK_AFTER, 1, keys.LANES_DUE, str(account_id), str(milliseconds))


async def next_due(redis: RedisClient) -> timedelta | None:
    """Return how long it is until the next lane is due, None when no lane is marked."""
    milliseconds = await redis.eval(_NEXT_DUE, 1, keys.LANES_DUE)
    return None if milliseconds < 0 else timedelta(milliseconds=milliseconds)


async def wait_for_poke(redis: RedisClient, timeout: timedelta) -> None:
    """Return when a lane became due now, or after ``timeout``."""
    await redis.blpop([keys.LANES_POKE], timeout=timeout.total_seconds())


async def pop_due(redis: RedisClient, limit: int = 100) -> list[UUID]:
    """Take the lanes that are due by the server's clock; each goes to one taker only."""
    due = await redis.eval(_POP_DUE, 1, keys.LANES_DUE, str(limit))
    return [UUID(account_id) for account_id in due]
