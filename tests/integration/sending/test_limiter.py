from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from session_core.bus import keys
from session_core.bus.connection import RedisClient
from session_core.clock import uptime
from session_core.sending.limiter import Denied, Limiter, Limits, MemoryLost, Permit
from tests.waiting import eventually

LIMITS = Limits(per_account=2, per_user=3, window=timedelta(seconds=60), lease=timedelta(seconds=50))
SHORT = replace(LIMITS, window=timedelta(milliseconds=150), lease=timedelta(milliseconds=200))


@pytest.fixture
async def user_id(redis: RedisClient) -> UUID:
    """Return a user whose sends are remembered."""
    user_id = uuid4()
    await Limiter(redis, LIMITS).learn(user_id, timedelta(0))
    return user_id


async def take(limiter: Limiter, user_id: UUID, account_id: UUID, previous: str | None = None) -> Permit:
    permit = await limiter.acquire(user_id, account_id, uuid4().hex, previous)
    assert isinstance(permit, Permit), permit
    return permit


async def refused(limiter: Limiter, user_id: UUID, account_id: UUID) -> timedelta:
    denied = await limiter.acquire(user_id, account_id, uuid4().hex)
    assert isinstance(denied, Denied)
    return denied.wait


async def test_both_rules_bind(redis: RedisClient, user_id: UUID) -> None:
    limiter, one, two = Limiter(redis, LIMITS), uuid4(), uuid4()
    await take(limiter, user_id, one)
    await take(limiter, user_id, one)
    await refused(limiter, user_id, one)
    await take(limiter, user_id, two)
    await refused(limiter, user_id, two)


async def test_a_refusal_takes_no_place_under_the_rule_that_had_one(redis: RedisClient, user_id: UUID) -> None:
    limiter, one, two = Limiter(redis, LIMITS), uuid4(), uuid4()
    await take(limiter, user_id, one)
    await take(limiter, user_id, one)
    for _ in range(10):
        await refused(limiter, user_id, one)
    await take(limiter, user_id, two)


async def test_two_users_do_not_share(redis: RedisClient, user_id: UUID) -> None:
    limiter, other = Limiter(redis, LIMITS), uuid4()
    await limiter.learn(other, timedelta(0))
    for account_id in (uuid4(), uuid4(), uuid4()):
        await take(limiter, user_id, account_id)
    await refused(limiter, user_id, uuid4())
    await take(limiter, other, uuid4())


async def test_a_refund_gives_the_place_back_and_a_commit_does_not(redis: RedisClient, user_id: UUID) -> None:
    limiter, account_id = Limiter(redis, LIMITS), uuid4()
    first = await take(limiter, user_id, account_id)
    second = await take(limiter, user_id, account_id)
    await limiter.commit(first)
    await refused(limiter, user_id, account_id)
    await limiter.refund(second)
    await take(limiter, user_id, account_id)


async def test_the_wait_is_exact_once_sent_and_short_while_under_way(redis: RedisClient, user_id: UUID) -> None:
    limiter, account_id = Limiter(redis, LIMITS), uuid4()
    first = await take(limiter, user_id, account_id)
    second = await take(limiter, user_id, account_id)
    assert await refused(limiter, user_id, account_id) == timedelta(seconds=1)
    await limiter.commit(first)
    await limiter.commit(second)
    wait = await refused(limiter, user_id, account_id)
    assert timedelta(seconds=50) < wait <= LIMITS.window + MS + timedelta(milliseconds=1)


async def test_asking_again_right_after_the_wait_succeeds(redis: RedisClient, user_id: UUID) -> None:
    limiter, account_id = Limiter(redis, SHORT), uuid4()
    for _ in range(SHORT.per_account):
        await limiter.commit(await take(limiter, user_id, account_id))
    wait = await refused(limiter, user_id, account_id)
    before = await redis.time()
    await eventually(lambda: _passed(redis, before, wait))
    await take(limiter, user_id, account_id)


async def _passed(redis: RedisClient, since: tuple[int, int], wait: timedelta) -> bool:
    seconds, microseconds = await redis.time()
    return timedelta(seconds=seconds - since[0], microseconds=microseconds - since[1]) >= wait


async def test_a_dead_workers_place_is_free_after_lease_and_window_and_not_before(
    redis: RedisClient, user_id: UUID
) -> None:
    limiter, account_id = Limiter(redis, replace(SHORT, per_account=1)), uuid4()
    granted = await redis.time()
    await take(limiter, user_id, account_id)

    async def free() -> Permit | None:
        permit = await limiter.acquire(user_id, account_id, uuid4().hex)
        return permit if isinstance(permit, Permit) else None

    await eventually(free)
    assert await _passed(redis, granted, SHORT.lease + SHORT.window)


async def test_a_later_try_takes_over_the_place_of_the_try_before(redis: RedisClient, user_id: UUID) -> None:
    limiter, account_id = Limiter(redis, replace(LIMITS, per_account=1)), uuid4()
    first = await take(limiter, user_id, account_id)
    second = await take(limiter, user_id, account_id, previous=first.member)
    await limiter.refund(first)  # by the dead one, should it come back: no longer its place
    await refused(limiter, user_id, account_id)
    await limiter.refund(second)
    await take(limiter, user_id, account_id)


async def test_asking_twice_for_one_try_takes_one_place(redis: RedisClient, user_id: UUID) -> None:
    limiter, account_id = Limiter(redis, LIMITS), uuid4()
    assert await limiter.acquire(user_id, account_id, "same") == await limiter.acquire(user_id, account_id, "same")
    await take(limiter, user_id, account_id)


async def test_a_lowered_limit_binds_at_once(redis: RedisClient, user_id: UUID) -> None:
    account_id = uuid4()
    for _ in range(2):
        await take(Limiter(redis, LIMITS), user_id, account_id)
    lower = Limiter(redis, replace(LIMITS, per_account=1))
    await refused(lower, user_id, account_id)


async def test_many_at_once_get_no_more_than_the_limit(redis: RedisClient, user_id: UUID) -> None:
    limiter = Limiter(redis, replace(LIMITS, per_user=7))
    accounts = [uuid4() for _ in range(10)]
    answers = await asyncio.gather(*(limiter.acquire(user_id, account, uuid4().hex) for account in accounts * 3))
    assert sum(isinstance(answer, Permit) for answer in answers) == 7


async def test_lost_memory_is_noticed_and_then_holds_everything(redis: RedisClient, user_id: UUID) -> None:
    limiter, account_id = Limiter(redis, SHORT), uuid4()
    await take(limiter, user_id, account_id)
    await redis.flushdb()
    with pytest.raises(MemoryLost):
        await limiter.acquire(user_id, account_id, "m")
    await limiter.learn(user_id, timedelta(milliseconds=300))
    await limiter.learn(user_id, timedelta(0))  # the second one does not shorten it
    lost = await redis.time()
    assert timedelta(0) < await refused(limiter, user_id, account_id) <= timedelta(milliseconds=300)

    async def free() -> bool:
        return isinstance(await limiter.acquire(user_id, account_id, "m"), Permit)

    await eventually(free)
    assert await _passed(redis, lost, timedelta(milliseconds=290))


async def test_what_was_under_way_when_the_memory_was_lost_counts_from_its_commit(
    redis: RedisClient, user_id: UUID
) -> None:
    limiter, account_id = Limiter(redis, replace(LIMITS, per_account=1)), uuid4()
    under_way = await take(limiter, user_id, account_id)
    await redis.flushdb()
    await limiter.learn(user_id, timedelta(0))
    await limiter.commit(under_way)
    await refused(limiter, user_id, account_id)


async def test_a_server_whose_clock_was_set_back_holds_nobody_up_for_longer_than_a_window(
    redis: RedisClient, user_id: UUID
) -> None:
    limiter, account_id = Limiter(redis, replace(SHORT, per_account=1)), uuid4()
    permit = await take(limiter, user_id, account_id)
    seconds, _ = await redis.time()
    ahead = (seconds + 3600) * 1000
    for key in permit.keys:
        await redis.zadd(key, {permit.member: ahead})
    await redis.set(keys.rate_memory(user_id), ahead)
    seen = await redis.time()
    assert timedelta(0) < await refused(limiter, user_id, account_id) <= SHORT.window + timedelta(milliseconds=1)
    assert await redis.pttl(keys.rate_memory(user_id)) > 0

    async def free() -> bool:
        return isinstance(await limiter.acquire(user_id, account_id, "m"), Permit)

    await eventually(free)
    assert await _passed(redis, seen, SHORT.window)


HOUR = timedelta(hours=1)
MS = timedelta(milliseconds=1)


async def jump(redis: RedisClient, permit: Permit, by: timedelta) -> None:
    """Let every time that the server has kept be from before its clock jumped by so much."""
    for key in permit.keys:
        for member, at in await redis.zrange(key, 0, -1, withscores=True):
            await redis.zadd(key, {member: at - by.total_seconds() * 1000})
    memory = keys.rate_memory(permit.user_id)
    await redis.incrby(memory, -int(by.total_seconds() * 1000))


def limiters(redis: RedisClient, by: timedelta) -> tuple[Limiter, Limiter]:
    """Return the limiter before the server's clock jumped by so much, and after it."""
    return Limiter(redis, LIMITS, lambda: uptime() + by.total_seconds()), Limiter(redis, LIMITS)


@pytest.mark.parametrize("by", [HOUR, timedelta(seconds=5), timedelta(days=20)])
async def test_a_server_whose_clock_jumps_ahead_forgets_nothing(
    redis: RedisClient, user_id: UUID, by: timedelta
) -> None:
    (before, after), account_id = limiters(redis, by), uuid4()
    sent, under_way = [await take(before, user_id, account_id) for _ in range(2)]
    await before.commit(sent)
    await jump(redis, sent, by)
    # Its own life is over by then, when that is not long.
    assert await redis.pttl(sent.keys[0]) > by.total_seconds() * 1000
    assert await refused(after, user_id, account_id) <= LIMITS.window + MS
    await after.refund(under_way)
    await take(after, user_id, account_id)
    wait = await refused(after, user_id, account_id)
    assert LIMITS.window - timedelta(seconds=10) < wait <= LIMITS.window + MS, "what was sent keeps its age"


async def test_what_is_sent_after_a_jump_is_not_moved_by_it(redis: RedisClient, user_id: UUID) -> None:
    (before, after), account_id = limiters(redis, HOUR), uuid4()
    first = await take(before, user_id, account_id)
    await jump(redis, first, HOUR)
    # It was under way when the clock jumped: its own commit is the first that hears of it.
    await after.commit(first)
    await take(after, user_id, account_id)
    assert LIMITS.window - timedelta(seconds=10) < await refused(after, user_id, account_id) <= LIMITS.window + MS


@pytest.mark.parametrize("by", [HOUR, timedelta(seconds=30)])
async def test_a_server_whose_clock_jumps_back_holds_sends_up_for_a_window_at_most(
    redis: RedisClient, user_id: UUID, by: timedelta
) -> None:
    (before, after), account_id = limiters(redis, -by), uuid4()
    sent, under_way = [await take(before, user_id, account_id) for _ in range(2)]
    await before.commit(sent)
    await jump(redis, sent, -by)
    await refused(after, user_id, account_id)
    await after.refund(under_way)
    await take(after, user_id, account_id)
    assert LIMITS.window - timedelta(seconds=10) < await refused(after, user_id, account_id) <= LIMITS.window + MS


async def test_another_machine_that_hears_of_the_same_jump_moves_nothing_again(
    redis: RedisClient, user_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    (before, after), account_id = limiters(redis, HOUR), uuid4()
    sent = await take(before, user_id, account_id)
    with monkeypatch.context() as there:
        there.setattr("session_core.sending.limiter.this_boot", lambda: "another machine")
        await before.commit(sent)
    await jump(redis, sent, HOUR)
    await take(after, user_id, account_id)
    places = await redis.zrange(sent.keys[0], 0, -1, withscores=True)
    with monkeypatch.context() as there:
        there.setattr("session_core.sending.limiter.this_boot", lambda: "another machine")
        await refused(after, user_id, account_id)
    assert await redis.zrange(sent.keys[0], 0, -1, withscores=True) == places


async def test_a_loss_of_memory_goes_on_through_a_jump(redis: RedisClient) -> None:
    (before, after), user_id, account_id = limiters(redis, HOUR), uuid4(), uuid4()
    await before.learn(user_id, LIMITS.window)
    await refused(before, user_id, account_id)
    await jump(redis, Permit(user_id, account_id, "m"), HOUR)
    wait = await refused(after, user_id, account_id)
    assert LIMITS.window - timedelta(seconds=10) < wait <= LIMITS.window + MS
    assert await redis.pttl(keys.rate_memory(user_id)) > 0


async def test_nothing_is_kept_for_ever(redis: RedisClient, user_id: UUID) -> None:
    limiter, account_id = Limiter(redis, LIMITS), uuid4()
    permit = await take(limiter, user_id, account_id)
    await limiter.commit(permit)
    for key in permit.all_keys:
        assert await redis.pttl(key) > 0, key
