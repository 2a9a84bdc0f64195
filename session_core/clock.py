"""Time as a dependency, so that rules about time can be tested without waiting."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Protocol

import psutil

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
"""Changes with every start of the machine; containers on one machine share it."""


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


@lru_cache(maxsize=1)
def this_boot() -> str:
    """Return what names this boot of this machine."""
    try:
        return BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        # macOS: rounded, since it is computed anew from a clock that is set now and then.
        return f"{os.uname().nodename}-{round(psutil.boot_time(), -2):.0f}"


class Jumps:
    """Tells whether this machine's wall clock jumped lately, or the machine slept: then times before are of no use.

    It notices a jump the first time that it is asked after it.
    """

    LEAST = timedelta(seconds=5)
    """What a clock is corrected by in small steps is no jump."""

    def __init__(self, wall: Callable[[], float] = time.time, steady: Callable[[], float] = time.monotonic) -> None:
        self._wall = wall
        self._steady = steady
        self._ahead = wall() - steady()
        self._noticed: float | None = None

    def within(self, lately: timedelta) -> bool:
        """Tell whether a jump was noticed less than ``lately`` ago."""
        steady = self._steady()
        ahead = self._wall() - steady
        if abs(ahead - self._ahead) > self.LEAST.total_seconds():
            self._noticed = steady
        self._ahead = ahead
        return self._noticed is not None and steady - self._noticed < lately.total_seconds()


def utcnow() -> datetime:
    """Return the time now, aware, in UTC."""
    return datetime.now(UTC)
