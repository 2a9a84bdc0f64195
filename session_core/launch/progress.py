"""Long steps: one line that says what is going on and for how long; the output of the step only when it fails."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import TextIO

import psutil

from session_core.errors import FatalError
from session_core.launch.orphans import kill_trees
from session_core.launch.parent import child_environment

TAIL_LINES = 40
REFRESH = timedelta(seconds=1)
REPEAT_IN_A_FILE = timedelta(seconds=15)
"""On a terminal the line is drawn anew each second; in a log file a line this often is enough."""


def say(text: str, *, stream: TextIO | None = None) -> None:
    """Write one line for the person who waits."""
    print(text, file=stream or sys.stdout, flush=True)


class ProgressLine:
    """Tells that a step is still going on."""

    def __init__(self, title: str, stream: TextIO | None = None) -> None:
        """Show ``title``.

        Args:
            title: what happens, e.g. ``"Building the pages"``.
            stream: where to; default stdout.
        """
        self._title = title
        self._stream = stream or sys.stdout
        self._terminal = self._stream.isatty()
        self._started = self._shown = time.monotonic()
        self._write("...", final=not self._terminal)

    @property
    def seconds(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self._started

    def tick(self) -> None:
        """Show how long it takes by now; call it as often as you like."""
        pause = REFRESH if self._terminal else REPEAT_IN_A_FILE
        if time.monotonic() - self._shown >= pause.total_seconds():
            self._shown = time.monotonic()
            self._write(f"... {self.seconds:.0f} s", final=not self._terminal)

    def end(self, result: str = "done") -> None:
        """Show the result and the time that it took."""
        self._write(f": {result} ({self.seconds:.1f} s)", final=True)

    def _write(self, rest: str, *, final: bool) -> None:
        start, end = ("\r\033[K" if self._terminal else ""), ("\n" if final else "")
        self._stream.write(f"{start}{self._title}{rest}{end}")
        self._stream.flush()


def run_step(
    title: str,
    argv: Sequence[str],
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    timeout: timedelta = timedelta(minutes=10),
) -> None:
    """Run a program behind a progress line.

    Raises:
        FatalError: it failed or took longer than ``timeout``; the message ends with the last lines of its output.
    """
    line = ProgressLine(title)
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(  # noqa: S603 - our own commands, no shell
            list(argv),
            env=child_environment(env),
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            code = _wait(process, line, timeout)
        finally:
            _kill(process)
        if code == 0:
            line.end()
            return
        line.end("failed")
        output.seek(0)
        tail = output.read().decode(errors="replace").splitlines()[-TAIL_LINES:]
    reason = f"exit code {code}" if code is not None else f"no end after {timeout.total_seconds():.0f} seconds"
    shown = "\n".join(f"    {text}" for text in tail)
    raise FatalError(f"{title} failed ({reason}): {' '.join(argv)}\n{shown}", code="step_failed")


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End the step with everything that it started; nothing happens when it has ended."""
    if process.poll() is None:
        kill_trees([psutil.Process(process.pid)])
        process.wait()


def _wait(process: subprocess.Popen[bytes], line: ProgressLine, timeout: timedelta) -> int | None:
    """Return the exit code, None when the time is over."""
    while line.seconds < timeout.total_seconds():
        try:
            return process.wait(0.2)
        except subprocess.TimeoutExpired:
            line.tick()
    return None
