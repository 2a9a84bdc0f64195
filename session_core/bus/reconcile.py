"""A poke for the hosts: a row that they look at has changed. Losing one costs a few seconds, nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta

import structlog

from session_core.bus import keys
from session_core.bus.connection import BUS_ERRORS, RedisClient
from session_core.tasks import end, spawn

log = structlog.get_logger(__name__)


async def poke(redis: RedisClient) -> None:
    """Have every host look at the rows now; a bus that is away is no error, they look every few seconds anyway."""
    try:
        await redis.publish(keys.RECONCILE_CHANNEL, "1")
    except BUS_ERRORS as error:
        log.warning("hosts_not_poked", error=repr(error))


class ReconcileListener:
    """Calls a function at each poke, and after each reconnection (a poke may have been missed)."""

    def __init__(self, redis: RedisClient, on_poke: Callable[[], None]) -> None:
        self._redis = redis
        self._on_poke = on_poke
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to listen."""
        self._task = spawn(self._listen(), name="reconcile-listener")

    async def stop(self) -> None:
        """Stop listening."""
        if self._task is not None:
            await end(self._task)

    async def _listen(self, pause: timedelta = timedelta(milliseconds=500)) -> None:
        while True:
            try:
                async with self._redis.pubsub() as pubsub:
                    await pubsub.subscribe(keys.RECONCILE_CHANNEL)
                    while True:
                        message = await pubsub.get_message(timeout=5)
                        if message is None:
                            await pubsub.ping()
                        elif message["type"] in {"subscribe", "message"}:
                            self._on_poke()
            except Exception as error:
                # Whatever it was: without pokes every click would wait for the next round.
                log.warning("reconcile_listener_disconnected", error=repr(error))
            await asyncio.sleep(pause.total_seconds())
