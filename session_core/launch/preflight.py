"""What has to be right before anything is started; each mistake is one plain line that says what to change."""

from __future__ import annotations

import errno
import os
import socket
from dataclasses import dataclass
from pathlib import Path

from session_core.errors import FatalError
from session_core.launch.locks import try_lock
from session_core.settings import Settings

RUN_LOCK = "run.lock"


@dataclass(frozen=True)
class Address:
    """A port that one of our processes will listen on, and the setting that changes it."""

    host: str
    port: int
    setting: str


def addresses(settings: Settings) -> list[Address]:
    """Return every address that we will listen on."""
    wanted = [Address(settings.host, settings.port, "WHAHOOK_PORT")]
    if settings.sandbox_enabled:
        wanted.append(Address(settings.sandbox_host, settings.sandbox_port, "WHAHOOK_SANDBOX_PORT"))
        wanted.append(Address(settings.sandbox_host, settings.sandbox_https_port, "WHAHOOK_SANDBOX_HTTPS_PORT"))
    return wanted


def check_ports(settings: Settings) -> None:
    """Make sure that every port is free and that no two settings name the same one.

    Raises:
        FatalError: names the setting to change.
    """
    seen: dict[int, str] = {}
    for address in addresses(settings):
        if address.port in seen:
            raise _bad(f"{address.setting}: {address.port} is already {seen[address.port]}.", "Choose another port.")
        seen[address.port] = address.setting
        check_free(address)


def check_free(address: Address) -> None:
    """Make sure that ``address`` can be listened on.

    Raises:
        FatalError: names the setting to change.
    """
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    with socket.socket(family) as probe:
        # As the servers do: a connection that ended a moment ago does not keep the port.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address.host, address.port))
            probe.listen(1)
        except socket.gaierror:
            raise _bad(f"{_host_setting(address)}: {address.host} is not an address of this machine.") from None
        except OSError as error:
            raise _explained(address, error) from None


def _explained(address: Address, error: OSError) -> FatalError:
    if error.errno == errno.EADDRINUSE:
        return _bad(
            f"{address.setting}: port {address.port} is in use by another program.",
            f"End that program, or set {address.setting} to a free port.",
        )
    if error.errno == errno.EACCES:
        return _bad(f"{address.setting}: port {address.port} needs root.", "Set it to a port above 1023.")
    return _bad(f"{_host_setting(address)}: cannot listen on {address.host} ({error.strerror}).")


def _host_setting(address: Address) -> str:
    return address.setting.replace("_HTTPS", "").replace("_PORT", "_HOST")


def _bad(message: str, action: str = "") -> FatalError:
    return FatalError(message, code="bad_setting", action=action)


def is_running(folder: Path) -> bool:
    """Whether a supervisor runs with this data folder."""
    path = folder / RUN_LOCK
    if not path.is_file():
        return False
    lock = try_lock(path)
    if lock is not None:
        os.close(lock)
    return lock is None


def claim_data_folder(folder: Path) -> int:
    """Make the data folder if it is missing, for this user only, and mark it as ours until the process ends.

    Returns:
        File descriptor of the lock; keep it open.

    Raises:
        FatalError: another one runs with it, or it cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = try_lock(folder / RUN_LOCK)
    except OSError as error:
        raise _bad(f"WHAHOOK_DATA_DIR: cannot write to {folder} ({error.strerror}).") from None
    if lock is None:
        raise _bad(
            f"WHAHOOK_DATA_DIR: WhaHook already runs with {folder}.",
            "Stop that one, or set WHAHOOK_DATA_DIR to another folder.",
        )
    return lock
