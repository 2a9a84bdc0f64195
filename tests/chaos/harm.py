"""Ways to harm what runs."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sqlite3
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from pathlib import Path

import psutil
import pytest
from playwright.async_api import Page, async_playwright

from tests.servers.site import PATIENCE, HostProcess, Line
from tests.waiting import eventually

FAKETIME = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1")


def kill(*processes: psutil.Process) -> None:
    """SIGKILL."""
    send(signal.SIGKILL, *processes)


def send(number: int, *processes: psutil.Process) -> None:
    """Send a signal to processes that are known to be there."""
    assert processes, "there is nothing to be harmed"
    for process in processes:
        os.kill(process.pid, number)


def renderer(host: HostProcess, line: Line) -> psutil.Process:
    """Return the process that shows WhatsApp Web."""
    found = [process for process in host.browser(line.session_id) if "--type=renderer" in process.cmdline()]
    assert found, "there is no renderer"
    return max(found, key=lambda process: process.memory_info().rss)


def playwright_driver(host: HostProcess) -> psutil.Process:
    """Return the process through which the host speaks to its browsers."""
    return host.child(lambda command: "run-driver" in command)


def profile(host: HostProcess, line: Line) -> Path:
    """Return the folder with the account's login."""
    return host.sessions / line.session_id


@asynccontextmanager
async def page_of(host: HostProcess, line: Line) -> AsyncIterator[Page]:
    """Give the account's page, through a second connection to its browser."""
    port = (profile(host, line) / "DevToolsActivePort").read_text().splitlines()[0]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.connect_over_cdp(f"http://127.0.0.1:{port}")
        yield browser.contexts[0].pages[0]


def overwrite(folder: Path) -> int:
    """Fill every file of the databases in a folder with zeros; returns how many there were."""
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != "LOCK" and path.stat().st_size]
    for path in files:
        path.write_bytes(b"\0" * path.stat().st_size)
    return len(files)


async def backed_up(line: Line) -> None:
    """Have the login backed up, and wait until that is done."""
    made = await line.site.post(f"/accounts/{line.id}/backups")

    async def complete() -> bool:
        return bool((await line.site.get(f"/accounts/{line.id}/backups/{made['id']}"))["status"] == "complete")

    await eventually(complete, PATIENCE, "a backup")


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[None]:
    """Put what a folder holds on a small disk of its own; skips the test where none can be mounted."""
    aside = folder.with_name(folder.name + "-aside")
    folder.rename(aside)
    folder.mkdir(mode=0o700)
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0700", "tmpfs", str(folder)],
        check=False,
        capture_output=True,
        text=True,
    )
    if mounted.returncode:
        folder.rmdir()
        aside.rename(folder)
        pytest.skip(f"no small disk can be mounted here: {mounted.stderr.strip()}")
    try:
        shutil.copytree(aside, folder, symlinks=True, dirs_exist_ok=True)
        yield
        shutil.rmtree(aside)
        shutil.copytree(folder, aside, symlinks=True)
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)
        folder.rmdir()
        aside.rename(folder)


def fill(folder: Path) -> Path:
    """Write a file until the disk is full; deleting it makes room again."""
    path = folder / "filler"
    with path.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"\0" * 65536)
        except OSError:
            return path


async def lock(database: Path, time: timedelta) -> None:
    """Let nobody else write a SQLite file for so long, as another program does that works on it."""
    connection = sqlite3.connect(database, isolation_level=None, timeout=30)
    try:
        connection.execute("BEGIN EXCLUSIVE")
        await pause(time)
        connection.execute("COMMIT")
    finally:
        connection.close()


class Clock:
    """The wall clock of a process and of all that it starts; the steady one that deadlines use goes on."""

    def __init__(self, folder: Path) -> None:
        if not FAKETIME.exists():
            pytest.skip("libfaketime is not installed (Debian: apt install libfaketime)")
        self._file = folder / "clock"
        self.jump(timedelta(0))

    @property
    def env(self) -> dict[str, str]:
        """Settings for the process."""
        return {
            "LD_PRELOAD": str(FAKETIME),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }

    def jump(self, to: timedelta) -> None:
        """Set the clock so far ahead of the true time; a negative time is behind it."""
        fresh = self._file.with_suffix(".new")
        fresh.write_text(f"{to.total_seconds():+.0f}")
        fresh.replace(self._file)


async def pause(time: timedelta) -> None:
    """Let a fault last."""
    await asyncio.sleep(time.total_seconds())
