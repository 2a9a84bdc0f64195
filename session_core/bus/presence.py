"""Which chats an owner wants to hear the presence of. Valkey keeps it for a day; asking again keeps it longer."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from session_core.bus import keys
from session_core.bus.connection import RedisClient

WATCHED_FOR = timedelta(days=1)


async def watch(redis: RedisClient, account_id: UUID, *chat_ids: str) -> None:
    """Note that programs want to hear what happens in the chat, under each of its ids."""
    for chat_id in chat_ids:
        await redis.set(keys.watched(account_id, chat_id), "1", px=WATCHED_FOR)


async def is_watched(redis: RedisClient, account_id: UUID, chat_id: str) -> bool:
    """Tell whether they do."""
    return bool(await redis.exists(keys.watched(account_id, chat_id)))
