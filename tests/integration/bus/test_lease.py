from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import uuid4

from session_core.bus import keys, lease
from session_core.bus.connection import RedisClient
from session_core.bus.lease import LEASE
from tests.waiting import eventually


async def test_one_of_many_hosts_gets_an_account(redis: RedisClient) -> None:
    account_id = uuid4()
    got = await asyncio.gather(*(lease.acquire(redis, account_id, f"host-{number}") for number in range(8)))
    (held,) = [each for each in got if each is not None]
    assert await lease.holder(redis, account_id) == held.host_id
    assert 0 < await redis.pttl(keys.lease(account_id)) <= LEASE.total_seconds() * 1000


async def test_another_host_is_refused_until_it_is_given_back(redis: RedisClient) -> None:
    account_id = uuid4()
    first = await lease.acquire(redis, account_id, "a")
    assert first is not None
    assert await lease.acquire(redis, account_id, "b") is None
    await lease.release(redis, first)
    assert await lease.holder(redis, account_id) is None
    second = await lease.acquire(redis, account_id, "b")
    assert second is not None
    assert second.epoch > first.epoch


async def test_a_host_that_comes_back_fences_its_former_self(redis: RedisClient) -> None:
    account_id = uuid4()
    before = await lease.acquire(redis, account_id, "a")
    after = await lease.acquire(redis, account_id, "a")
    assert before is not None
    assert after is not None
    assert after.epoch > before.epoch
    assert not await lease.renew(redis, before)
    assert await lease.renew(redis, after)
    await lease.release(redis, before)  # the former self must not give away what is not its own
    assert await lease.holder(redis, account_id) == "a"


async def test_renewing_keeps_it_for_longer(redis: RedisClient) -> None:
    account_id = uuid4()
    held = await lease.acquire(redis, account_id, "a", timedelta(seconds=5))
    assert held is not None
    assert await lease.renew(redis, held, timedelta(seconds=60))
    assert await redis.pttl(keys.lease(account_id)) > 5000


async def test_a_silent_host_loses_it_and_is_told(redis: RedisClient) -> None:
    account_id = uuid4()
    held = await lease.acquire(redis, account_id, "a", timedelta(milliseconds=50))
    assert held is not None

    async def free() -> bool:
        return await lease.holder(redis, account_id) is None

    await eventually(free)
    assert not await lease.renew(redis, held)
    taken = await lease.acquire(redis, account_id, "b")
    assert taken is not None
    assert not await lease.renew(redis, held)
    await lease.release(redis, held)
    assert await lease.holder(redis, account_id) == "b"


async def test_names_with_colons_are_whole_names(redis: RedisClient) -> None:
    account_id = uuid4()
    assert await lease.acquire(redis, account_id, "rack:7:host") is not None
    assert await lease.holder(redis, account_id) == "rack:7:host"
    assert await lease.acquire(redis, account_id, "rack:7") is None
    assert await lease.acquire(redis, account_id, "rack:7:host") is not None


async def test_numbers_grow_also_when_the_bus_forgot_how_far_it_had_counted(redis: RedisClient) -> None:
    account_id = uuid4()
    first = await lease.acquire(redis, account_id, "a", above=41)
    assert first is not None
    assert first.epoch == 42
    await redis.flushdb()
    second = await lease.acquire(redis, account_id, "b", above=42)
    third = await lease.acquire(redis, account_id, "b", above=7)
    assert second is not None
    assert third is not None
    assert (second.epoch, third.epoch) == (43, 44)


async def test_a_lease_that_ran_out_is_regained_only_when_nobody_had_it_in_between(redis: RedisClient) -> None:
    account_id = uuid4()
    held = await lease.acquire(redis, account_id, "a", above=5)
    assert held is not None
    assert not await lease.regain(redis, held)  # it is still there: nothing to regain
    await redis.delete(keys.lease(account_id))
    assert await lease.regain(redis, held)
    assert await lease.held_as(redis, account_id) == held.value
    # An emptied bus remembers nobody, so nobody had it.
    await redis.flushdb()
    assert await lease.regain(redis, held)
    await redis.delete(keys.lease(account_id))
    between = await lease.acquire(redis, account_id, "b")
    assert between is not None
    assert not await lease.regain(redis, held)
    await lease.release(redis, between)
    assert not await lease.regain(redis, held)
    assert await lease.holder(redis, account_id) is None


async def test_the_holders_of_many_accounts_are_read_at_once(redis: RedisClient) -> None:
    mine, theirs, free = uuid4(), uuid4(), uuid4()
    assert await lease.acquire(redis, mine, "a") is not None
    assert await lease.acquire(redis, theirs, "b:1") is not None
    assert await lease.holders(redis, [theirs, free, mine]) == {mine: "a", theirs: "b:1"}
    assert await lease.holders(redis, []) == {}


async def test_a_lease_that_the_clock_made_too_long_ends_in_time_unless_it_is_renewed(redis: RedisClient) -> None:
    dead, fine, free = uuid4(), uuid4(), uuid4()
    for account_id in (dead, fine):
        assert await lease.acquire(redis, account_id, "a") is not None
    await redis.pexpire(keys.lease(dead), timedelta(hours=1))
    await redis.pexpire(keys.lease(fine), LEASE / 2)
    await lease.shorten(redis, [dead, fine, free])
    assert LEASE.total_seconds() * 900 < await redis.pttl(keys.lease(dead)) <= LEASE.total_seconds() * 1000
    assert await redis.pttl(keys.lease(fine)) <= LEASE.total_seconds() * 500
    assert await lease.holder(redis, free) is None
    await lease.shorten(redis, [])
