"""One folder per account: WhatsApp's login lives in it. One browser at a time may have it open."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
from datetime import datetime
from pathlib import Path

import psutil
import structlog

from session_core.browser import processes, stamp
from session_core.browser.stamp import Stamp
from session_core.clock import this_boot
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
            self._stamp(boot=this_boot(), host=stamp.this_host())
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

    def prepare(self, chromium: str) -> None:
        """Make the profile ready for a Chromium of this version: what another one cached is dropped.

        Caches of another version are known to break pages ("detached frame", "execution context destroyed").
        """
        known = stamp.read(self.path).chromium
        if known != chromium:
            if known:
                log.info("chromium_changed", profile=self.path.name, before=known, now=chromium)
            self.prune()
            self._stamp(chromium=chromium)

    def opened(self) -> None:
        """Note that a browser came up on it."""
        if stamp.read(self.path).failed_opens:
            self._stamp(failed_opens=0)

    def failed_to_open(self) -> int:
        """Note that no browser came up on it; returns how often in a row that was."""
        return self._stamp(failed_opens=stamp.read(self.path).failed_opens + 1).failed_opens

    def quarantine(self, now: datetime) -> Path:
        """Put the folder aside under another name, with all that is in it; it is never deleted by us.

        Raises:
            FatalError: ``profile_unusable``, it cannot be renamed.
        """
        aside = quarantined(self.path, now)
        try:
            self.path.rename(aside)
        except OSError as error:
            raise FatalError(f"The profile cannot be put aside: {error.strerror}.", code="profile_unusable") from error
        log.error("profile_quarantined", profile=self.path.name, aside=aside.name)
        return aside

    def _stamp(self, **changes: object) -> Stamp:
        try:
            return stamp.change(self.path, **changes)
        except OSError as error:
            # Worth nothing compared with the session itself; a full disk is told by others.
            log.warning("profile_not_stamped", profile=self.path.name, error=error.strerror)
            return stamp.read(self.path)

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
        if lock.is_symlink() and not owner_is_dead(os.readlink(lock), self.path, stamp.read(self.path)):
            raise FatalError(
                "A browser on another machine may have this profile open.",
                code="profile_in_use",
                action="If it is really gone, delete the Singleton files in the profile folder.",
            )
        for name in SINGLETONS:
            (self.path / name).unlink(missing_ok=True)


def owner_is_dead(lock_target: str, profile: Path, last: Stamp) -> bool:
    """Tell whether the owner that a ``SingletonLock`` names (``host-pid``) is proved dead.

    Asked by who holds the profile's own lock, which a living host of the same kernel would hold. A machine is told from
    its name and from its boot: a container that was made anew has another name and the same boot, a machine that was
    started again the same name and another boot. What was on another machine cannot be looked at: it counts as alive.

    Args:
        lock_target: what the lock says.
        profile: whose lock it is.
        last: who had the profile open last.
    """
    host, _, number = lock_target.rpartition("-")
    if not number.isdigit():
        return False
    if host != stamp.this_host():
        return host == last.host and last.boot == this_boot()
    if host == last.host and last.boot not in {"", this_boot()}:
        return True
    try:
        command = psutil.Process(int(number)).cmdline()
    except psutil.NoSuchProcess:
        return True
    except psutil.Error:
        return False
    # A live process with that number that opens something else was given the number later.
    return not processes.names_profile(command, profile)


QUARANTINE = ".quarantine-"


def quarantined(path: Path, now: datetime) -> Path:
    """Return the name under which a profile is put aside at this time."""
    return path.with_name(f"{path.name}{QUARANTINE}{now:%Y%m%dT%H%M%S.%fZ}")


def is_quarantined(path: Path) -> bool:
    """Tell whether a folder is a profile that was put aside."""
    return QUARANTINE in path.name


def quarantines(path: Path) -> list[Path]:
    """Return what was put aside of a profile. Blocking."""
    return sorted(path.parent.glob(f"{path.name}{QUARANTINE}*"))


TRIAL = ".trial-"
"""Beginning of the name of an empty profile that only shows whether a browser comes up at all."""


def discard_trials(folder: Path) -> None:
    """Remove the trial profiles of a host that died while it tried, with their browsers. Blocking."""
    for path in folder.glob(f"{TRIAL}*"):
        processes.end(processes.of_profile(path))
        shutil.rmtree(path, ignore_errors=True)


def put_aside(path: Path, now: datetime) -> None:
    """Put an account's profile aside, with all that is in it. Blocking.

    Raises:
        FatalError: ``profile_in_use`` while a driver has it open; ``profile_unusable``.
    """
    profile = Profile(path)
    profile.acquire()
    try:
        profile.quarantine(now)
    finally:
        profile.release()


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
