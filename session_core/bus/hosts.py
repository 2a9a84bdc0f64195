"""Heartbeats of the hosts: who is alive and how much room each has."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from pydantic import BaseModel, ValidationError

from session_core.bus import keys
from session_core.bus.connection import RedisClient
from session_core.clock import utcnow
from session_core.domain.sharing import Place

log = structlog.get_logger(__name__)

ALIVE_FOR = timedelta(seconds=15)
"""A host that has been silent for longer counts as dead. Hosts speak every 3 s. By the clock of the bus, not theirs."""

FORGET_AFTER = timedelta(days=1)
"""So long the last word of a dead host is kept."""


class Heartbeat(BaseModel):
    """What a host tells about itself.

    Attributes:
        draining: it is being stopped and takes no account any more.
        folder: name of the folder with its logins; hosts that share one share the name.
        vault: name of the folder with its backups, likewise.
        opens, writes: which backups it can open, and makes (see `session_core.domain.sharing.Place`).
        name: how its operator calls it.
    """

    host_id: str
    at: datetime
    running: int
    room_for: int
    chromium_sandbox: bool
    warnings: list[str] = []
    draining: bool = False
    folder: str = ""
    vault: str = ""
    opens: list[str] = []
    writes: str = ""
    name: str = ""

    @property
    def place(self) -> Place:
        """The host as those see it who share accounts out."""
        return Place(
            self.host_id,
            self.running,
            self.room_for,
            folder=self.folder,
            vault=self.vault,
            opens=frozenset(self.opens),
            writes=self.writes,
            draining=self.draining,
        )


async def beat(redis: RedisClient, heartbeat: Heartbeat, alive_for: timedelta = ALIVE_FOR) -> None:
    """Tell that this host lives, and will until ``alive_for`` from now."""
    async with redis.pipeline(transaction=True) as pipe:
        pipe.hset(keys.HOSTS, heartbeat.host_id, heartbeat.model_dump_json())
        pipe.set(keys.host_alive(heartbeat.host_id), "1", px=alive_for)
        await pipe.execute()


async def leave(redis: RedisClient, host_id: str) -> None:
    """Say good-bye."""
    async with redis.pipeline(transaction=True) as pipe:
        pipe.hdel(keys.HOSTS, host_id)
        pipe.delete(keys.host_alive(host_id))
        await pipe.execute()


async def alive(redis: RedisClient) -> list[Heartbeat]:
    """Return the hosts that were heard of lately."""
    return [beat for beat, lives in await known(redis) if lives]


async def known(redis: RedisClient) -> list[tuple[Heartbeat, bool]]:
    """Return the last words of all hosts that did not say good-bye, each with whether it was heard of lately."""
    values = await redis.hvals(keys.HOSTS)
    beats = [beat for value in values if (beat := _read(value)) is not None]
    if not beats:
        return []
    lives = await redis.mget([keys.host_alive(beat.host_id) for beat in beats])
    found = [(beat, value is not None) for beat, value in zip(beats, lives, strict=True)]
    return [(beat, lives) for beat, lives in found if lives or utcnow() - beat.at < FORGET_AFTER]


async def bus_age(redis: RedisClient) -> timedelta:
    """Return for how long the bus has been running: a younger one may have forgotten leases."""
    info = await redis.info("server")
    return timedelta(seconds=int(info["uptime_in_seconds"]))


def _read(value: str) -> Heartbeat | None:
    """Read a heartbeat; None for that of a host of another version, which says something else."""
    try:
        return Heartbeat.model_validate_json(value)
    except ValidationError:
        log.warning("heartbeat_not_understood")
        return None
