"""The set of lanes that are due: each goes to one taker."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import uuid4

from session_core.bus import keys, lanes
from session_core.bus.connection import RedisClient
from session_core.clock import utcnow


async def test_five_poppers_never_get_the_same_lane(redis: RedisClient) -> None:
    marked = {uuid4() for _ in range(200)}
    for account_id in marked:
        await lanes.mark_due(redis, account_id)

    async def take_all() -> list[object]:
        taken: list[object] = []
        while popped := await lanes.pop_due(redis, limit=7):
            taken += popped
        return taken

    groups = await asyncio.gather(*(take_all() for _ in range(5)))
    everything = [account_id for group in groups for account_id in group]
    assert len(everything) == len(marked)
    assert set(everything) == marked


async def test_later_is_not_due_yet_and_now_comes_first(redis: RedisClient) -> None:
    account_id, other = uuid4(), uuid4()
    await lanes.mark_due(redis, account_id, utcnow() + timedelta(hours=1))
    await lanes.mark_due(redis, other, utcnow() - timedelta(hours=1))
    assert await lanes.pop_due(redis) == [other]
    await lanes.mark_due(redis, account_id)
    await lanes.mark_due(redis, account_id, utcnow() + timedelta(hours=1))  # an earlier mark stays
    assert await lanes.pop_due(redis) == [account_id]
    assert await lanes.pop_due(redis) == []


async def test_a_lane_that_is_due_now_ends_the_wait(redis: RedisClient) -> None:
    waiting = asyncio.gather(lanes.wait_for_poke(redis, timedelta(seconds=8)))
    await lanes.mark_due(redis, uuid4())
    await asyncio.wait_for(waiting, 5)


async def test_pokes_that_nobody_takes_do_not_pile_up(redis: RedisClient) -> None:
    for _ in range(lanes.MAX_POKES + 50):
        await lanes.mark_due(redis, uuid4())
    assert await redis.llen(keys.LANES_POKE) <= lanes.MAX_POKES + 1
