"""What holds each lane back now: told by who drains it, read by who shows it. Valkey may lose it; it is told again."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from pydantic import BaseModel, ConfigDict, ValidationError

from session_core.bus import keys
from session_core.bus.connection import RedisClient
from session_core.clock import utcnow
from session_core.domain.lane import Hold

KEPT_LONGER = timedelta(minutes=2)
"""A lane that is held is looked at every minute, and then it is told again."""


class LaneHold(BaseModel):
    """What holds a lane back, and the message whose turn it would be."""

    model_config = ConfigDict(frozen=True)

    message_id: UUID
    hold: Hold


async def keep(redis: RedisClient, account_id: UUID, message_id: UUID, hold: Hold) -> bool:
    """Note what holds a lane back; True when that is news."""
    told = LaneHold(message_id=message_id, hold=hold).model_dump_json()
    before = await redis.set(keys.lane_hold(account_id), told, px=_life(hold.until), get=True)
    return not _same(before, told)


def _life(until: datetime | None) -> timedelta:
    return max(timedelta(0), (until or utcnow()) - utcnow()) + KEPT_LONGER


def _same(before: bytes | str | None, told: str) -> bool:
    if before is None:
        return False
    old, new = _read(before), _read(told)
    if old is None or new is None or old.message_id != new.message_id or old.hold.code is not new.hold.code:
        return False
    if old.hold.until is None or new.hold.until is None:
        return old.hold.until == new.hold.until
    # Two computations of the same moment differ by a little.
    return abs(old.hold.until - new.hold.until) < timedelta(seconds=1)


async def clear(redis: RedisClient, account_id: UUID) -> None:
    """The lane moves."""
    await redis.delete(keys.lane_hold(account_id))


async def of_lane(redis: RedisClient, account_id: UUID) -> LaneHold | None:
    """Return what holds a lane back, as it was told last."""
    told = await redis.get(keys.lane_hold(account_id))
    return None if told is None else _read(told)


def _read(told: bytes | str) -> LaneHold | None:
    try:
        return LaneHold.model_validate_json(told)
    except ValidationError:
        return None
