"""What a store of archives promises. Everything blocks: run it in a thread."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import Protocol
from uuid import UUID

from session_core.backups.streams import Readable, Stop

SUFFIX = ".wabk"

_PATH = re.compile(r"[0-9a-f-]{36}/[0-9a-f-]{36}/[0-9A-Za-z_-]{1,80}\.wabk")


class ArchiveStore(Protocol):
    """Keeps archives by path. A path is never written twice.

    Attributes:
        name: what rows call it.
    """

    name: str

    def put(self, path: str, source: Path, stop: Stop) -> None:
        """Keep a copy of ``source`` under ``path``: all of it or nothing, and for good when this returns.

        Raises:
            StoreAway: it did not work; may be tried again with another path.
            FatalError: it will not work before somebody changes something (``backup_store_refused``).
            OSError: the disk is full or broken.
        """
        ...

    def open(self, path: str, start: int = 0) -> AbstractContextManager[Readable]:
        """Read an archive from its beginning, or from the byte ``start`` on, without having all of it in memory.

        Raises:
            BackupMissing: there is none under ``path``.
            StoreAway: it cannot be reached; also while reading.
        """
        ...

    def delete(self, path: str) -> None:
        """Remove an archive; nothing happens when there is none.

        Raises:
            StoreAway: nobody knows whether it is gone.
        """
        ...

    def has(self, path: str) -> bool:
        """Tell whether there is an archive under ``path``.

        Raises:
            StoreAway: nobody knows.
        """
        ...

    def of_account(self, user_id: UUID, account_id: UUID) -> Iterator[str]:
        """Give the paths of every archive of an account, also of those without a row.

        Raises:
            StoreAway: it cannot be reached.
        """
        ...


def new_path(user_id: UUID, account_id: UUID, backup_id: UUID, at: datetime) -> str:
    """Return the path of a new archive: never used before, and in the order of time within an account."""
    return f"{user_id}/{account_id}/{at:%Y%m%dT%H%M%SZ}-{backup_id}{SUFFIX}"


def is_path(text: str) -> bool:
    """Tell whether ``text`` is such a path: nothing else is ever looked up or removed."""
    return _PATH.fullmatch(text) is not None
