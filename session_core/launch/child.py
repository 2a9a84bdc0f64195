"""One process that is kept running: its lines get a name, its death leads to a new start."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import IO

from session_core.launch.parent import child_environment
from session_core.tasks import spawn

FIRST_PAUSE = timedelta(milliseconds=500)
LONGEST_PAUSE = timedelta(seconds=30)
STEADY = timedelta(seconds=30)
"""A process that ran this long is healthy: after its death the pauses begin anew."""
LAST_LINES = timedelta(seconds=2)
"""Wait for output after the end: somebody else may hold the pipe open."""
LOOK_EVERY = timedelta(milliseconds=50)
LONGEST_LINE = 1 << 16
"""Bytes; a longer line is cut into pieces."""


def pause_before_start(failures: int) -> timedelta:
    """Return how long to wait after ``failures`` deaths in a row: doubling, from `FIRST_PAUSE` to `LONGEST_PAUSE`."""
    doublings = min(failures - 1, 10)
    return min(LONGEST_PAUSE, FIRST_PAUSE * (1 << doublings))


class Child:
    """Starts one program as leader of a process group of its own, and can end all of it."""

    def __init__(
        self, argv: Sequence[str], env: Mapping[str, str], on_line: Callable[[bytes], None], stop_timeout: timedelta
    ) -> None:
        """Prepare; nothing runs before `start`.

        Args:
            argv: the command line.
            env: its environment; the note to follow this process is added.
            on_line: called with each line of its output, without the line's end.
            stop_timeout: longest clean stop after SIGTERM.
        """
        self._argv = list(argv)
        self._env = child_environment(env)
        self._on_line = on_line
        self._stop_timeout = stop_timeout
        self._process: subprocess.Popen[bytes] | None = None
        self._started = 0.0

    @property
    def pid(self) -> int | None:
        """Process id while it runs or nobody has noticed its end yet, else None."""
        return None if self._process is None or self._process.returncode is not None else self._process.pid

    @property
    def age(self) -> timedelta:
        """Time since the start."""
        return timedelta(seconds=time.monotonic() - self._started)

    def start(self) -> None:
        """Start it. From the main thread only: the kernel ends it with the thread that started it."""
        self._started = time.monotonic()
        self._process = subprocess.Popen(  # noqa: S603 - our own commands, no shell
            self._argv,
            env=self._env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    async def wait(self) -> int:
        """Pass its lines on until it ends; then end what is left of its group. Returns the exit code."""
        process = self._process
        if process is None or process.stdout is None:
            raise RuntimeError("not started")
        reading = spawn(self._read(process.stdout), name=f"output-of-{process.pid}")
        try:
            code = await self._end()
            self._signal_group(signal.SIGKILL)
            await asyncio.wait([reading], timeout=LAST_LINES.total_seconds())
        finally:
            reading.cancel()
        return code

    async def _end(self) -> int:
        # Not asyncio's own wait(): in some versions of Python that waits for the pipe too, which a stray may hold open.
        while (code := self._poll()) is None:  # noqa: ASYNC110
            await asyncio.sleep(LOOK_EVERY.total_seconds())
        return code

    def _poll(self) -> int | None:
        return 0 if self._process is None else self._process.poll()

    async def _read(self, pipe: IO[bytes]) -> None:
        reader = asyncio.StreamReader()
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), pipe
        )
        try:
            async for line in _lines(reader):
                self._on_line(line)
        finally:
            transport.close()

    async def stop(self) -> None:
        """SIGTERM to the leader, which ends its own children; after the time is over SIGKILL to the whole group."""
        if self._process is None or self._poll() is not None:
            return
        self._process.terminate()
        try:
            await asyncio.wait_for(self._end(), self._stop_timeout.total_seconds())
        except TimeoutError:
            self.kill()
            await asyncio.wait_for(self._end(), LAST_LINES.total_seconds())

    def kill(self) -> None:
        """SIGKILL to the whole group, now."""
        self._signal_group(signal.SIGKILL)

    def _signal_group(self, number: int) -> None:
        # The id of a group stays taken while anybody is in it, so this cannot hit a stranger right after the end.
        if self._process is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, number)


async def _lines(stream: asyncio.StreamReader) -> AsyncIterator[bytes]:
    """Yield lines without their end; one that is longer than `LONGEST_LINE` in pieces, where readline() would fail."""
    rest = b""
    while chunk := await stream.read(LONGEST_LINE):
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            yield line
        if len(rest) >= LONGEST_LINE:
            yield rest
            rest = b""
    if rest:
        yield rest
