"""How many sessions this machine can take, and the line of those that wait."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import psutil

SESSION_BYTES = 350 * 1024 * 1024
"""What one account's Chromium is planned with (measured: about 190 MB on a young page, real ones grow)."""

LOOK_AGAIN = timedelta(seconds=5)
"""Memory becomes free without anybody telling us."""

CGROUPS = Path("/sys/fs/cgroup")
OWN_CGROUP = Path("/proc/self/cgroup")


def cgroup_available(root: Path = CGROUPS, own: Path = OWN_CGROUP) -> int | None:
    """Return the bytes that are left under the tightest limit of our control groups (v2), None without a limit.

    Args:
        root: where the control groups are mounted.
        own: the file that names our own group.
    """
    try:
        line = next(line for line in own.read_text().splitlines() if line.startswith("0::"))
    except (OSError, StopIteration):
        return None
    group = root / line.removeprefix("0::").strip("/")
    left = [_left_in(folder) for folder in (group, *group.parents) if folder.is_relative_to(root)]
    return min((value for value in left if value is not None), default=None)


def _left_in(folder: Path) -> int | None:
    try:
        limit = int((folder / "memory.max").read_text())
        used = int((folder / "memory.current").read_text())
        stat = dict(line.split() for line in (folder / "memory.stat").read_text().splitlines())
    except (OSError, ValueError):
        return None
    # Pages of files that were only read are given back when somebody needs the room.
    return max(0, limit - used + int(stat.get("inactive_file", 0)))


def available_memory() -> int:
    """Return how many bytes this process may still use, by the machine and by its control group."""
    machine = int(psutil.virtual_memory().available)
    group = cgroup_available()
    return machine if group is None else min(machine, group)


class Seat:
    """A place that is held. Its memory is still to be taken: before its browser has grown, and again between two.

    Attributes:
        grown: whether its browser has taken its memory, so that what is available shows it.
    """

    def __init__(self, on_grown: Callable[[], None] | None = None) -> None:
        """Take the seat; ``on_grown`` is called whenever a browser of it has grown."""
        self.grown = False
        self._on_grown = on_grown

    def has_grown(self) -> None:
        """Note that its browser has taken what it needs. Saying it again changes nothing."""
        if self.grown:
            return
        self.grown = True
        if self._on_grown is not None:
            self._on_grown()

    def is_empty(self) -> None:
        """Note that its browser goes away; what that leaves is kept for the next one, which asks nobody."""
        self.grown = False


class Room:
    """Places for sessions, given out in the order of asking."""

    def __init__(self, max_sessions: int, memory: Callable[[], int] = available_memory) -> None:
        """Make the places.

        Args:
            max_sessions: how many there are; 0: as many as the memory allows.
            memory: tells the bytes that are left.
        """
        self._max = max_sessions
        self._memory = memory
        self._seats: set[Seat] = set()
        self._line: deque[object] = deque()
        self._moved = asyncio.Event()

    @property
    def taken(self) -> int:
        """Places that are held."""
        return len(self._seats)

    @property
    def waiting(self) -> int:
        """How many stand in line for a place."""
        return len(self._line)

    @property
    def left(self) -> int:
        """Places that are free now; those that were given out and whose browsers have not grown count whole."""
        if self._max:
            return max(0, self._max - self.taken)
        young = sum(not seat.grown for seat in self._seats)
        return max(0, self._memory() // SESSION_BYTES - young)

    @asynccontextmanager
    async def place(self, on_wait: Callable[[], None]) -> AsyncIterator[Seat]:
        """Hold a place for as long as the block lasts; ``on_wait`` is called once if it is not there at once."""
        seat = await self._queue_up(on_wait)
        try:
            yield seat
        finally:
            self._seats.remove(seat)
            self._moved.set()

    async def _queue_up(self, on_wait: Callable[[], None]) -> Seat:
        ticket = object()
        self._line.append(ticket)
        try:
            if self._must_wait(ticket):
                on_wait()
            while self._must_wait(ticket):
                self._moved.clear()
                await self._wait()
            # In the same step as the look, so that whoever is next sees it.
            seat = Seat(self._moved.set)
            self._seats.add(seat)
            return seat
        finally:
            self._line.remove(ticket)
            self._moved.set()

    def _must_wait(self, ticket: object) -> bool:
        return self._line[0] is not ticket or self.left <= 0

    async def _wait(self) -> None:
        try:
            async with asyncio.timeout(LOOK_AGAIN.total_seconds()):
                await self._moved.wait()
        except TimeoutError:
            return
