"""Starting and ending real processes in tests: none outlives the test run, none is waited for by sleeping."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from datetime import timedelta
from pathlib import Path

from session_core.launch.parent import child_environment
from session_core.settings.misspelt import setting_names

ROOT = Path(__file__).resolve().parents[2]


def wait_until(condition: Callable[[], object], timeout: timedelta = timedelta(seconds=10), what: str = "") -> None:
    """Return as soon as ``condition()`` is true; fail the test when it is not within ``timeout``."""
    deadline = time.monotonic() + timeout.total_seconds()
    pause = threading.Event()
    while not condition():
        assert time.monotonic() < deadline, f"not within {timeout.total_seconds():g} s: {what or condition}"
        pause.wait(0.02)


def free_ports(count: int) -> list[int]:
    """Return ports that are free now, all different."""
    with ExitStack() as probes:
        return [probes.enter_context(socket.create_server(("127.0.0.1", 0))).getsockname()[1] for _ in range(count)]


def foreign_settings() -> set[str]:
    """Return the variables that must not reach a test; where Chromium is depends on the machine, so that one may."""
    return setting_names() - {"CHROMIUM_PATH"}


def clean_environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return our environment without settings of the product, plus ``extra``; a child with it follows this process."""
    forget = foreign_settings()
    inherited = {name: value for name, value in os.environ.items() if name not in forget}
    return {**child_environment(inherited), "WHAHOOK_ENV_FILE": os.devnull, **(extra or {})}


def start_service(
    *words: str,
    env: Mapping[str, str],
    log: Path,
    cwd: Path | None = None,
    new_group: bool = True,
    enter: Sequence[str] = (),
) -> subprocess.Popen[bytes]:
    """Start ``python -m session_core WORDS`` with its output in ``log``; ``enter``: what stands before the command."""
    command = [*enter, sys.executable, "-m", "session_core", *words]
    return start(command, env=env, log=log, cwd=cwd, new_group=new_group)


def start(
    argv: Sequence[str], *, env: Mapping[str, str], log: Path, cwd: Path | None = None, new_group: bool = True
) -> subprocess.Popen[bytes]:
    """Start a program with its output in the file ``log``."""
    with log.open("ab") as output:
        return subprocess.Popen(
            list(argv),
            env={**clean_environment(), "PYTHONPATH": str(ROOT), **env},
            cwd=cwd or ROOT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=new_group,
        )


def stop(process: subprocess.Popen[bytes], grace: timedelta = timedelta(seconds=10)) -> int:
    """End ``process`` with SIGTERM, after ``grace`` with SIGKILL; return its exit code."""
    with suppress(ProcessLookupError):
        process.terminate()
    try:
        return process.wait(grace.total_seconds())
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()
