"""The services that a test can hurt, each a process of its own."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import httpx
import psutil

from session_core.browser import processes
from tests.servers.processes import ROOT, free_ports, start_service, stop
from tests.waiting import eventually

PATIENCE = timedelta(seconds=90)
"""Two busy cores, and a few Chromiums that start."""

STOP_TIMEOUT = timedelta(seconds=40)


class HostProcess:
    """``python -m session_core host`` with a data folder of its own. ``enter``: what stands before the command."""

    def __init__(self, name: str, data: Path, env: Mapping[str, str], enter: Sequence[str] = ()) -> None:
        self._enter = enter
        self.name = name
        self.data = data
        self.log = data.with_name(data.name + ".log")
        self._env = {**env, "WHAHOOK_DATA_DIR": str(data)}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def sessions(self) -> Path:
        """Folder with the profiles."""
        return Path(self._env.get("WHAHOOK_SESSIONS_DIR", self.data / "whatsapp-sessions"))

    @property
    def id(self) -> str:
        """The id by which the others know it; it has one once it was started."""
        return (self.data / "host_id").read_text().strip()

    @property
    def pid(self) -> int:
        """Process id while it runs."""
        assert self._process is not None
        return self._process.pid

    @property
    def started(self) -> bool:
        """Whether it was started and not stopped since; it may have died."""
        return self._process is not None

    @property
    def alive(self) -> bool:
        """Whether it runs now."""
        return self._process is not None and self._process.poll() is None

    async def start(self, **env: str) -> None:
        """Start it, and wait until it has said who it is; ``env`` counts from now on."""
        self._env |= env
        self._process = start_service("host", env=self._env, log=self.log, enter=self._enter)
        lines = self.log.read_text().count("host_started")
        await eventually(lambda: self._text().count("host_started") > lines, PATIENCE, f"{self.name} has started")

    def _text(self) -> str:
        assert self._process is not None
        assert self._process.poll() is None, self.log.read_text()[-4000:]
        return self.log.read_text()

    def signal(self, number: int) -> None:
        """Send a signal to the process alone."""
        os.kill(self.pid, number)

    def signal_tree(self, number: int) -> None:
        """Send a signal to everything that the host started, and to itself: as if the machine were frozen."""
        for process in [*psutil.Process(self.pid).children(recursive=True), psutil.Process(self.pid)]:
            with suppress(psutil.NoSuchProcess):
                process.send_signal(number)

    def kill(self) -> None:
        """SIGKILL, as a crash or the kernel's memory killer does it."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    async def stop(self) -> int | None:
        """SIGTERM; returns the exit code once it has ended, None when it was not running."""
        process, self._process = self._process, None
        if process is None:
            return None
        with suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGCONT)
        return await asyncio.to_thread(stop, process, STOP_TIMEOUT)

    def browser(self, session_id: str) -> list[psutil.Process]:
        """Return the processes of an account's browser here."""
        return processes.of_profile(self.sessions / session_id)

    def child(self, chosen: Callable[[list[str]], bool]) -> psutil.Process:
        """Return the child, grandchild ... whose command line is the one looked for."""
        for process in psutil.Process(self.pid).children(recursive=True):
            with suppress(psutil.Error):
                if chosen(process.cmdline()):
                    return process
        raise AssertionError(f"{self.name} has no such process")


class WebProcess:
    """``python -m session_core web``: pages, API and Socket.IO."""

    def __init__(self, data: Path, env: Mapping[str, str]) -> None:
        port = free_ports(1)[0]
        self.url = f"http://localhost:{port}"
        self.log = data.with_name(data.name + ".log")
        self._env = {**env, "WHAHOOK_DATA_DIR": str(data), "WHAHOOK_PORT": str(port)}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Process id of granian's parent."""
        assert self._process is not None
        return self._process.pid

    async def start(self) -> None:
        """Start it and wait until it answers."""
        process = self._process = start_service("web", env=self._env, log=self.log, cwd=ROOT)

        async def answers() -> bool:
            assert process.poll() is None, self.log.read_text()[-4000:]
            with suppress(httpx.TransportError):
                return (await client.get("/healthz")).is_success
            return False

        async with httpx.AsyncClient(base_url=self.url, timeout=5) as client:
            await eventually(answers, PATIENCE, "the web process answers")

    async def stop(self) -> None:
        """SIGTERM, and wait."""
        if self._process is not None:
            await asyncio.to_thread(stop, self._process, STOP_TIMEOUT)
