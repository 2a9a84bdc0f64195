"""A real Valkey for tests: the embedded one, started by its own command."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import redis

from session_core.settings import Settings
from tests.servers.processes import start_service, stop, wait_until


class ValkeyServer:
    """One server with its own data folder. Killing and starting it again keeps data and URL."""

    def __init__(self, directory: Path, env: Mapping[str, str]) -> None:
        self.directory = directory
        self._env = {**env, "WHAHOOK_DATA_DIR": str(directory)}
        self.settings = Settings(data_dir=directory)
        self.url = f"unix://{self.settings.valkey_socket}"
        self.log = directory / "valkey.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers."""
        self.directory.mkdir(parents=True, exist_ok=True)
        self._process = start_service("valkey", env=self._env, log=self.log)
        wait_until(self._answers, timedelta(seconds=20), "Valkey answers")

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self.log.read_text()
        try:
            with redis.Redis.from_url(self.url) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False

    @property
    def pid(self) -> int:
        """Process id of the valkey-server."""
        assert self._process is not None
        return self._process.pid

    def kill(self) -> None:
        """SIGKILL, as a crash does it."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        """SIGTERM and wait; nothing happens when it is not running."""
        if self._process is not None:
            stop(self._process)


@contextmanager
def running_valkey_server(directory: Path, **env: str) -> Iterator[ValkeyServer]:
    """Run a server that the test can kill and start again; stopped at the end whatever happened."""
    server = ValkeyServer(directory, env)
    try:
        server.start()
        yield server
    finally:
        server.stop()


@contextmanager
def running_valkey(directory: Path) -> Iterator[str]:
    """Run a server, give its URL (a Unix socket, for redis-py and RQ)."""
    with running_valkey_server(directory) as server:
        yield server.url
