"""The QR on screen now, kept until it expires: a page that opens late finds it here. Never in the database."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from session_core.bus import keys
from session_core.bus.connection import RedisClient
from session_core.clock import utcnow
from session_core.domain.events import Qr


async def keep(redis: RedisClient, account_id: UUID, qr: Qr) -> None:
    """Store the code until it expires."""
    left = qr.expires_at - utcnow()
    await redis.set(keys.qr(account_id), qr.model_dump_json(), px=max(left, timedelta(milliseconds=1)))


async def forget(redis: RedisClient, account_id: UUID) -> None:
    """Remove the code: it was scanned, or the session ended."""
    await redis.delete(keys.qr(account_id))


async def current(redis: RedisClient, account_ids: list[UUID]) -> dict[UUID, Qr]:
    """Return the codes that can be scanned now."""
    if not account_ids:
        return {}
    values = await redis.mget([keys.qr(account_id) for account_id in account_ids])
    return {
        account_id: Qr.model_validate_json(value)
        for account_id, value in zip(account_ids, values, strict=True)
        if value is not None
    }
