"""Holding a browser still for the few milliseconds in which its files are taken.

A frozen browser that nobody wakes is the worst that a backup could do. It is woken by whoever froze it, whatever
happens; and when that process is killed or hangs, by a small watchdog process that reads the numbers of the frozen
processes from a pipe and wakes them when the pipe ends or the time is over.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import IO

import psutil
import structlog

from session_core.backups.errors import ProfileNotReadable

log = structlog.get_logger(__name__)

LONGEST = timedelta(seconds=5)
"""Far above what is needed (measured: 5 to 38 ms with links, under a second with copies), below what a page or
WhatsApp's server would notice as a break."""

_ROUNDS = 10
"""A browser that starts processes faster than they are stopped is not worth waiting for."""

_WATCHDOG_PATIENCE = timedelta(seconds=20)

_WATCHDOG = """
import os, select, signal, sys, time
until, frozen, buffer = None, [], b""
print("ready", flush=True)
while until is None or (left := until - time.monotonic()) > 0:
    if not select.select([0], [], [], None if until is None else left)[0]:
        break
    data = os.read(0, 4096)
    if not data:
        break
    if until is None:
        until = time.monotonic() + float(sys.argv[1])
    *lines, buffer = (buffer + data).split(b"\\n")
    frozen += [int(line) for line in lines]
for number in frozen:
    try:
        os.kill(number, signal.SIGCONT)
    except OSError:
        pass
"""

Find = Callable[[], Sequence[psutil.Process]]


class Frozen:
    """A browser that stands still now."""

    def __init__(self, processes: Sequence[psutil.Process], deadline: float) -> None:
        self._processes = processes
        self._deadline = deadline

    def check(self) -> None:
        """See that it still stands still; asked while copying and once more at the end.

        Raises:
            ProfileNotReadable: it was woken by the watchdog, or a process of it ended.
        """
        if time.monotonic() >= self._deadline:
            raise ProfileNotReadable("Copying the profile took too long.")

    def check_all(self) -> None:
        """Do what `check` does, and look at every process."""
        for process in self._processes:
            if not _stands_still(process.pid):
                raise ProfileNotReadable("The browser changed while its profile was being copied.")
        self.check()

    def wait(self) -> None:
        """Return when the signals have arrived everywhere, in every thread."""
        pause = threading.Event()
        while not all(_stands_still(process.pid) for process in self._processes):
            self.check()
            pause.wait(0.001)


@contextmanager
def frozen(find: Find, longest: timedelta = LONGEST) -> Iterator[Frozen]:
    """Stop every process that ``find`` names, until the block ends. Blocking.

    Args:
        find: names the processes of one browser; asked until no new one shows up.
        longest: then the watchdog wakes them, whatever is being done.

    Raises:
        ProfileNotReadable: there is no such process, or there are more and more.
    """
    with _watchdog(longest) as told:
        stopped: dict[int, psutil.Process] = {}
        deadline = time.monotonic() + longest.total_seconds()
        try:
            for _ in range(_ROUNDS):
                fresh = [process for process in find() if process.pid not in stopped and _lives(process)]
                if not fresh:
                    break
                _stop(fresh, stopped, told)
            else:
                raise ProfileNotReadable("The browser keeps starting processes.")
            if not stopped:
                raise ProfileNotReadable("No browser is running on the profile.")
            still = Frozen(list(stopped.values()), deadline)
            still.wait()
            yield still
            still.check_all()
        finally:
            for number in stopped:
                _wake(number)


def _stop(fresh: Sequence[psutil.Process], stopped: dict[int, psutil.Process], told: IO[bytes]) -> None:
    for process in fresh:
        # Told first: whatever happens to us after the next line, somebody knows whom to wake.
        told.write(b"%d\n" % process.pid)
        told.flush()
        stopped[process.pid] = process
        with suppress(psutil.NoSuchProcess):
            # psutil compares the start time, so a number that was given to somebody else is never stopped.
            process.suspend()


def _lives(process: psutil.Process) -> bool:
    """Tell whether a process can still do something; a dead one whose parent has not noticed cannot be stopped."""
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False


def _stands_still(number: int) -> bool:
    """Tell whether every thread of a process is stopped."""
    folder = Path("/proc", str(number), "task")
    try:
        if not folder.is_dir():
            return bool(psutil.Process(number).status() == psutil.STATUS_STOPPED)
        # The state stands behind the name, which is in brackets and may have anything in it.
        states = [path.joinpath("stat").read_text().rpartition(")")[2].split()[0] for path in folder.iterdir()]
    except (OSError, IndexError, psutil.Error):
        return False
    return bool(states) and set(states) <= {"T", "t"}


def _wake(number: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.kill(number, signal.SIGCONT)


@contextmanager
def _watchdog(longest: timedelta) -> Iterator[IO[bytes]]:
    """Run the watchdog; gives the pipe on which it learns whom to wake. Its end wakes them."""
    argv = [sys.executable, "-I", "-S", "-c", _WATCHDOG, str(longest.total_seconds())]
    watchdog = subprocess.Popen(  # noqa: S603 - our own interpreter and program
        argv,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        # Out of our group: what is sent to all of us must not reach it.
        start_new_session=True,
    )
    try:
        if watchdog.stdin is None or watchdog.stdout is None or not _answers(watchdog.stdout):
            raise ProfileNotReadable("The watchdog of the backup did not start.")
        with suppress(BrokenPipeError):
            yield watchdog.stdin
    finally:
        _end(watchdog)


def _answers(output: IO[bytes]) -> bool:
    ready, _, _ = select.select([output], [], [], _WATCHDOG_PATIENCE.total_seconds())
    return bool(ready) and output.readline() == b"ready\n"


def _end(watchdog: subprocess.Popen[bytes]) -> None:
    for pipe in (watchdog.stdin, watchdog.stdout):
        if pipe is not None:
            with suppress(OSError):
                pipe.close()
    try:
        watchdog.wait(_WATCHDOG_PATIENCE.total_seconds())
    except subprocess.TimeoutExpired:
        watchdog.kill()
        watchdog.wait()
