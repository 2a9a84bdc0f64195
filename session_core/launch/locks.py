"""Lock files: one process at a time, and no stale lock after a crash (the kernel lets go of it)."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path


def try_lock(path: Path, *, inheritable: bool = False) -> int | None:
    """Lock the file ``path``, which is made when it is missing.

    Args:
        path: lock file; its folder exists.
        inheritable: keep the lock over ``exec``.

    Returns:
        The open file descriptor (the lock lasts until it is closed), or None when another process holds the lock.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    os.set_inheritable(descriptor, inheritable)
    return descriptor
