"""How sessions are, as their hosts find it every few seconds. Kept in Valkey while it is true, never written down."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

import structlog
from pydantic import BaseModel, ValidationError

from session_core.bus import keys
from session_core.bus.connection import RedisClient
from session_core.clock import utcnow
from session_core.domain.health import Health
from session_core.domain.resources import Sample

log = structlog.get_logger(__name__)

GOOD_FOR = timedelta(seconds=20)
"""A finding that is older says nothing. Hosts look every few seconds."""


async def keep_health(redis: RedisClient, found: Mapping[UUID, Health | None]) -> None:
    """Tell the findings about several accounts; None takes the last one back."""
    async with redis.pipeline(transaction=False) as pipe:
        for account_id, health in found.items():
            if health is None:
                pipe.delete(keys.health(account_id))
            else:
                pipe.set(keys.health(account_id), health.model_dump_json(), px=GOOD_FOR)
        await pipe.execute()


async def health(redis: RedisClient, account_id: UUID) -> Health | None:
    """Return the newest finding; None when there is none that still counts."""
    return _read(await redis.get(keys.health(account_id)))


def _read(value: str | None) -> Health | None:
    try:
        return None if value is None else Health.model_validate_json(value)
    except ValidationError:
        log.warning("health_not_understood")
        return None


SAMPLES = 60
"""Kept for each account: an hour, at one a minute."""

SAMPLES_KEPT = timedelta(hours=2)
USAGE_GOOD_FOR = timedelta(minutes=3)


class HostUsage(BaseModel):
    """What the browsers of one host used at its last measurement."""

    host_id: str
    samples: dict[UUID, Sample]


async def keep_usage(redis: RedisClient, host_id: str, samples: Mapping[UUID, Sample]) -> None:
    """Add one sample to each account's series, and tell the last measurement of the host."""
    async with redis.pipeline(transaction=False) as pipe:
        for account_id, sample in samples.items():
            key = keys.resources(account_id)
            pipe.lpush(key, sample.model_dump_json())
            pipe.ltrim(key, 0, SAMPLES - 1)
            pipe.expire(key, SAMPLES_KEPT)
        pipe.hset(keys.USAGE, host_id, HostUsage(host_id=host_id, samples=dict(samples)).model_dump_json())
        await pipe.execute()


async def forget_usage(redis: RedisClient, host_id: str) -> None:
    """Take back what was told of a host that stops; the accounts' series stay."""
    await redis.hdel(keys.USAGE, host_id)


async def series(redis: RedisClient, account_id: UUID) -> list[Sample]:
    """Return an account's samples of the last hour that are known, the oldest first."""
    try:
        return [
            Sample.model_validate_json(value)
            for value in reversed(await redis.lrange(keys.resources(account_id), 0, -1))
        ]
    except ValidationError:
        log.warning("samples_not_understood", account_id=str(account_id))
        return []


async def usage(redis: RedisClient) -> list[HostUsage]:
    """Return what all browsers of all hosts used lately."""
    found = []
    for value in await redis.hvals(keys.USAGE):
        try:
            host = HostUsage.model_validate_json(value)
        except ValidationError:
            log.warning("usage_not_understood")
            continue
        fresh = {key: sample for key, sample in host.samples.items() if utcnow() - sample.at < USAGE_GOOD_FOR}
        found.append(host.model_copy(update={"samples": fresh}))
    return found


async def healths(redis: RedisClient, account_ids: list[UUID]) -> dict[UUID, Health]:
    """Return the findings about several accounts that still count."""
    if not account_ids:
        return {}
    values = await redis.mget([keys.health(account_id) for account_id in account_ids])
    return {key: found for key, value in zip(account_ids, values, strict=True) if (found := _read(value)) is not None}
