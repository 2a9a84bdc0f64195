"""One folder per account: WhatsApp's login lives in it. One browser at a time may have it open."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import socket
from pathlib import Path

import psutil
import structlog

from session_core.browser import processes
from session_core.errors import FatalError

log = structlog.get_logger(__name__)

LOCK_NAME = ".whahook.lock"
SINGLETONS = ("SingletonLock", "SingletonSocket", "SingletonCookie")
MIN_FREE_BYTES = 64 * 1024 * 1024
"""A young profile takes 35-42 MB (measured); with less room Chromium corrupts its databases."""

# Never IndexedDB, Local Storage or the service worker's database: the login and the messages are in there.
_CACHES = (
    "Cache",
    "Code Cache",
    "DawnCache",
    "DawnGraphiteCache",
    "DawnWebGPUCache",
    "GPUCache",
    "GPUPersistentCache",
    "GrShaderCache",
    "ShaderCache",
)


class Profile:
    """The folder of one account. All methods block on the disk: call them in a thread."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self._lock: int | None = None

    def acquire(self) -> None:
        """Make the folder (only its owner may look into it) and take it for this process.

        The lock is the kernel's: it ends with the process, however that dies. Processes that a dead host left
        behind on the profile are ended, and their stale lock files removed.

        Raises:
            FatalError: ``profile_in_use`` while another driver has it; ``disk_full``; ``profile_unusable``.
        """
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.path.chmod(0o700)
            self._lock = self._take_lock()
        except OSError as error:
            code = "disk_full" if error.errno in {errno.ENOSPC, errno.EDQUOT} else "profile_unusable"
            raise FatalError(f"The profile folder cannot be used: {error.strerror}.", code=code) from error
        try:
            self._clear_leftovers()
        except BaseException:
            self.release()
            raise

    def release(self) -> None:
        """Let others have the folder; harmless when it is not held."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def check_room(self) -> None:
        """See that the disk has room for a browser to work.

        Raises:
            FatalError: ``disk_full``.
        """
        if shutil.disk_usage(self.path).free < MIN_FREE_BYTES:
            raise FatalError("There is no room left on the disk.", code="disk_full", action="Make room on the disk.")

    def prune(self) -> None:
        """Delete what Chromium can download or compute again. Only while no browser has the folder."""
        for folder in (self.path, self.path / "Default"):
            for name in _CACHES:
                shutil.rmtree(folder / name, ignore_errors=True)

    def _take_lock(self) -> int:
        descriptor = os.open(self.path / LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            raise FatalError(
                "Another process has this account's browser profile open.",
                code="profile_in_use",
                action="Stop the other host, or give each host its own data folder.",
            ) from None
        return descriptor

    def _clear_leftovers(self) -> None:
        leftovers = processes.of_profile(self.path)
        if leftovers:
            log.warning("leftover_browser_found", profile=self.path.name, processes=len(leftovers))
        if processes.end(leftovers):
            raise FatalError("A browser of an earlier run does not end.", code="profile_in_use")
        lock = self.path / "SingletonLock"
        if lock.is_symlink() and not owner_is_dead(os.readlink(lock)):
            raise FatalError(
                "A browser on another machine may have this profile open.",
                code="profile_in_use",
                action="If it is really gone, delete the Singleton files in the profile folder.",
            )
        for name in SINGLETONS:
            (self.path / name).unlink(missing_ok=True)


def owner_is_dead(lock_target: str) -> bool:
    """Tell whether the owner that a ``SingletonLock`` names (``host-pid``) is proved dead.

    An owner on another machine cannot be looked at, so it counts as alive. A live process with that number counts as
    dead only when it has no ``--user-data-dir`` at all: the number was given to another program.
    """
    host, _, number = lock_target.rpartition("-")
    if host != socket.gethostname() or not number.isdigit():
        return False
    try:
        command = psutil.Process(int(number)).cmdline()
    except psutil.NoSuchProcess:
        return True
    except psutil.Error:
        return False
    return not any(arg.startswith(processes.SWITCH) for arg in command)


def delete(path: Path) -> None:
    """Delete an account's profile for good. Blocking.

    Raises:
        FatalError: ``profile_in_use`` while a driver has it open.
    """
    if not path.exists():
        return
    profile = Profile(path)
    profile.acquire()
    try:
        shutil.rmtree(path)
    finally:
        profile.release()
