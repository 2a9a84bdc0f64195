"""Leases on a machine that sleeps: the clock of its loop stands still meanwhile, the lease runs out all the same."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import timedelta
from typing import cast
from uuid import UUID, uuid4

import pytest

from session_core.bus.connection import RedisClient
from session_core.clock import uptime
from session_core.errors import TransientError
from session_core.host.leases import LeaseKeeper
from session_core.tasks import spawn

TTL = timedelta(seconds=15)
NIGHT = 8 * 3600.0


class DeafRedis:
    """Gives a lease, and never answers again."""

    def __init__(self) -> None:
        self._calls = 0

    async def eval(self, *_: object) -> int:
        self._calls += 1
        if self._calls > 1:
            await asyncio.Event().wait()
        return 1


class Told:
    """Notes what is said about leases."""

    def __init__(self) -> None:
        self.lost: list[UUID] = []

    def lease_until(self, account_id: UUID, until: float) -> None: ...

    def lease_ending(self, account_id: UUID) -> None: ...

    def lease_lost(self, account_id: UUID) -> None:
        self.lost.append(account_id)


class Machine:
    """A clock that goes on by itself, and by a whole night when the machine sleeps."""

    def __init__(self) -> None:
        self._slept = 0.0

    def now(self) -> float:
        return time.monotonic() + self._slept

    def sleep(self) -> None:
        self._slept += NIGHT


def keeper(told: Told, now: Callable[[], float]) -> LeaseKeeper:
    return LeaseKeeper(cast(RedisClient, DeafRedis()), "host-one", told, TTL, now=now)


async def test_after_a_night_the_account_is_not_ours_though_the_loop_counted_no_second() -> None:
    told, machine, account_id = Told(), Machine(), uuid4()
    leases = keeper(told, machine.now)
    assert await leases.acquire(account_id) is not None
    assert leases.sure(account_id)
    machine.sleep()
    assert not leases.sure(account_id)
    assert leases.left(account_id) < timedelta(hours=-7)
    await leases._look_at_clock()
    assert told.lost == [account_id]


async def test_what_goes_on_under_the_lease_ends_at_once_after_a_night() -> None:
    told, machine, account_id = Told(), Machine(), uuid4()
    leases = keeper(told, machine.now)
    await leases.acquire(account_id)
    begun = asyncio.Event()

    async def send() -> None:
        async with leases.while_sure(account_id):
            begun.set()
            await asyncio.Event().wait()

    sending = spawn(send(), name="sending")
    await begun.wait()
    machine.sleep()
    await leases._look_at_clock()
    with pytest.raises(TransientError, match="another host"):
        await asyncio.wait_for(sending, 5)
    # Nothing begins any more either.
    with pytest.raises(TransientError, match="another host"):
        await asyncio.wait_for(send(), 5)


@pytest.mark.skipif(not hasattr(time, "CLOCK_BOOTTIME"), reason="this system's monotonic clock goes on in its sleep")
def test_uptime_is_the_clock_that_counts_sleep() -> None:
    before = time.clock_gettime(time.CLOCK_BOOTTIME)
    assert before <= uptime() <= time.clock_gettime(time.CLOCK_BOOTTIME)
