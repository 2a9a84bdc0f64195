"""At most one drain of a lane waits in the queue and at most one works on it, and no wake-up is lost.

A wake-up sets the mark ``queued`` and puts a job into the queue. The job removes the mark first, then takes the lane's
lease, then reads the lane: what was stored before the mark was set is seen, what is stored later sets it anew. A drain
that finds the lane taken leaves the mark ``again``; whoever holds the lane finds it when leaving. All of that is only
about work not done twice or forgotten: who may send is decided by the row's token.

A mark or lease that lasts longer than anybody sets one is from before the server's clock was set back, and is over (see
`session_core.bus.marks`).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from uuid import UUID, uuid4

import structlog

from session_core.bus import keys, marks
from session_core.bus.connection import RedisClient
from session_core.bus.lanes import mark_due, mark_due_after
from session_core.tasks import RecurringTask

log = structlog.get_logger(__name__)

QUEUED_FOR = timedelta(seconds=5)
"""A job that has not begun by then may be lost; the next wake-up queues another one."""

LANE_LEASE = timedelta(seconds=5)
"""How long a drain that died keeps its lane. A living one renews at a third of it."""

LOOK_AT_LEAST_EVERY = timedelta(minutes=1)
"""A lane that is held back for longer is looked at all the same: a wake-up may have been lost meanwhile."""

SLACK = timedelta(seconds=5)
"""So much later than that a mark may be before it is taken for one of another time."""

_ENTER = """
redis.call('DEL', KEYS[1])
local left = redis.call('PTTL', KEYS[2])
if left == -2 or left > tonumber(ARGV[2]) then
  redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[2])
  redis.call('DEL', KEYS[3])
  return -1
end
redis.call('SET', KEYS[3], '1', 'PX', 10 * tonumber(ARGV[2]))
return math.max(0, left)
"""

_RENEW = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
"""

_LEAVE = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[1])
return redis.call('DEL', KEYS[2])
"""

_WAKE_IDLE = """
for i = 1, 2 do
  local left = redis.call('PTTL', KEYS[i])
  if left ~= -2 and left <= tonumber(ARGV[i + 1]) then return 0 end
end
local now = redis.call('TIME')
local due = redis.call('ZSCORE', KEYS[3], ARGV[1])
if due and tonumber(due) <= now[1] * 1000 + tonumber(ARGV[4]) then return 0 end
redis.call('ZADD', KEYS[3], 0, ARGV[1])
redis.call('LPUSH', KEYS[4], '1')
return 1
"""


class Lane:
    """An account's lane while this drain holds it."""

    def __init__(self, account_id: UUID) -> None:
        self.account_id = account_id
        self.held = True
        self.token = uuid4().hex


@asynccontextmanager
async def enter(redis: RedisClient, account_id: UUID, ttl: timedelta = LANE_LEASE) -> AsyncIterator[Lane | None]:
    """Work on a lane for as long as the block lasts; None when another drain does (it will look again).

    Args:
        redis: the bus.
        account_id: whose lane.
        ttl: how long the lane stays taken when this process dies.
    """
    lane = Lane(account_id)
    milliseconds = str(int(ttl / timedelta(milliseconds=1)))
    lease = keys.lane_lease(account_id)
    again = keys.lane_again(account_id)
    taken_for = await redis.eval(_ENTER, 3, keys.lane_queued(account_id), lease, again, lane.token, milliseconds)
    if taken_for >= 0:
        # The other one finds the mark `again` when it leaves. Should it die, this is when its lease is over.
        await mark_due_after(redis, account_id, timedelta(milliseconds=taken_for + 1))
        yield None
        return

    async def renew() -> None:
        if not await redis.eval(_RENEW, 1, lease, lane.token, milliseconds):
            lane.held = False

    renewal = RecurringTask(renew, every=ttl / 3, name=f"lane-{account_id}")
    renewal.start()
    try:
        yield lane
    finally:
        await renewal.stop()
        if await redis.eval(_LEAVE, 2, lease, again, lane.token):
            await mark_due(redis, account_id)


async def to_queue(redis: RedisClient, account_ids: Sequence[UUID], ttl: timedelta = QUEUED_FOR) -> list[UUID]:
    """Set the mark ``queued`` and return the lanes that did not have it: a job has to be queued for each of those."""
    marked = await marks.put_each(redis, [keys.lane_queued(account_id) for account_id in account_ids], ttl)
    return [account_id for account_id, new in zip(account_ids, marked, strict=True) if new]


async def wake_idle(redis: RedisClient, account_id: UUID) -> bool:
    """Wake a lane with work that nobody drains, that waits in no queue, and that is not marked to be drained soon."""
    woken = await redis.eval(
        _WAKE_IDLE,
        4,
        keys.lane_queued(account_id),
        keys.lane_lease(account_id),
        keys.LANES_DUE,
        keys.LANES_POKE,
        str(account_id),
        marks.milliseconds(QUEUED_FOR),
        marks.milliseconds(LANE_LEASE),
        marks.milliseconds(LOOK_AT_LEAST_EVERY + SLACK),
    )
    return bool(woken)
