"""Events from the host and the services to every open page and Socket.IO client.

Pub/sub forgets what nobody hears, so a listener subscribes first, then reads the snapshot from the store, then applies
events with a higher ``seq``. After a break it gets a `Resync` and reads the snapshot again.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from uuid import UUID

import structlog
from pydantic import ValidationError

from session_core.bus import keys
from session_core.bus.connection import BUS_ERRORS, RedisClient
from session_core.domain.events import EVENTS, AnyEvent
from session_core.tasks import end, spawn

log = structlog.get_logger(__name__)

QUEUE_SIZE = 1000
"""Events that one slow listener may lag behind before it is told to read everything again."""

RETRY_PAUSE = timedelta(milliseconds=500)


class Resync:
    """Something may have been missed: read the snapshot again."""

    def __repr__(self) -> str:
        """Name it in logs."""
        return "Resync()"


RESYNC = Resync()


class EventPublisher:
    """Publishes events. A bus that is away loses nothing that is not in the store, so it never fails a change."""

    def __init__(self, redis: RedisClient) -> None:
        self._redis = redis

    async def publish(self, *events: AnyEvent) -> None:
        """Tell everybody who listens to the event's user; call it after the commit."""
        for event in events:
            try:
                await self._redis.publish(keys.user_channel(event.user_id), event.model_dump_json())
            except BUS_ERRORS as error:
                log.warning("event_not_published", type=event.type, error=repr(error))


class Subscription:
    """The events of one user for one listener."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[AnyEvent | Resync] = asyncio.Queue(QUEUE_SIZE)

    def offer(self, event: AnyEvent | Resync) -> None:
        """Add an event; a listener that lags too far loses its queue and is told to read the snapshot."""
        if self._queue.full():
            while not self._queue.empty():
                self._queue.get_nowait()
            event = RESYNC
        self._queue.put_nowait(event)

    async def get(self, timeout: timedelta | None = None) -> AnyEvent | Resync | None:
        """Return the next event, or None when none came within ``timeout``."""
        if timeout is None:
            return await self._queue.get()
        try:
            return await asyncio.wait_for(self._queue.get(), timeout.total_seconds())
        except TimeoutError:
            return None

    def pending(self) -> list[AnyEvent | Resync]:
        """Return what has come by now without waiting, so that a burst costs one update."""
        events: list[AnyEvent | Resync] = []
        while not self._queue.empty():
            events.append(self._queue.get_nowait())
        return events

    async def __aiter__(self) -> AsyncIterator[AnyEvent | Resync]:
        """Yield events for ever."""
        while True:
            yield await self._queue.get()


class EventHub:
    """One pattern subscription a process, shared by all its listeners."""

    def __init__(self, redis: RedisClient) -> None:
        self._redis = redis
        self._listeners: dict[str, set[Subscription]] = {}
        self._notice: set[Callable[[], None]] = set()
        self._task: asyncio.Task[None] | None = None
        self._connected = asyncio.Event()

    async def start(self, timeout: timedelta = timedelta(seconds=5)) -> None:
        """Begin to listen; returns when subscribed, or after ``timeout`` (it goes on trying)."""
        if self._task is None:
            self._task = spawn(self._listen(), name="event-hub")
        try:
            await asyncio.wait_for(self._connected.wait(), timeout.total_seconds())
        except TimeoutError:
            log.warning("event_hub_not_connected_yet")

    async def stop(self) -> None:
        """Stop listening."""
        if self._task is not None:
            await end(self._task)
            self._task = None

    @contextmanager
    def subscribe(self, user_id: UUID) -> Iterator[Subscription]:
        """Listen to a user's events until the block ends."""
        channel = keys.user_channel(user_id)
        subscription = Subscription()
        self._listeners.setdefault(channel, set()).add(subscription)
        try:
            yield subscription
        finally:
            listeners = self._listeners[channel]
            listeners.discard(subscription)
            if not listeners:
                del self._listeners[channel]

    @contextmanager
    def noticed(self, callback: Callable[[], None]) -> Iterator[None]:
        """Call ``callback`` whenever anybody is told anything, until the block ends; also after a break."""
        self._notice.add(callback)
        try:
            yield
        finally:
            self._notice.discard(callback)

    @property
    def listeners(self) -> int:
        """How many subscriptions are open."""
        return sum(len(group) for group in self._listeners.values())

    async def _listen(self) -> None:
        while True:
            try:
                await self._listen_once()
            except Exception as error:
                # Whatever it was: a hub that stopped listening would leave every page with what it shows now.
                log.warning("event_hub_disconnected", error=repr(error))
            self._connected.clear()
            await asyncio.sleep(RETRY_PAUSE.total_seconds())

    async def _listen_once(self) -> None:
        async with self._redis.pubsub() as pubsub:
            await pubsub.psubscribe(keys.user_channel("*"))
            while True:
                message = await pubsub.get_message(timeout=5)
                if message is None:
                    # Nothing for a while: make sure that silence is not a dead connection.
                    await pubsub.ping()
                elif message["type"] == "psubscribe":
                    self._connected.set()
                    self._offer_to_all(RESYNC)
                elif message["type"] == "pmessage":
                    self._dispatch(message["channel"], message["data"])

    def _offer_to_all(self, event: Resync) -> None:
        self._call()
        for group in self._listeners.values():
            for subscription in group:
                subscription.offer(event)

    def _call(self) -> None:
        for callback in tuple(self._notice):
            callback()

    def _dispatch(self, channel: str, data: str) -> None:
        self._call()
        group = self._listeners.get(channel)
        if not group:
            return
        try:
            event = EVENTS.validate_json(data)
        except ValidationError:
            log.error("event_not_understood", channel=channel)
            return
        for subscription in group:
            subscription.offer(event)
