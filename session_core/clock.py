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


_NEVER_ASLEEP = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""Linux's CLOCK_MONOTONIC, by which Python and asyncio count, stands still while the machine is suspended, and its
CLOCK_BOOTTIME goes on, as the CLOCK_MONOTONIC of macOS does."""


def uptime() -> float:
    """Return seconds by a clock that never jumps and goes on while the machine sleeps; one for all its processes.

    For what runs out elsewhere too, such as a lease: whoever wakes up has to know that it is over.
    """
    return time.clock_gettime(_NEVER_ASLEEP)


def utcnow() -> datetime:
    """Return the time now, aware, in UTC."""
    return datetime.now(UTC)
