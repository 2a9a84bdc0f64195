"""How the C library hands memory back.

A service that runs for months takes big blocks now and then (a backup is packed, a file comes in, a page of messages is
read), from several threads. By default glibc keeps a pool for each thread, up to eight a core, and learns from the
first big block that was freed to keep such blocks for ever: a host grew by a third in 20 minutes of a soak, while what
it held in them stayed the same.
"""

from __future__ import annotations

import ctypes
from contextlib import suppress
from typing import Protocol

# From glibc's malloc.h.
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8

_OPTIONS = {
    _M_ARENA_MAX: 2,  # under Python's lock threads hardly ever allocate at the same moment
    _M_MMAP_THRESHOLD: 128 * 1024,  # glibc's own, which being set no longer grows
    _M_TRIM_THRESHOLD: 256 * 1024,
}


class Library(Protocol):
    """The C library."""

    def mallopt(self, option: int, value: int) -> int:
        """Set an option of the allocator; 0 when it is not known."""
        ...


def keep_memory_small(library: Library | None = None) -> None:
    """Set the allocator of this process; nothing happens where it is not glibc's. Called before there are threads."""
    with suppress(AttributeError, OSError, TypeError):
        found: Library = library or ctypes.CDLL(None)
        for option, value in _OPTIONS.items():
            found.mallopt(option, value)
