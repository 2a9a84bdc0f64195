"""Whether Chromium's own sandbox (the wall around a page, nothing to do with simulated phones) can be used."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from session_core.settings import Settings

# Asks the kernel itself, since distributions restrict user namespaces in different files and ways: for a new user, PID
# and network namespace at once, as Chromium does. Ubuntu allows the first alone, but none of the others inside it.
_PROBE = "import ctypes, sys; sys.exit(ctypes.CDLL(None).unshare(0x10000000 | 0x20000000 | 0x40000000) != 0)"
_PROBE_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Isolation:
    """The decision, and in one sentence why."""

    enabled: bool
    reason: str


def chromium_sandbox_enabled(settings: Settings) -> Isolation:
    """Decide whether Chromium runs with its sandbox. Off is worth a warning in the log and in the health report."""
    setting = settings.chromium_sandbox
    root = os.geteuid() == 0
    return decide(setting, root=root, namespaces=setting == "auto" and not root and user_namespaces_work())


def decide(setting: Literal["auto", "on", "off"], *, root: bool, namespaces: bool) -> Isolation:
    """Apply the rule. Chromium refuses to run as root with its sandbox, and needs user namespaces for it."""
    if setting == "off":
        return Isolation(False, "WHAHOOK_CHROMIUM_SANDBOX is off")
    if setting == "on":
        return Isolation(True, "WHAHOOK_CHROMIUM_SANDBOX is on")
    if root:
        return Isolation(False, "the host runs as root; run it as an ordinary user")
    if not namespaces:
        return Isolation(False, "this machine does not allow user namespaces to an ordinary user")
    return Isolation(True, "ordinary user, user namespaces work")


@lru_cache(maxsize=1)
def user_namespaces_work() -> bool:
    """Try, in a child process, to enter a user namespace of its own. Other systems than Linux do not need them."""
    if sys.platform != "linux":
        return True
    probe = [sys.executable, "-I", "-c", _PROBE]
    try:
        return subprocess.run(probe, check=False, capture_output=True, timeout=_PROBE_SECONDS).returncode == 0  # noqa: S603
    except subprocess.TimeoutExpired:
        return False
