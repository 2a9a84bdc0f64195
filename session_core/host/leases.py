"""The leases of this host: taken before a session starts, renewed while it runs, and known to be ours or not."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar
from uuid import UUID

import structlog

from session_core.bus import lease as bus
from session_core.bus.connection import BUS_ERRORS, RedisClient
from session_core.bus.lease import LEASE, Lease
from session_core.tasks import RecurringTask

T = TypeVar("T")

log = structlog.get_logger(__name__)

CALL_TIMEOUT = timedelta(seconds=4)
"""Below the renewal's rhythm, so that a Valkey that hangs does not stop the other renewals for long."""


@dataclass(slots=True)
class _Held:
    lease: Lease
    sure_until: float


class LeaseKeeper:
    """Holds leases. While the bus is away it keeps them, but is no longer sure of them once they may have run out."""

    def __init__(
        self, redis: RedisClient, host_id: str, on_lost: Callable[[UUID], None], ttl: timedelta = LEASE
    ) -> None:
        """Prepare; `start` begins to renew.

        Args:
            redis: the bus.
            host_id: in whose name.
            on_lost: called when another host took an account over.
            ttl: how long a lease lasts without renewal.
        """
        self._redis = redis
        self._host_id = host_id
        self._on_lost = on_lost
        self._ttl = ttl
        self._held: dict[UUID, _Held] = {}
        self._renewal = RecurringTask(self._renew_all, every=ttl / 3, name="leases")

    def start(self) -> None:
        """Begin to renew."""
        self._renewal.start()

    async def stop(self) -> None:
        """Stop renewing; the leases run out by themselves unless they are given back."""
        await self._renewal.stop()

    async def acquire(self, account_id: UUID) -> bool:
        """Take the account's lease; False while another host has it.

        Raises:
            TimeoutError: the bus does not answer. Its own errors pass through too (BUS_ERRORS).
        """
        held = await self._take(account_id)
        if held is None:
            return False
        self._held[account_id] = held
        return True

    async def release(self, account_id: UUID) -> None:
        """Give the lease back, or let it run out when the bus is away."""
        held = self._held.pop(account_id, None)
        if held is not None:
            await self._give_back(held)

    async def _take(self, account_id: UUID) -> _Held | None:
        asked_at = self._now()
        lease = await self._call(bus.acquire(self._redis, account_id, self._host_id, self._ttl))
        return None if lease is None else _Held(lease, asked_at + self._ttl.total_seconds())

    async def _give_back(self, held: _Held) -> None:
        try:
            await self._call(bus.release(self._redis, held.lease))
        except BUS_ERRORS as error:
            log.warning("lease_not_released", account_id=str(held.lease.account_id), error=repr(error))

    def sure(self, account_id: UUID) -> bool:
        """Tell whether the account is ours at this moment: what must not happen twice is done only then."""
        held = self._held.get(account_id)
        return held is not None and self._now() < held.sure_until

    def epoch(self, account_id: UUID) -> int:
        """Return the fencing number under which the account is held; 0 when it is not."""
        held = self._held.get(account_id)
        return 0 if held is None else held.lease.epoch

    async def _renew_all(self) -> None:
        await asyncio.gather(*(self._renew(account_id) for account_id in list(self._held)))

    async def _renew(self, account_id: UUID) -> None:
        held = self._held.get(account_id)
        if held is None:
            return
        asked_at = self._now()
        try:
            if await self._call(bus.renew(self._redis, held.lease, self._ttl)):
                held.sure_until = asked_at + self._ttl.total_seconds()
                return
            # A lease that is gone without another holder (an emptied or restarted bus) is simply taken again.
            again = await self._take(account_id)
        except BUS_ERRORS as error:
            log.warning("lease_not_renewed", account_id=str(account_id), error=repr(error))
            return
        if self._held.get(account_id) is not held:
            # Released while we asked.
            if again is not None:
                await self._give_back(again)
        elif again is not None:
            self._held[account_id] = again
        else:
            del self._held[account_id]
            log.warning("lease_lost", account_id=str(account_id))
            self._on_lost(account_id)

    async def _call(self, call: Awaitable[T]) -> T:
        async with asyncio.timeout(CALL_TIMEOUT.total_seconds()):
            return await call

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()
