"""Which accounts' lanes should be drained, and when. The due set is the one way to wake a lane, for everybody."""

from __future__ import annotations

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


async def mark_due(redis: RedisClient, account_id: UUID, at: datetime | None = None) -> None:
    """Have the account's lane drained at ``at``, or now; an earlier mark stays."""
    async with redis.pipeline(transaction=True) as pipe:
        pipe.zadd(keys.LANES_DUE, {str(account_id): 0 if at is None else at.timestamp() * 1000}, lt=True)
        if at is None:
            pipe.lpush(keys.LANES_POKE, "1")
            pipe.ltrim(keys.LANES_POKE, 0, MAX_POKES)
        await pipe.execute()


async def wait_for_poke(redis: RedisClient, timeout: timedelta) -> None:
    """Return when a lane became due now, or after ``timeout``."""
    await redis.blpop([keys.LANES_POKE], timeout=timeout.total_seconds())


async def pop_due(redis: RedisClient, limit: int = 100) -> list[UUID]:
    """Take the lanes that are due by the server's clock; each goes to one taker only."""
    due = await redis.eval(_POP_DUE, 1, keys.LANES_DUE, str(limit))
    return [UUID(account_id) for account_id in due]
