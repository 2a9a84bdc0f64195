"""The time between two browsers of a session."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from session_core.clock import Clock, SteadyClock, SystemClock


class Pause:
    """A pause that begins when it is made, and lasts as long as planned whatever the machine's clock does meanwhile.

    Attributes:
        until: its end by the machine's clock, to be shown and for nothing else.
    """

    def __init__(self, lasts: timedelta, *, wall: Clock | None = None, steady: Clock | None = None) -> None:
        """Begin.

        Args:
            lasts: how long it is.
            wall: the machine's clock.
            steady: tells the time by which it ends.
        """
        self._steady = steady or SteadyClock()
        self._end = self._steady.now() + lasts
        self.until: datetime = (wall or SystemClock()).now() + lasts

    @property
    def left(self) -> timedelta:
        """What is left of it; nothing once it is over."""
        return max(timedelta(0), self._end - self._steady.now())

    async def over(self) -> None:
        """Return when it is over."""
        await asyncio.sleep(self.left.total_seconds())
