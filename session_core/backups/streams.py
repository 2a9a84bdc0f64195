"""What long streams need: the two ends, a way to break off, and counting on the way. Everything blocks."""

from __future__ import annotations

import hashlib
import io
from typing import Protocol

PIECE = 256 * 1024
"""Bytes that go from hand to hand."""


class Readable(Protocol):
    """Gives bytes; an empty answer is the end."""

    def read(self, size: int = -1, /) -> bytes | None:
        """Read at most ``size`` bytes."""
        ...


class Writable(Protocol):
    """Takes bytes."""

    def write(self, data: bytes, /) -> object:
        """Write all of ``data``."""
        ...


class Stop(Protocol):
    """Asked again and again by long work: raises when nobody wants it any more."""

    def __call__(self) -> None:
        """Return, or raise to break the work off."""
        ...


class Counted(io.RawIOBase):
    """Counts and hashes what passes, in either direction."""

    def __init__(self, *, source: Readable | None = None, sink: Writable | None = None) -> None:
        super().__init__()
        self._source = source
        self._sink = sink
        self.size = 0
        self.digest = hashlib.sha256()

    def readable(self) -> bool:
        """See `io.IOBase`."""
        return self._source is not None

    def writable(self) -> bool:
        """See `io.IOBase`."""
        return self._sink is not None

    def read(self, size: int = -1) -> bytes:
        """Read from the source."""
        data = (self._source.read(size) if self._source is not None else b"") or b""
        self._note(data)
        return data

    def write(self, data: object) -> int:
        """Write to the sink."""
        raw = bytes(data)  # type: ignore[call-overload]
        if self._sink is not None:
            self._sink.write(raw)
        self._note(raw)
        return len(raw)

    def _note(self, data: bytes) -> None:
        self.size += len(data)
        self.digest.update(data)


class Watched(io.RawIOBase):
    """Asks before each piece whether to go on."""

    def __init__(self, source: Readable, stop: Stop) -> None:
        super().__init__()
        self._source = source
        self._stop = stop

    def readable(self) -> bool:
        """See `io.IOBase`."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Read from the source, unless the work is broken off."""
        self._stop()
        return self._source.read(size) or b""


def read_exactly(source: Readable, size: int) -> bytes:
    """Read ``size`` bytes, or fewer only where the source ends."""
    found = bytearray()
    while len(found) < size:
        part = source.read(size - len(found))
        if not part:
            break
        found += part
    return bytes(found)


def drain(source: Readable, stop: Stop) -> None:
    """Read to the end and throw it away."""
    while source.read(PIECE):
        stop()
