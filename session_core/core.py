"""What every process holds on to: settings, the database, the bus."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

from session_core.bus.commands import CommandClient
from session_core.bus.connection import BUS_ERRORS, RedisClient, open_redis
from session_core.bus.events import EventHub, EventPublisher
from session_core.bus.news import News
from session_core.settings import Settings
from session_core.store.engine import Database
from session_core.store.errors import STORE_AWAY

OUTAGES = (*BUS_ERRORS, *STORE_AWAY)
"""What is raised while the bus or the database is away."""


@dataclass(frozen=True, slots=True)
class Core:
    """The doors to store and bus. Services take it as their first argument."""

    settings: Settings
    db: Database
    redis: RedisClient
    publisher: EventPublisher
    news: News
    hub: EventHub
    commands: CommandClient


@asynccontextmanager
async def open_core(settings: Settings, *, lock_wait: timedelta | None = None) -> AsyncIterator[Core]:
    """Open the store and the bus for as long as the block lasts; nothing is contacted before its first use.

    The hub is not listening yet: who wants events calls ``core.hub.start()``. ``lock_wait``: see
    `session_core.store.engine.LOCK_WAIT`.
    """
    redis = open_redis(settings.redis_url)
    db = Database(settings.database_url, lock_wait=lock_wait)
    core = Core(
        settings=settings,
        db=db,
        redis=redis,
        publisher=EventPublisher(redis),
        news=News(redis),
        hub=EventHub(redis),
        commands=CommandClient(redis),
    )
    core.news.start()
    try:
        yield core
    finally:
        await core.news.close()
        await core.hub.stop()
        await db.close()
        await redis.aclose()
