"""All of WhaHook as ``make run`` starts it, on free ports, with data of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import httpx
import psutil

from tests.servers.processes import free_ports, start, wait_until

START_TIMEOUT = timedelta(minutes=3)
"""With a build of the pages in it, on two busy cores."""
BECOMES = {"valkey": "valkey-server", "web": "granian"}
"""What these two are called once they have become another program."""
STOP_TIMEOUT = timedelta(seconds=40)


class WhaHook:
    """One running installation.

    Attributes:
        url: address of the pages and the API.
        sandbox_url: address of the sandbox, with its WhatsApp Web and its phones; ends with a slash.
        sandbox_https_port: where the same sandbox stands in for ``https://web.whatsapp.com``.
        data: the data folder, which survives `stop` and `start`.
        log: what it printed.
    """

    def __init__(self, data: Path, env: Mapping[str, str] | None = None, prefix: Sequence[str] = ()) -> None:
        web, sandbox, https = free_ports(3)
        self.url = f"http://localhost:{web}"
        self.sandbox_url = f"http://127.0.0.1:{sandbox}/"
        self.sandbox_https_port = https
        self.data = data
        self.log = data.with_name(data.name + ".log")
        self._env = {
            "WHAHOOK_DATA_DIR": str(data),
            "WHAHOOK_PORT": str(web),
            "WHAHOOK_SANDBOX_PORT": str(sandbox),
            "WHAHOOK_SANDBOX_HTTPS_PORT": str(https),
            **(env or {}),
        }
        self._command = [*prefix, sys.executable, "-m", "session_core", "run"]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until the page answers."""
        self._process = start(self._command, env=self._env, log=self.log)
        wait_until(self._well, START_TIMEOUT, "the page answers")

    def _well(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self.log.read_text()[-8000:]
        try:
            return httpx.get(f"{self.url}/healthz", timeout=2, trust_env=False).status_code == 200
        except httpx.HTTPError:
            return False

    @property
    def supervisor(self) -> psutil.Process:
        """The process that keeps the others running."""
        assert self._process is not None
        return psutil.Process(self._process.pid)

    def pid(self, name: str) -> int | None:
        """Return the process id of ``host``, ``worker``, ``web``, ``sandbox`` or ``valkey``; None while it is away."""
        for child in self.supervisor.children():
            try:
                # Valkey writes a title over its command line, so its name has to do.
                words = {child.name(), *(Path(word).name for word in child.cmdline())}
            except psutil.Error:
                continue
            if words & {name, BECOMES.get(name, name)}:
                return child.pid
        return None

    def kill(self, name: str) -> int:
        """SIGKILL one process, as a crash or the kernel's memory killer does it; returns the id it had."""
        pid = self.pid(name)
        assert pid is not None, f"{name} is not running: {self.log.read_text()[-4000:]}"
        os.kill(pid, signal.SIGKILL)
        return pid

    def stop(self) -> int:
        """Ctrl-C; waits until everything has ended and returns the exit code."""
        assert self._process is not None
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
        try:
            return self._process.wait(STOP_TIMEOUT.total_seconds())
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise


@contextmanager
def running_whahook(data: Path, env: Mapping[str, str] | None = None, prefix: Sequence[str] = ()) -> Iterator[WhaHook]:
    """Run all of WhaHook with the data folder ``data``; stopped at the end whatever happened.

    ``prefix``: words before the command, for example of a program that makes it another user's.
    """
    whahook = WhaHook(data, env, prefix)
    try:
        whahook.start()
        yield whahook
    finally:
        whahook.stop()
