"""Ways to harm what runs."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sqlite3
import struct
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import psutil
import pytest
from playwright.async_api import Page, async_playwright

from tests.servers.services import PATIENCE, HostProcess
from tests.servers.site import Line
from tests.waiting import eventually

OWN_CLOCK = Path(__file__).with_name("own_clock.c")


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


@dataclass
class Clock:
    """The wall clock of some processes, in seconds from the true time, and how long they believe to have slept.

    The steady clock, by which programs wait, is left alone: it does not jump, and stands still while a machine sleeps.
    """

    library: Path
    file: Path

    @classmethod
    def made(cls, folder: Path) -> Clock:
        """Make one that is right, with its files in a folder; skips the test where that does not work."""
        compiler = shutil.which("cc")
        if compiler is None or not sys.platform.startswith("linux"):
            pytest.skip(
                "a clock of their own for some processes takes Linux and a C compiler (Debian: apt install gcc)"
            )
        clock = cls(folder / "own_clock.so", folder / "clock")
        command = [compiler, "-shared", "-fPIC", "-O2", "-o", str(clock.library), str(OWN_CLOCK)]
        subprocess.run(command, check=True, capture_output=True, timeout=60)
        clock.set(timedelta(0))
        return clock

    @property
    def env(self) -> dict[str, str]:
        """Settings for the processes, and for all that they start."""
        return {"LD_PRELOAD": str(self.library), "OWN_CLOCK": str(self.file)}

    def set(self, ahead: timedelta, slept: timedelta = timedelta(0)) -> None:
        """Let the time jump: so far ahead of the true time, after so much sleep of the machine."""
        # In place: the processes have it mapped.
        with self.file.open("r+b" if self.file.exists() else "wb") as file:
            file.write(struct.pack("=qq", int(ahead.total_seconds()), int(slept.total_seconds())))


async def pause(time: timedelta) -> None:
    """Let a fault last."""
    await asyncio.sleep(time.total_seconds())
