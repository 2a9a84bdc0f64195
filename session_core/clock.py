"""Time as a dependency, so that rules about time can be tested without waiting."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """Return the time now, aware, in UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the time now, aware, in UTC."""
        return datetime.now(UTC)


class SteadyClock:
    """Time that never jumps: right when it was made, and from then on counted by the machine's monotonic clock.

    For durations and deadlines; what is compared with other clocks takes `SystemClock`.
    """

    def __init__(self) -> None:
        self._began = datetime.now(UTC)
        self._counted_from = time.monotonic()

    def now(self) -> datetime:
        """Return the time now, aware, in UTC."""
        return self._began + timedelta(seconds=time.monotonic() - self._counted_from)


def utcnow() -> datetime:
    """Return the time now, aware, in UTC."""
    return datetime.now(UTC)
