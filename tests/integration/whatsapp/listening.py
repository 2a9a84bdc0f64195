"""Hearing what a driver tells, and waiting for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

from session_core.tasks import spawn
from session_core.whatsapp.driver import Driver, DriverEvent

T = TypeVar("T")

PATIENCE = timedelta(seconds=30)


def anything(_event: object) -> bool:
    return True


class Listener:
    """Reads a driver's events to their end.

    Attributes:
        heard: all of them, in order.
        ended: True once the driver said that there are no more.
    """

    def __init__(self, driver: Driver) -> None:
        self.heard: list[DriverEvent] = []
        self.ended = False
        self._driver = driver
        self._news = asyncio.Condition()
        self._mark = 0
        self._task = spawn(self._run(), name="listener")

    def mark(self) -> None:
        """From now on, `hear` only looks at what comes after this moment."""
        self._mark = len(self.heard)

    def all(self, kind: type[T], where: Callable[[T], bool] = anything) -> list[T]:
        """Return what was heard of one kind since the mark."""
        return [event for event in self.heard[self._mark :] if isinstance(event, kind) and where(event)]

    async def hear(self, kind: type[T], where: Callable[[T], bool] = anything) -> T:
        """Return the first event of a kind since the mark, waiting for it."""
        await self._until(lambda: bool(self.all(kind, where)) or self.ended, f"{kind.__name__}")
        found = self.all(kind, where)
        assert found, f"the driver ended without {kind.__name__}: {self.heard[self._mark :]}"
        return found[0]

    async def end(self) -> None:
        """Wait for the end of the events."""
        await self._until(lambda: self.ended, "the end")

    async def _until(self, condition: Callable[[], bool], what: str) -> None:
        async with self._news:
            try:
                await asyncio.wait_for(self._news.wait_for(condition), PATIENCE.total_seconds())
            except TimeoutError:
                raise AssertionError(f"{what} did not come; since the mark: {self.heard[self._mark :]}") from None

    async def _run(self) -> None:
        async for event in self._driver.events():
            async with self._news:
                self.heard.append(event)
                self._news.notify_all()
        async with self._news:
            self.ended = True
            self._news.notify_all()
