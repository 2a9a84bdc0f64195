"""The keys of the backups: from the environment, else from a file in the data folder that is made once."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from session_core.backups.errors import BackupKeyMissing
from session_core.domain.backup_keys import KEY_BYTES, format_key, parse_keys
from session_core.errors import FatalError

KEY_FILE = "backup.key"


@dataclass(frozen=True, slots=True)
class KeyRing:
    """Master keys by their ids. The first one makes new backups; every one opens those that it made."""

    keys: dict[str, bytes] = field(repr=False)

    @property
    def current(self) -> str:
        """Id of the key that new backups are made with."""
        return next(iter(self.keys))

    def master(self, key_id: str) -> bytes:
        """Return a key.

        Raises:
            BackupKeyMissing: there is none with this id.
        """
        if key_id not in self.keys:
            raise BackupKeyMissing(
                f"The backup was made with the key {key_id!r}, which is not here.",
                action="Add that key to WHAHOOK_BACKUP_KEYS, behind the one in use.",
            )
        return self.keys[key_id]


def load_keys(setting: str | None, data_dir: Path) -> KeyRing:
    """Return the keys: those of the setting first, then the one in the key file.

    The file is made when the setting is empty, and only then. It is also read beside a setting, so that backups from
    before the setting still open. Blocking.

    Args:
        setting: value of ``WHAHOOK_BACKUP_KEYS``, already checked.
        data_dir: where the key file is.

    Raises:
        FatalError: ``bad_backup_key``, the key file cannot be used. It is never replaced: that would lose backups.
    """
    keys = parse_keys(setting) if setting else {}
    path = data_dir / KEY_FILE
    if not keys and not path.exists():
        _make(path)
    if path.exists():
        for key_id, key in _read(path).items():
            keys.setdefault(key_id, key)
    return KeyRing(keys)


def _make(path: Path) -> None:
    """Write a new key where nobody else can read it; when two processes do it at once, the first one's stays."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = path.with_name(f".{KEY_FILE}.{secrets.token_hex(4)}")
    line = format_key(f"file-{secrets.token_hex(4)}", secrets.token_bytes(KEY_BYTES))
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(line + "\n")
            file.flush()
            os.fsync(file.fileno())
        # A link and not a rename: it never replaces a key that is there already.
        try:
            os.link(fresh, path)
        except FileExistsError:
            return
    finally:
        fresh.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _read(path: Path) -> dict[str, bytes]:
    try:
        return parse_keys(path.read_text().strip())
    except (OSError, ValueError) as error:
        raise FatalError(
            f"The key of the backups cannot be read from {path}: {error}.",
            code="bad_backup_key",
            action="Put the file back as it was; without it the backups cannot be opened.",
        ) from error
