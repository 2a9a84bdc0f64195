"""The keys of the backups: from the environment, else from a file in the data folder that is made once."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from session_core import key_files
from session_core.backups.errors import BackupKeyMissing
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
    path = data_dir / KEY_FILE
    try:
        return KeyRing(key_files.load(setting, path))
    except (OSError, ValueError) as error:
        raise FatalError(
            f"The key of the backups cannot be read from {path}: {error}.",
            code="bad_backup_key",
            action="Put the file back as it was; without it the backups cannot be opened.",
        ) from error
