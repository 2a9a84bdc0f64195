"""What WhatsApp said about numbers, for a while: who asks it often about many looks like a spammer."""

from __future__ import annotations

from datetime import timedelta

from session_core.bus import keys
from session_core.bus.connection import RedisClient

EXISTS_FOR = timedelta(days=7)
MISSING_FOR = timedelta(minutes=10)
"""Somebody may join at any moment; a campaign that was given the same wrong number twice is answered at once."""


async def keep(redis: RedisClient, chat_id: str, *, exists: bool, lid: str | None = None) -> None:
    """Note the answer about a number (``…@c.us``)."""
    value = f"1 {lid or ''}" if exists else "0"
    await redis.set(keys.number(chat_id), value, px=EXISTS_FOR if exists else MISSING_FOR)


async def kept(redis: RedisClient, chat_id: str) -> tuple[bool, str | None] | None:
    """Return whether the number exists, and its hidden id where known; None when nobody asked lately."""
    value = await redis.get(keys.number(chat_id))
    if value is None:
        return None
    text = value.decode() if isinstance(value, bytes) else str(value)
    exists, _, lid = text.partition(" ")
    return exists == "1", lid or None
