"""News for the bus, told by a task of its own: whoever has some goes on at once, whatever the bus is doing.

What matters is in the database before it is news. So a bus that is away costs nobody a moment, and what is told is what
still helps when the bus is back: news waits in line until the bus has taken it, the oldest goes when the line is full
(of one thing the newest says most), and what is only true for a while is forgotten after that.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

import structlog

from session_core.bus import keys
from session_core.bus.connection import BUS_ERRORS, RedisClient
from session_core.domain.events import AnyEvent
from session_core.outages import Outage
from session_core.tasks import end, spawn

log = structlog.get_logger(__name__)

Telling = Callable[[], Awaitable[object]]
"""Tells one thing. Called again when the bus was away, also when it may have heard it."""

MOST = 1000
"""News that waits at most; then the oldest is dropped."""

TRY_TIMEOUT = timedelta(seconds=5)
"""For one thing. A bus that does not say anything for so long is away."""

RETRY_PAUSE = timedelta(milliseconds=500)

LAST_WORDS = timedelta(seconds=1)
"""For what still waits when the process ends."""


@dataclass(frozen=True, slots=True, eq=False)
class _Waiting:
    telling: Telling
    good_until: float | None


class News:
    """What this process has to tell, in the order in which it became true. Not for other threads."""

    def __init__(self, redis: RedisClient) -> None:
        """Prepare; what is told before `start` waits."""
        self._redis = redis
        self._line: deque[_Waiting] = deque()
        self._more = asyncio.Event()
        self._all_told = asyncio.Event()
        self._all_told.set()
        self._outage = Outage("bus_not_told")
        self._away = False
        self._dropped = 0
        self._task: asyncio.Task[None] | None = None

    @property
    def away(self) -> bool:
        """Whether the bus did not take the last thing that it was told."""
        return self._away

    def start(self) -> None:
        """Begin to tell."""
        if self._task is None:
            self._task = spawn(self._run(), name="news")

    async def close(self) -> None:
        """End; what waits is told before, if the bus takes it within a second."""
        if self._task is None:
            return
        try:
            async with asyncio.timeout(LAST_WORDS.total_seconds()):
                await self._all_told.wait()
        except TimeoutError:
            log.warning("news_not_told", waiting=len(self._line))
        await end(self._task)
        self._task = None

    def publish(self, *events: AnyEvent, good_for: timedelta | None = None) -> None:
        """Have everybody told who listens to the events' users; call it after the commit.

        Args:
            events: what happened.
            good_for: after so long it helps nobody any more. None: it does, however late.
        """
        for event in events:
            channel, said = keys.user_channel(event.user_id), event.model_dump_json()
            self.tell(partial(self._redis.publish, channel, said), good_for=good_for)

    def tell(self, telling: Telling, *, good_for: timedelta | None = None) -> None:
        """Have the bus told something else; ``good_for`` as in `publish`. What the bus refuses is logged."""
        good_until = None if good_for is None else asyncio.get_running_loop().time() + good_for.total_seconds()
        if len(self._line) >= MOST:
            self._line.popleft()
            self._dropped += 1
        self._line.append(_Waiting(telling, good_until))
        self._all_told.clear()
        self._more.set()

    async def _run(self) -> None:
        while True:
            await self._more.wait()
            while self._line:
                first = self._line[0]
                if _over(first) or await self._told(first):
                    # While it was told, it may have been dropped.
                    if self._line and self._line[0] is first:
                        self._line.popleft()
                else:
                    await asyncio.sleep(RETRY_PAUSE.total_seconds())
            self._more.clear()
            self._all_told.set()

    async def _told(self, waiting: _Waiting) -> bool:
        """Tell one thing; False when the bus is away."""
        try:
            async with asyncio.timeout(TRY_TIMEOUT.total_seconds()):
                await waiting.telling()
        except BUS_ERRORS as error:
            self._away = True
            self._outage.begins(error)
            return False
        except Exception:
            log.exception("news_refused")
        dropped, self._away, self._dropped = self._dropped, False, 0
        self._outage.ends(dropped=dropped)
        return True


def _over(waiting: _Waiting) -> bool:
    return waiting.good_until is not None and asyncio.get_running_loop().time() > waiting.good_until
