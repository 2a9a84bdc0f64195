"""The leases of this host: taken before a session starts, renewed while it runs, and known to be ours or not.

Time is counted from the moment of asking, so what this host believes ends before the lease does. It is counted by a
clock that also goes on while the process is stopped or the machine is suspended (`session_core.clock.uptime`, not the
loop's): a host that wakes up knows at once that its time is over.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol, TypeVar
from uuid import UUID

import structlog

from session_core.bus import lease as bus
from session_core.bus.connection import BUS_ERRORS, RedisClient
from session_core.bus.lease import LEASE, Lease
from session_core.clock import uptime
from session_core.errors import TransientError
from session_core.outages import Outage
from session_core.tasks import RecurringTask

T = TypeVar("T")

log = structlog.get_logger(__name__)

CALL_TIMEOUT = timedelta(seconds=4)
"""Below the renewal's rhythm, so that a Valkey that hangs does not stop the other renewals for long."""

SEND_MARGIN = timedelta(seconds=2)
"""A send is begun only while the account is ours for longer than this: handing a text over takes about half of it."""


class LeaseWatcher(Protocol):
    """Hears what becomes of the leases. Called in the loop; must not wait."""

    def lease_until(self, account_id: UUID, until: float) -> None:
        """Hear that the account is this host's until then, as `session_core.clock.uptime` counts."""
        ...

    def lease_ending(self, account_id: UUID) -> None:
        """Hear that the bus is away and the time nearly over: what runs must end before another host may begin."""
        ...

    def lease_lost(self, account_id: UUID) -> None:
        """Hear that another host may have the account, or had it in between. May be said again."""
        ...


@dataclass(slots=True)
class _Held:
    lease: Lease
    until: float
    told: bool = False
    said_over: bool = False
    scopes: set[asyncio.Timeout] = field(default_factory=set)
    outage: Outage = field(init=False)

    def __post_init__(self) -> None:
        self.outage = Outage("lease_not_renewed", account_id=str(self.lease.account_id))

    def prolong(self, until: float, at: float) -> None:
        self.until = until
        self.told = self.said_over = False
        self.end_scopes(at)

    def end_scopes(self, at: float) -> None:
        """Let what goes on under the lease end then, on the loop's clock."""
        for scope in self.scopes:
            if not scope.expired():
                scope.reschedule(at)


class LeaseKeeper:
    """Holds leases, and says so when one is about to run out or is lost.

    Attributes:
        send_margin: how much time must be left for a send to begin.
    """

    def __init__(
        self,
        redis: RedisClient,
        host_id: str,
        watcher: LeaseWatcher,
        ttl: timedelta = LEASE,
        alone: Callable[[], bool] = lambda: False,
        now: Callable[[], float] = uptime,
    ) -> None:
        """Prepare; `start` begins to renew.

        Args:
            redis: the bus.
            host_id: in whose name.
            watcher: is told.
            ttl: how long a lease lasts without renewal.
            alone: whether no other host can be there, so that nothing has to end when the bus is away.
            now: seconds by a clock that goes on while the machine sleeps.
        """
        self._redis = redis
        self._host_id = host_id
        self._watcher = watcher
        self._ttl = ttl
        self._alone = alone
        self._now = now
        self._held: dict[UUID, _Held] = {}
        self._renewal = RecurringTask(self._renew_all, every=ttl / 3, name="leases")
        self._clock = RecurringTask(self._look_at_clock, every=ttl / 15, name="lease-clock")
        self._call_timeout = min(CALL_TIMEOUT, ttl / 4)
        self.send_margin = min(SEND_MARGIN, ttl / 5)

    def start(self) -> None:
        """Begin to renew."""
        self._renewal.start()
        self._clock.start()

    async def stop(self) -> None:
        """Stop renewing; the leases run out by themselves unless they are given back."""
        await self._renewal.stop()
        await self._clock.stop()

    async def acquire(self, account_id: UUID, above: int = 0) -> Lease | None:
        """Take the account's lease; None while another host has it.

        Args:
            account_id: the account.
            above: the lease's number will be greater than this one.

        Raises:
            TimeoutError: the bus does not answer. Its own errors pass through too (BUS_ERRORS).
        """
        asked_at = self._now()
        lease = await self._call(bus.acquire(self._redis, account_id, self._host_id, self._ttl, above=above))
        if lease is not None:
            self._held[account_id] = _Held(lease, asked_at + self._ttl.total_seconds())
        return lease

    async def release(self, account_id: UUID) -> None:
        """Give the lease back, or let it run out when the bus is away."""
        held = self._held.pop(account_id, None)
        if held is not None:
            await self._give_back(held.lease)

    async def _give_back(self, lease: Lease) -> None:
        try:
            await self._call(bus.release(self._redis, lease))
        except BUS_ERRORS as error:
            log.warning("lease_not_released", account_id=str(lease.account_id), error=repr(error))

    def until(self, account_id: UUID) -> float:
        """Return until when the account is ours, as `session_core.clock.uptime` counts; 0 when it is not."""
        held = self._held.get(account_id)
        return 0.0 if held is None else held.until

    def left(self, account_id: UUID) -> timedelta:
        """Return for how long the account is ours whatever happens to the bus; zero or less: it may not be ours."""
        return timedelta(seconds=self.until(account_id) - self._now())

    def sure(self, account_id: UUID) -> bool:
        """Tell whether the account is ours at this moment: what must not happen twice is done only then."""
        return self.left(account_id) > timedelta(0)

    @asynccontextmanager
    async def while_sure(self, account_id: UUID) -> AsyncIterator[None]:
        """Let the block go on for as long as the account is ours; renewals prolong it.

        Raises:
            TransientError: ``lease_ran_out``, it was broken off, and nobody knows how far it had come.
        """
        held = self._held.get(account_id)
        try:
            async with asyncio.timeout_at(self._on_the_loop(self.until(account_id))) as scope:
                try:
                    if held is not None:
                        held.scopes.add(scope)
                    yield
                finally:
                    if held is not None:
                        held.scopes.discard(scope)
        except TimeoutError:
            if not scope.expired():
                raise
            raise TransientError("The account may be another host's by now.", code="lease_ran_out") from None

    # ---- Renewal --------------------------------------------------------------------------------------------------

    def epoch(self, account_id: UUID) -> int:
        """Return the fencing number under which the account is held; 0 when it is not."""
        held = self._held.get(account_id)
        return 0 if held is None else held.lease.epoch

    async def _renew_all(self) -> None:
        await asyncio.gather(*(self._renew(account_id) for account_id in list(self._held)))

    async def _look_at_clock(self) -> None:
        late = [(account_id, held) for account_id, held in self._held.items() if self._is_late(held)]
        if not late:
            return
        self._renewal.wake()
        for account_id, held in late:
            if self._alone():
                # Nobody else can take it, so it goes on; nothing is sent all the same until the bus is back.
                self._watcher.lease_until(account_id, self._now() + self._ttl.total_seconds())
            elif not self.sure(account_id):
                # This process was stopped for a while, or hung: whatever ran has ended, or must do so now.
                if not held.said_over:
                    log.warning("lease_over", account_id=str(account_id))
                held.said_over = True
                # After a sleep of the machine their own deadlines would come late by the time that it slept.
                held.end_scopes(asyncio.get_running_loop().time())
                self._watcher.lease_lost(account_id)
            elif not held.told and self.left(account_id) < self._ttl / 3:
                held.told = True
                log.warning("lease_ending", account_id=str(account_id))
                self._watcher.lease_ending(account_id)

    def _is_late(self, held: _Held) -> bool:
        return held.until - self._now() < self._ttl.total_seconds() * 0.6

    async def _renew(self, account_id: UUID) -> None:
        held = self._held.get(account_id)
        if held is None:
            return
        asked_at = self._now()
        try:
            # A lease that ran out without anybody taking it (also in an emptied bus) is simply taken up again.
            kept = await self._call(bus.renew(self._redis, held.lease, self._ttl)) or await self._call(
                bus.regain(self._redis, held.lease, self._ttl)
            )
        except BUS_ERRORS as error:
            held.outage.begins(error)
            return
        held.outage.ends()
        if self._held.get(account_id) is not held:
            # Released while we asked.
            if kept:
                await self._give_back(held.lease)
        elif kept:
            until = asked_at + self._ttl.total_seconds()
            held.prolong(until, self._on_the_loop(until))
            self._watcher.lease_until(account_id, held.until)
        else:
            del self._held[account_id]
            log.warning("lease_lost", account_id=str(account_id))
            self._watcher.lease_lost(account_id)

    async def _call(self, call: Awaitable[T]) -> T:
        async with asyncio.timeout(self._call_timeout.total_seconds()):
            return await call

    def _on_the_loop(self, until: float) -> float:
        """Return a time of our clock on the loop's, by which asyncio waits: the same unless the machine sleeps."""
        return asyncio.get_running_loop().time() + until - self._now()
