"""Is everything there that a request needs, and how much room is left."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta

from session_core.bus import hosts
from session_core.bus.connection import BUS_ERRORS
from session_core.core import Core
from session_core.store import migrate
from session_core.store.errors import STORE_AWAY, STORE_ERRORS

CHECK_TIMEOUT = timedelta(seconds=3)

OUTAGES: tuple[type[Exception], ...] = tuple(dict.fromkeys((*STORE_AWAY, *BUS_ERRORS)))
"""What a service raises while the database or the bus is away: the request may work in a moment."""


@dataclass(frozen=True, slots=True)
class Capacity:
    """Room on all hosts together. ``hosts`` is 0 when none is alive."""

    hosts: int
    running: int
    room_for: int
    warnings: tuple[str, ...] = ()

    @property
    def total(self) -> int:
        """Sessions that fit in all."""
        return self.running + self.room_for


async def capacity(core: Core) -> Capacity:
    """Ask the hosts' heartbeats; all zero when the bus is away or no host is alive."""
    try:
        alive = await hosts.alive(core.redis)
    except BUS_ERRORS:
        return Capacity(0, 0, 0)
    return Capacity(
        hosts=len(alive),
        running=sum(beat.running for beat in alive),
        room_for=sum(beat.room_for for beat in alive),
        warnings=tuple(sorted({warning for beat in alive for warning in beat.warnings})),
    )


async def checks(core: Core) -> dict[str, str]:
    """Try each thing that the product stands on.

    Returns:
        ``{"database": "ok", "bus": "ok", "host": "ok"}``; another word than ``ok`` says what is wrong. A database
        that was not migrated is not ok.
    """
    database, bus = await asyncio.gather(_database(core), _bus(core))
    host = "ok" if bus == "ok" and (await capacity(core)).hosts else "no host is running"
    return {"database": database, "bus": bus, "host": host}


async def _database(core: Core) -> str:
    try:
        async with asyncio.timeout(CHECK_TIMEOUT.total_seconds()), core.db.read() as session:
            if await migrate.revision_of(session) != migrate.newest():
                return "its tables are not of this version"
    except (*STORE_ERRORS, TimeoutError) as error:
        return f"not reachable ({type(error).__name__})"
    return "ok"


async def _bus(core: Core) -> str:
    try:
        async with asyncio.timeout(CHECK_TIMEOUT.total_seconds()):
            await core.redis.ping()
    except (*BUS_ERRORS, TimeoutError) as error:
        return f"not reachable ({type(error).__name__})"
    return "ok"
