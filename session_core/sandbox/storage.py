"""Keeps the sandbox's memory in one SQLite file, so that a restart finds phones, devices and messages again."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import TypeVar

from session_core.sandbox.config import Camel

T = TypeVar("T", bound=Camel)


class Storage:
    """A table of JSON documents by kind and key.

    Every `put` is committed at once: it survives a SIGKILL of the process. It does not survive a power cut (no fsync):
    test data.
    """

    def __init__(self, data_dir: Path) -> None:
        """Open or create the file.

        Args:
            data_dir: folder of the file; made when missing, readable by its owner only.
        """
        data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._db = sqlite3.connect(data_dir / "sandbox.sqlite3", isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=OFF")
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS documents"
            " (kind TEXT, key TEXT, json TEXT NOT NULL, PRIMARY KEY (kind, key)) WITHOUT ROWID"
        )

    def put(self, key: str, document: Camel) -> None:
        """Store ``document`` under its class and ``key``."""
        row = (type(document).__name__, key, document.model_dump_json(by_alias=True))
        self._db.execute("INSERT OR REPLACE INTO documents VALUES (?, ?, ?)", row)

    def delete(self, kind: type[Camel], key: str) -> None:
        """Forget one document; nothing happens when it is not there."""
        self._db.execute("DELETE FROM documents WHERE kind = ? AND key = ?", (kind.__name__, key))

    def load(self, kind: type[T]) -> list[T]:
        """Return all documents of a kind, by key."""
        rows = self._db.execute("SELECT json FROM documents WHERE kind = ? ORDER BY key", (kind.__name__,))
        return [kind.model_validate_json(row[0]) for row in rows]

    def close(self) -> None:
        """Close the file."""
        self._db.close()
