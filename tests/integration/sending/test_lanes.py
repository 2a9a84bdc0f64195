from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest

from session_core.bus import keys
from session_core.bus.connection import RedisClient
from session_core.bus.lanes import mark_due, mark_due_after, next_due, pop_due
from session_core.sending.lanes import enter, to_queue, wake_idle
from tests.waiting import eventually

SHORT = timedelta(milliseconds=150)


async def test_one_job_is_queued_however_often_the_lane_is_woken(redis: RedisClient) -> None:
    one, two = uuid4(), uuid4()
    assert await to_queue(redis, [one, two]) == [one, two]
    assert await to_queue(redis, [one, two]) == []


async def test_a_drain_that_begins_can_be_queued_again(redis: RedisClient) -> None:
    lane = uuid4()
    await to_queue(redis, [lane])
    async with enter(redis, lane) as entered:
        assert entered is not None
        assert await to_queue(redis, [lane]) == [lane]


async def test_a_lost_job_blocks_the_lane_for_a_short_time_only(redis: RedisClient) -> None:
    lane = uuid4()
    await to_queue(redis, [lane], SHORT)
    assert await eventually(lambda: to_queue(redis, [lane], SHORT)) == [lane]


async def test_one_drain_works_on_a_lane_and_hears_of_the_wake_up_it_could_have_missed(redis: RedisClient) -> None:
    lane = uuid4()
    async with enter(redis, lane) as first:
        assert first is not None
        async with enter(redis, lane) as second:
            assert second is None
        assert await pop_due(redis) == []  # not before the first one has left
    assert await pop_due(redis) == [lane]
    async with enter(redis, lane) as third:
        assert third is not None
    assert await pop_due(redis) == []


async def test_a_wake_up_before_the_lane_is_entered_is_not_heard_twice(redis: RedisClient) -> None:
    lane = uuid4()
    async with enter(redis, lane), enter(redis, lane):
        pass
    await pop_due(redis)
    async with enter(redis, lane):
        pass
    assert await next_due(redis) is None


async def test_a_dead_drains_lane_is_free_and_due_when_its_lease_is_over(redis: RedisClient) -> None:
    lane = uuid4()
    await redis.set(keys.lane_lease(lane), "of a dead one", px=SHORT)
    async with enter(redis, lane) as entered:
        assert entered is None
    assert await eventually(lambda: pop_due(redis)) == [lane]
    async with enter(redis, lane) as entered:
        assert entered is not None


async def test_a_living_drain_keeps_its_lane(redis: RedisClient) -> None:
    lane = uuid4()
    async with enter(redis, lane, SHORT) as entered:
        assert entered is not None
        marker = f"test:{lane}"
        await redis.set(marker, "1", px=SHORT * 3)  # three leases later ...
        await eventually(lambda: _gone(redis, marker))
        assert await redis.get(keys.lane_lease(lane)) == entered.token
        assert entered.held


async def _gone(redis: RedisClient, key: str) -> bool:
    return not await redis.exists(key)


async def test_a_drain_notices_that_it_lost_its_lane_and_leaves_the_new_holder_alone(redis: RedisClient) -> None:
    lane = uuid4()
    async with enter(redis, lane, SHORT) as entered:
        assert entered is not None
        await redis.set(keys.lane_lease(lane), "another")
        await eventually(lambda: not entered.held)
    assert await redis.get(keys.lane_lease(lane)) == "another"


async def test_the_lane_is_free_after_an_error(redis: RedisClient) -> None:
    lane = uuid4()
    with pytest.raises(RuntimeError):
        async with enter(redis, lane):
            raise RuntimeError
    async with enter(redis, lane) as entered:
        assert entered is not None


async def test_the_sweeper_leaves_lanes_alone_that_somebody_takes_care_of(redis: RedisClient) -> None:
    queued, drained, later, lost = uuid4(), uuid4(), uuid4(), uuid4()
    await to_queue(redis, [queued])
    await mark_due_after(redis, later, timedelta(minutes=1))
    async with enter(redis, drained):
        woken = [lane for lane in (queued, drained, later, lost) if await wake_idle(redis, lane)]
    assert woken == [lost]
    assert await pop_due(redis) == [lost]


async def test_what_was_marked_before_the_clock_was_set_back_holds_no_lane_up(redis: RedisClient) -> None:
    queued, drained, due = uuid4(), uuid4(), uuid4()
    hour = 3_600_000
    await redis.set(keys.lane_queued(queued), "1", px=hour)
    await redis.set(keys.lane_lease(drained), "a drain that died", px=hour)
    await mark_due_after(redis, due, timedelta(hours=1))
    assert await wake_idle(redis, due)
    assert await pop_due(redis) == [due]
    assert await wake_idle(redis, queued)
    assert await to_queue(redis, [queued]) == [queued]
    assert await wake_idle(redis, drained)
    async with enter(redis, drained) as entered:
        assert entered is not None
        assert await redis.pttl(keys.lane_lease(drained)) < hour / 2


async def test_marks_are_due_by_the_servers_clock_and_an_earlier_one_stays(redis: RedisClient) -> None:
    soon, late = uuid4(), uuid4()
    assert await next_due(redis) is None
    await mark_due_after(redis, late, timedelta(minutes=2))
    await mark_due_after(redis, late, timedelta(minutes=3))
    assert timedelta(minutes=1) < (await next_due(redis) or timedelta(0)) <= timedelta(minutes=2)
    await mark_due_after(redis, soon, SHORT)
    assert await pop_due(redis) == []
    assert await eventually(lambda: pop_due(redis)) == [soon]
    await mark_due(redis, late)
    assert await next_due(redis) == timedelta(0)
    assert await pop_due(redis) == [late]
