"""The process that ends browsers whose time is over, with processes that pass for browsers."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import psutil
import pytest

from session_core.clock import uptime
from session_core.host.guard import WatchdogGuard
from session_core.host.watchdog import AWAKE_WITHIN, Watch
from tests.waiting import eventually


@pytest.fixture
def browsers() -> Iterator[list[subprocess.Popen[bytes]]]:
    started: list[subprocess.Popen[bytes]] = []
    yield started
    for process in started:
        process.kill()
        process.wait()


def browser(browsers: list[subprocess.Popen[bytes]], profile: Path) -> subprocess.Popen[bytes]:
    """Start a process that has the profile open as far as anybody can see, and ignores polite signals."""
    code = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); signal.pause()"
    process = subprocess.Popen([sys.executable, "-c", code, f"--user-data-dir={profile}"])
    browsers.append(process)
    return process


@pytest.fixture
async def guard(tmp_path: Path) -> AsyncIterator[WatchdogGuard]:
    guard = WatchdogGuard(tmp_path)
    await guard.start()
    try:
        yield guard
    finally:
        await guard.stop()


async def test_a_browser_ends_when_its_time_is_over_and_not_before(
    guard: WatchdogGuard, tmp_path: Path, browsers: list[subprocess.Popen[bytes]]
) -> None:
    over, prolonged, forgotten, foreign = [browser(browsers, tmp_path / name) for name in "abcd"]
    ids = [uuid4() for _ in range(3)]
    until = uptime() + 1
    for account_id, name in zip(ids, "abc", strict=True):
        guard.until(account_id, name, until)
    guard.until(ids[1], "b", until + 60)
    guard.forget(ids[2])
    await eventually(lambda: over.poll() is not None)
    assert over.returncode == -signal.SIGKILL
    assert uptime() >= until
    assert [process.poll() for process in (prolonged, forgotten, foreign)] == [None] * 3
    # One that is launched afterwards ends too: its host did not know yet.
    late = browser(browsers, tmp_path / "a")
    await eventually(lambda: late.poll() is not None)
    guard.until(ids[1], "b", 0.0)
    await eventually(lambda: prolonged.poll() is not None)


async def test_the_end_of_the_host_is_the_end_of_its_browsers(
    tmp_path: Path, browsers: list[subprocess.Popen[bytes]]
) -> None:
    mine, foreign = browser(browsers, tmp_path / "a"), browser(browsers, tmp_path / "b")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "session_core.host.watchdog", stdin=asyncio.subprocess.PIPE
    )
    assert process.stdin is not None
    # Not even Ctrl-C or a polite end reach it: it has to outlive the host that they were meant for.
    process.stdin.write(b"nonsense\n[]\n")
    fact = {"account": "1", "profile": str(tmp_path / "a"), "until": uptime() + 600}
    process.stdin.write(json.dumps(fact).encode() + b"\n")
    await process.stdin.drain()
    await eventually(lambda: _ignores(process.pid, signal.SIGTERM))
    process.terminate()
    process.stdin.close()
    assert await asyncio.wait_for(process.wait(), 10) == 0
    await eventually(lambda: mine.poll() is not None)
    assert foreign.poll() is None


async def test_a_watchdog_that_died_is_replaced_and_knows_everything_again(
    guard: WatchdogGuard, tmp_path: Path, browsers: list[subprocess.Popen[bytes]]
) -> None:
    running = browser(browsers, tmp_path / "a")
    account_id = uuid4()
    guard.until(account_id, "a", uptime() + 60)
    assert guard._process is not None
    first = guard._process.pid
    os.kill(first, signal.SIGKILL)
    await eventually(lambda: guard._process is not None and guard._process.pid != first)
    assert running.poll() is None
    guard.until(account_id, "a", 0.0)
    await eventually(lambda: running.poll() is not None)


def test_without_facts_there_is_nothing_to_wait_for() -> None:
    watch = Watch()
    assert watch.patience(1.0) is None
    watch.read(b'{"account": "1", "profile": "/p", "until": 5}')
    watch.read(b'{"account": "2", "profile": "/q", "until": 3}')
    watch.read(b'{"account": "3", "until": "soon"}')
    assert watch.patience(2.9) == pytest.approx(0.1)
    assert watch.patience(9.0) == 0.0
    watch.read(b'{"account": "2"}')
    assert watch.patience(4.9) == pytest.approx(0.1)


def test_the_clock_is_looked_at_often_since_waiting_stands_still_while_the_machine_sleeps() -> None:
    watch = Watch()
    watch.read(b'{"account": "1", "profile": "/p", "until": 5000}')
    assert watch.patience(1.0) == AWAKE_WITHIN


def _ignores(pid: int, number: int) -> bool:
    status = Path(f"/proc/{pid}/status")
    if not status.exists():
        return psutil.Process(pid).is_running()
    mask = next(line for line in status.read_text().splitlines() if line.startswith("SigIgn:")).split()[1]
    return bool(int(mask, 16) & 1 << (number - 1))
