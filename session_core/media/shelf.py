"""Where files are kept: a folder, or a private bucket of Supabase Storage. The user's file name is never used."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, asynccontextmanager
from functools import partial
from pathlib import Path
from uuid import UUID

from session_core.backups.stores.contract import ArchiveStore
from session_core.backups.stores.local import LocalFileStore
from session_core.backups.stores.supabase import SupabaseStore
from session_core.backups.streams import Readable
from session_core.errors import NotFound
from session_core.media.threads import OneThread, one_thread
from session_core.settings import Settings

PIECE = 256 * 1024
"""Bytes that are read at once."""

_PATH = re.compile(r"[0-9a-f-]{36}/[0-9a-f]{2}/[0-9a-f-]{36}")


def path_of(user_id: UUID, media_id: UUID) -> str:
    """Return the path of a file: by ids only, in at most 256 folders a user."""
    return f"{user_id}/{media_id.hex[:2]}/{media_id}"


def is_path(text: str) -> bool:
    """Tell whether ``text`` is such a path: nothing else is ever looked up or removed."""
    return _PATH.fullmatch(text) is not None


class Reader:
    """Reads a kept file, piece by piece."""

    def __init__(self, thread: OneThread, source: Readable) -> None:
        self._thread = thread
        self._source = source

    async def read(self, size: int = PIECE) -> bytes:
        """Return at most ``size`` bytes; none at the end.

        Raises:
            StorageAway: the rest cannot be had.
        """
        return await self._thread.run(partial(self._source.read, size)) or b""

    async def pieces(self, size: int) -> AsyncIterator[bytes]:
        """Yield ``size`` bytes, fewer when there are not that many."""
        while size > 0:
            piece = await self.read(min(PIECE, size))
            if not piece:
                return
            size -= len(piece)
            yield piece


class Shelf:
    """Keeps files and gives them back. Cheap to make: nothing is contacted before it is needed."""

    def __init__(self, settings: Settings) -> None:
        """Prepare.

        Args:
            settings: where files go; what was kept before the settings changed is still found where it is.
        """
        self._folder = settings.media_files_dir
        self._local = LocalFileStore(self._folder / "files", is_path)
        self._stores: dict[str, ArchiveStore] = {self._local.name: self._local}
        self._current: ArchiveStore = self._local
        url, key = settings.supabase_url, settings.supabase_service_role_key
        if url is not None and key is not None:
            bucket = SupabaseStore(url, key, settings.media_bucket, is_path)
            self._stores[bucket.name] = bucket
            if settings.media_store != "local":
                self._current = bucket

    @property
    def workshop(self) -> Path:
        """Where files are taken in: on the same disk as the folder in which they may be kept."""
        return self._folder / "incoming"

    @property
    def name(self) -> str:
        """The store that new files go to, as rows call it."""
        return self._current.name

    async def keep(self, path: str, source: Path) -> None:
        """Keep a file of the workshop under ``path``, for good when this returns; ``source`` may be gone then.

        Raises:
            StorageFull, StorageAway, FatalError: nothing is there under ``path``.
        """
        with one_thread("media-keep") as thread:
            if self._current is self._local:
                await thread.run(partial(self._local.adopt, path, source))
            else:
                await thread.run(partial(self._current.put, path, source, _never))

    @asynccontextmanager
    async def open(self, store: str, path: str, start: int = 0) -> AsyncIterator[Reader]:
        """Read a kept file from the byte ``start`` on.

        Raises:
            NotFound: the store does not have it.
            StorageAway: it cannot be reached.
        """
        with one_thread("media-read") as thread:
            opened: AbstractContextManager[Readable] = self._store(store).open(path, start)
            source = await thread.run(opened.__enter__)
            try:
                yield Reader(thread, source)
            finally:
                thread.last(partial(opened.__exit__, None, None, None))

    def place(self, store: str, path: str) -> Path | None:
        """Return where a kept file lies on this machine's disk; None when it lies elsewhere."""
        return self._local.place(path) if store == self._local.name else None

    async def remove(self, store: str, path: str) -> None:
        """Remove a file; nothing happens when there is none.

        Raises:
            StorageAway: nobody knows whether it is gone.
        """
        with one_thread("media-remove") as thread:
            await thread.run(partial(self._store(store).delete, path))

    def _store(self, name: str) -> ArchiveStore:
        if name not in self._stores:
            raise NotFound("media")
        return self._stores[name]


def _never() -> None:
    """Nobody breaks an upload off: it ends by its own limits."""
