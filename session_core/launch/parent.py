"""A process that somebody started must not outlive whoever started it.

The supervisor puts its process id into ``WHAHOOK_PARENT_PID``. On Linux the kernel tells the child when that process is
gone (``PR_SET_PDEATHSIG``, which survives ``exec``); everywhere a small thread looks as well, and insists when SIGTERM
did not help.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import NoReturn

PARENT_PID = "WHAHOOK_PARENT_PID"
"""Environment variable: id of the process that the reader must not outlive."""

LOOK_EVERY = timedelta(seconds=1)
GRACE = timedelta(seconds=25)
"""Longest clean stop of a service after its parent is gone; above the host's own time for browsers and backups."""

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def child_environment(base: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return ``base`` (default: our environment) with the note that a child must follow this process."""
    return {**(os.environ if base is None else base), PARENT_PID: str(os.getpid())}


def _take_expected_parent() -> int | None:
    """Return the id of the process that this one must not outlive, None when nobody said so.

    It is read once and taken out of the environment: it is not meant for what this process starts itself.
    """
    value = os.environ.pop(PARENT_PID, "")
    return int(value) if value.isdigit() else None


def adopt_orphans() -> bool:
    """Become the parent of descendants whose own parent dies, so that they can be ended. False: not possible here."""
    return _LIBC is not None and _LIBC.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0


def signal_at_parents_death() -> bool:
    """Ask the kernel for SIGTERM when the thread that started this process ends. False: not possible here."""
    return _LIBC is not None and _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0) == 0


def follow_parent() -> None:
    """End this process when its parent does: SIGTERM first, after `GRACE` SIGKILL to the whole process group.

    Does nothing when nobody asked for it by ``WHAHOOK_PARENT_PID`` (a service started by hand or by systemd).
    """
    _follow(_take_expected_parent())


def _follow(parent: int | None) -> None:
    if parent is None:
        return
    signal_at_parents_death()
    if os.getppid() != parent:  # it died before we could ask the kernel
        raise SystemExit(0)
    threading.Thread(target=_watch, args=(parent,), name="follow-parent", daemon=True).start()


def _watch(parent: int) -> None:
    pause = threading.Event()
    while os.getppid() == parent:
        pause.wait(LOOK_EVERY.total_seconds())
    os.kill(os.getpid(), signal.SIGTERM)
    pause.wait(GRACE.total_seconds())
    target = os.killpg if os.getpgrp() == os.getpid() else os.kill
    target(os.getpid(), signal.SIGKILL)


def exec_following_parent(argv: Sequence[str], env: Mapping[str, str] | None = None) -> NoReturn:
    """Become the program ``argv``, which then ends with the parent of this process.

    Where the kernel cannot promise that (macOS), this process stays, passes signals on and watches.
    """
    parent = _take_expected_parent()
    environment = {name: value for name, value in (os.environ if env is None else env).items() if name != PARENT_PID}
    if parent is None or signal_at_parents_death():
        if parent is not None and os.getppid() != parent:
            raise SystemExit(0)
        sys.stdout.flush()
        sys.stderr.flush()
        os.execve(argv[0], list(argv), environment)  # noqa: S606 - the caller's own program, no shell
    _follow(parent)
    child = subprocess.Popen(list(argv), env=environment, close_fds=False)  # noqa: S603 - see above
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda received, _frame: _pass_on(child, received))
    raise SystemExit(child.wait())


def _pass_on(child: subprocess.Popen[bytes], number: int) -> None:
    with suppress(ProcessLookupError):
        child.send_signal(number)
