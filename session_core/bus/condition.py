"""How sessions are, as their hosts find it every few seconds. Kept in Valkey while it is true, never written down."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

import structlog
from pydantic import ValidationError

from session_core.bus import keys
from session_core.bus.connection import RedisClient
from session_core.domain.health import Health

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
    value = await redis.get(keys.health(account_id))
    if value is None:
        return None
    try:
        return Health.model_validate_json(value)
    except ValidationError:
        log.warning("health_not_understood", account_id=str(account_id))
        return None
