"""Heartbeats of the hosts: who is alive and how much room each has."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from pydantic import BaseModel, ValidationError

from session_core.bus import keys
from session_core.bus.connection import RedisClient
from session_core.clock import utcnow

log = structlog.get_logger(__name__)

ALIVE_FOR = timedelta(seconds=15)
"""A host that has been silent for longer counts as dead. Hosts speak every 3 s."""


class Heartbeat(BaseModel):
    """What a host tells about itself."""

    host_id: str
    at: datetime
    running: int
    room_for: int
    chromium_sandbox: bool
    warnings: list[str] = []


async def beat(redis: RedisClient, heartbeat: Heartbeat) -> None:
    """Tell that this host lives."""
    await redis.hset(keys.HOSTS, heartbeat.host_id, heartbeat.model_dump_json())


async def leave(redis: RedisClient, host_id: str) -> None:
    """Say good-bye."""
    await redis.hdel(keys.HOSTS, host_id)


async def alive(redis: RedisClient) -> list[Heartbeat]:
    """Return the hosts that were heard of lately."""
    values = await redis.hvals(keys.HOSTS)
    beats = [beat for value in values if (beat := _read(value)) is not None]
    return [beat for beat in beats if utcnow() - beat.at < ALIVE_FOR]


def _read(value: str) -> Heartbeat | None:
    """Read a heartbeat; None for that of a host of another version, which says something else."""
    try:
        return Heartbeat.model_validate_json(value)
    except ValidationError:
        log.warning("heartbeat_not_understood")
        return None
