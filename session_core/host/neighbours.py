"""What a host knows of the other hosts: who is alive, how much room each has, and what nobody holds."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID

from session_core.bus import hosts, lease
from session_core.bus.connection import RedisClient
from session_core.clock import uptime
from session_core.domain.sharing import Place, lease_surely_over

LOOK_TIMEOUT = timedelta(seconds=4)

CLOCK_JUMP = LOOK_TIMEOUT + timedelta(seconds=2)
"""More than an answer may be late."""


class Neighbours:
    """A picture of the other hosts, as old as the last `look`."""

    def __init__(self, redis: RedisClient, host_id: str, ttl: timedelta) -> None:
        """Prepare; nothing is known before the first `look`.

        Args:
            redis: the bus.
            host_id: this host.
            ttl: how long a lease lasts.
        """
        self._redis = redis
        self._host_id = host_id
        self._ttl = ttl
        self._places: dict[str, Place] = {}
        self._folders: dict[str, str] = {}
        self._vaults: dict[str, str] = {}
        self._bus_age = timedelta(0)
        self._bus_ahead: float | None = None
        self._bus_even_since: float | None = None
        self._free_since: dict[UUID, float] = {}
        self._first_look: float | None = None

    @property
    def young(self) -> bool:
        """Whether this host has been looking around for less than the time of a lease."""
        return self._first_look is None or self._now() - self._first_look < self._ttl.total_seconds()

    @property
    def places(self) -> list[Place]:
        """The other hosts that are alive and take accounts."""
        return [place for place in self._places.values() if not place.draining]

    @property
    def alone(self) -> bool:
        """Whether no other host was there at the last look."""
        return not self._places

    def get(self, host_id: str | None) -> Place | None:
        """Return a host that is alive and takes accounts."""
        return next((place for place in self.places if place.host_id == host_id), None)

    def folder_of(self, host_id: str | None) -> str:
        """Return the name of the folder with a host's logins, also of a dead one; empty when it is not known."""
        return self._folders.get(host_id or "", "")

    def vault_of(self, host_id: str | None) -> str:
        """Return the name of the folder with a host's backups, also of a dead one; empty when it is not known."""
        return self._vaults.get(host_id or "", "")

    async def look(self, wanted: Iterable[UUID]) -> list[UUID]:
        """Look around; return those of the accounts in ``wanted`` that no other host holds, in the same order.

        Raises:
            TimeoutError: the bus does not answer. Its own errors pass through too (BUS_ERRORS).
        """
        wanted = list(wanted)
        async with asyncio.timeout(LOOK_TIMEOUT.total_seconds()):
            known = await hosts.known(self._redis)
            held = await lease.holders(self._redis, wanted)
            if wanted:
                await lease.shorten(self._redis, list(held), self._ttl)
                await self._look_at_bus()
        self._folders = {beat.host_id: beat.folder for beat, _ in known}
        self._vaults = {beat.host_id: beat.vault for beat, _ in known}
        self._places = {beat.host_id: beat.place for beat, lives in known if lives and beat.host_id != self._host_id}
        free = [account_id for account_id in wanted if held.get(account_id) in {None, self._host_id}]
        now = self._now()
        self._first_look = self._first_look or now
        self._free_since = {account_id: self._free_since.get(account_id, now) for account_id in free}
        return free

    async def _look_at_bus(self) -> None:
        """Note how old the bus is; one whose clock jumped is no older than that: its leases may have run out then."""
        age, (seconds, _) = await hosts.bus_age(self._redis), await self._redis.time()
        ahead, now = seconds - uptime(), self._now()
        if self._bus_ahead is not None and abs(ahead - self._bus_ahead) > CLOCK_JUMP.total_seconds():
            self._bus_even_since = now
        self._bus_ahead = ahead
        even = None if self._bus_even_since is None else timedelta(seconds=now - self._bus_even_since)
        self._bus_age = age if even is None else min(age, even)

    def free_for(self, account_id: UUID) -> timedelta:
        """Return for how long we have seen the account without a holder."""
        since = self._free_since.get(account_id)
        return timedelta(0) if since is None else timedelta(seconds=self._now() - since)

    def surely_ended(self, account_id: UUID, host_id: str | None) -> bool:
        """Tell whether the host that is said to run an account, which nobody holds, does not run it any more."""
        return host_id in {None, self._host_id} or lease_surely_over(
            last_word_known=host_id in self._folders,
            bus_age=self._bus_age,
            free_for=self.free_for(account_id),
            lease=self._ttl,
        )

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()
