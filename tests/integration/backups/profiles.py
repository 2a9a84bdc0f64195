"""Profiles that look like a browser's, and what backups need around them."""

from __future__ import annotations

import os
from pathlib import Path
from uuid import uuid4

from session_core.backups.codec import Label

LEFT_OUT = {
    "SingletonLock": b"machine-1",
    ".whahook.lock": b"",
    "Default/Cache/data_0": b"cached",
    "Default/History": b"visited",
    "Default/Local Storage/leveldb/LOCK": b"",
}
NEEDED = {
    "Local State": b"{}",
    "Default/Cookies": b"cookies",
    "Default/IndexedDB/https_x_0.indexeddb.leveldb/000003.log": b"log",
    "Default/IndexedDB/https_x_0.indexeddb.leveldb/000004.ldb": b"table",
    "Default/IndexedDB/https_x_0.indexeddb.blob/1/00/7": b"blob",
    "Default/Local Storage/leveldb/CURRENT": b"MANIFEST-000001\n",
    "Default/Local Storage/leveldb/empty": b"",
}


def go_on() -> None:
    """Break nothing off."""


def label() -> Label:
    return Label(uuid4(), uuid4(), 1)


def make_profile(folder: Path, *, big: int = 0) -> Path:
    """Make a profile; ``big``: bytes of random data in one file of it."""
    for name, content in (NEEDED | LEFT_OUT).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    if big:
        (folder / "Default" / "Local Storage" / "leveldb" / "big.log").write_bytes(os.urandom(big))
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    """Return every file below a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
