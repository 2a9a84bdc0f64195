"""Taking a file in: piece by piece into a file without a name that anybody chose, counted, hashed, limited.

Nothing of it can be seen before it is whole, and nothing of it stays when it does not become whole.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import time
from collections.abc import AsyncIterable, AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path

from session_core.media.errors import MediaTooLarge
from session_core.media.sniff import HEAD, sniff
from session_core.media.threads import one_thread

BUFFER = 512 * 1024
"""Bytes that are collected before they are written: each write is a trip to another thread."""

UNFINISHED = "part-"

ABANDONED = timedelta(days=1)
"""Into a file that was not written to for so long nobody writes any more: its process was killed."""


@dataclass(frozen=True, slots=True)
class TakenIn:
    """A whole file that is not kept yet. ``path`` is gone when the block of `take_in` ends."""

    path: Path
    size: int
    sha256: str
    head: bytes

    def mime(self, filename: str | None) -> str:
        """Return its type, by its bytes."""
        return sniff(self.head, filename)


class _Sink:
    """The file that is being written. Everything blocks."""

    def __init__(self, folder: Path) -> None:
        self._digest = hashlib.sha256()
        self._head = b""
        self._size = 0
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        clear(folder)
        self._path = folder / f"{UNFINISHED}{secrets.token_hex(12)}"
        self._file = os.fdopen(os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb", buffering=0)

    def write(self, data: bytes) -> None:
        self._size += len(data)
        self._digest.update(data)
        if len(self._head) < HEAD:
            self._head += data[: HEAD - len(self._head)]
        left = memoryview(data)
        while left:
            left = left[self._file.write(left) :]

    def finish(self) -> TakenIn:
        os.fsync(self._file.fileno())
        self._file.close()
        return TakenIn(self._path, self._size, self._digest.hexdigest(), self._head)

    def discard(self) -> None:
        self._file.close()
        self._path.unlink(missing_ok=True)


def clear(folder: Path) -> None:
    """Remove what killed processes left half taken in. Blocks; nothing happens when there is no such folder."""
    before = time.time() - ABANDONED.total_seconds()
    for path in folder.glob(f"{UNFINISHED}*"):
        with suppress(FileNotFoundError):
            if path.stat().st_mtime < before:
                path.unlink()


@asynccontextmanager
async def take_in(folder: Path, pieces: AsyncIterable[bytes], limit: int) -> AsyncIterator[TakenIn]:
    """Write ``pieces`` to a file below ``folder``; it is removed when the block ends, unless it was moved away.

    Args:
        folder: made if it is not there; on the same disk as the store, so that keeping the file moves it.
        pieces: the bytes, in order. Not more than `BUFFER` and one piece of them are in memory.
        limit: bytes; one more is refused as soon as it arrives.

    Raises:
        MediaTooLarge: there are more bytes than ``limit``.
        StorageFull: the disk is full.
        StorageAway: the folder does not work.
    """
    with one_thread("media-intake") as thread:
        sink = await thread.run(lambda: _Sink(folder))
        try:
            waiting, size = bytearray(), 0
            async for piece in pieces:
                size += len(piece)
                if size > limit:
                    raise MediaTooLarge(limit)
                waiting += piece
                if len(waiting) >= BUFFER:
                    data = bytes(waiting)
                    await thread.run(partial(sink.write, data))
                    waiting.clear()
            if waiting:
                await thread.run(partial(sink.write, bytes(waiting)))
            yield await thread.run(sink.finish)
        finally:
            thread.last(sink.discard)
