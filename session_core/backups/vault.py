"""Archives in and out: the keys, the stores, and what is done with both. Everything blocks: run it in a thread."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from session_core.backups.archive import Archive, pack, unpack
from session_core.backups.codec import Label
from session_core.backups.errors import BackupDamaged, BackupMissing
from session_core.backups.keys import KeyRing, load_keys
from session_core.backups.stores.contract import ArchiveStore
from session_core.backups.stores.local import LocalFileStore
from session_core.backups.stores.supabase import SupabaseStore
from session_core.backups.streams import Stop
from session_core.settings import Settings


@dataclass(frozen=True, slots=True)
class Known:
    """A complete archive as its row describes it."""

    label: Label
    store: str
    path: str
    size: int
    sha256: str


class Vault:
    """Keeps and gives back archives."""

    def __init__(self, settings: Settings) -> None:
        """Prepare; nothing is read or contacted before it is needed."""
        self._settings = settings
        local = LocalFileStore(settings.backups_dir)
        self._stores: dict[str, ArchiveStore] = {local.name: local}
        self.current: ArchiveStore = local
        if settings.supabase_url is not None and settings.supabase_service_role_key is not None:
            # Backups in the folder, from before the settings, are still found there.
            self.current = SupabaseStore(
                settings.supabase_url, settings.supabase_service_role_key, settings.backup_bucket
            )
            self._stores[self.current.name] = self.current

    @property
    def folder(self) -> Path:
        """Where archives as files are."""
        return self._settings.backups_dir

    def key_ids(self) -> list[str]:
        """Return the ids of the keys that are here.

        Raises:
            FatalError: ``bad_backup_key``.
        """
        return list(self._keys().keys)

    @property
    def stores(self) -> list[ArchiveStore]:
        """Every store that is set up."""
        return list(self._stores.values())

    def store(self, name: str) -> ArchiveStore:
        """Return a store by its name.

        Raises:
            BackupMissing: it is not set up here.
        """
        if name not in self._stores:
            raise BackupMissing(
                f"The store {name!r} is not set up on this host.", action="Give this host the settings of the others."
            )
        return self._stores[name]

    def save(self, folder: Path, scratch: Path, label: Label, path: str, stop: Stop) -> Archive:
        """Make an archive of a staged folder and keep it in the current store.

        Args:
            folder: the staged files.
            scratch: name of a file that is free to be written; removed at the end. Only encrypted bytes get into it.
            label: what the archive is.
            path: its name in the store.
            stop: breaks it off.
        """
        keys = self._keys()
        try:
            with scratch.open("xb") as file:
                archive = pack(folder, file, keys, label, stop)
            self.current.put(path, scratch, stop)
        finally:
            scratch.unlink(missing_ok=True)
        return archive

    def check(self, known: Known, stop: Stop) -> None:
        """Read an archive back and open all of it.

        Raises:
            BackupDamaged, BackupForeign, BackupKeyMissing, BackupMissing, StoreAway: it would not restore (now).
        """
        self._unpack(known, None, stop)

    def fetch(self, known: Known, target: Path, stop: Stop) -> None:
        """Put an archive's files into ``target``, a new folder, all of them proved and on the disk.

        Raises:
            BackupDamaged, BackupForeign, BackupKeyMissing, BackupMissing, StoreAway: ``target`` is not to be used.
        """
        target.mkdir(mode=0o700, parents=True)
        self._unpack(known, target, stop)

    def _unpack(self, known: Known, target: Path | None, stop: Stop) -> None:
        keys = self._keys()
        with self.store(known.store).open(known.path) as source:
            found = unpack(source, target, keys, known.label, stop)
        if (found.size, found.sha256) != (known.size, known.sha256):
            raise BackupDamaged("The backup is not the one that was stored.")

    def _keys(self) -> KeyRing:
        # Read each time: it is quick, and a key that was added or put back counts at once.
        return load_keys(self._settings.backup_keys_text, self._settings.data_dir.absolute())
