"""Archives, and others that are written once, as files of this machine or of a disk that several machines share."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from uuid import UUID

from session_core.backups.disk import private_folders, sync_folder
from session_core.backups.errors import BackupMissing, StoreAway
from session_core.backups.stores.contract import SUFFIX, is_path
from session_core.backups.streams import PIECE, Readable, Stop

_UNFINISHED = ".part-"


class LocalFileStore:
    """See `session_core.backups.stores.contract.ArchiveStore`."""

    name = "local"

    def __init__(self, folder: Path, names: Callable[[str], bool] = is_path) -> None:
        """Prepare; nothing is made before the first archive.

        Args:
            folder: where the archives are; only its owner may look into it.
            names: tells which paths may be in it.
        """
        self._folder = folder.absolute()
        self._names = names

    def put(self, path: str, source: Path, stop: Stop) -> None:
        """See `ArchiveStore.put`."""
        place = self._make_room(path)
        unfinished = place.with_name(f"{_UNFINISHED}{place.stem}-{secrets.token_hex(6)}")
        try:
            _copy(source, unfinished, stop)
            _name(unfinished, place)
        finally:
            unfinished.unlink(missing_ok=True)
        self._sync(place)

    def adopt(self, path: str, source: Path) -> None:
        """Keep ``source`` itself under ``path`` instead of a copy. It was written through to this same disk before."""
        place = self._make_room(path)
        _name(source, place)
        source.unlink(missing_ok=True)
        self._sync(place)

    @contextmanager
    def open(self, path: str, start: int = 0) -> Iterator[Readable]:
        """See `ArchiveStore.open`."""
        try:
            file = self.place(path).open("rb")
        except FileNotFoundError as error:
            raise BackupMissing(
                "The backup's file is not in this host's backup folder.",
                action="With several hosts, WHAHOOK_BACKUP_DIR must be a folder that they share.",
            ) from error
        except OSError as error:
            raise StoreAway(f"The backup folder cannot be read ({error.strerror}).") from error
        with file:
            file.seek(start)
            yield file

    def delete(self, path: str) -> None:
        """See `ArchiveStore.delete`. What a killed process left of it goes too, and folders that become empty."""
        place = self.place(path)
        try:
            # The folder may go at this moment: somebody else removed the last that was in it.
            with suppress(FileNotFoundError):
                for unfinished in place.parent.glob(f"{_UNFINISHED}{place.stem}-*"):
                    unfinished.unlink(missing_ok=True)
            place.unlink(missing_ok=True)
        except OSError as error:
            raise StoreAway(f"The backup's file cannot be removed ({error.strerror}).") from error
        for folder in (place.parent, place.parent.parent):
            try:
                folder.rmdir()
            except OSError:
                # Somebody else's archives are in there, or it is gone already.
                return

    def has(self, path: str) -> bool:
        """See `ArchiveStore.has`."""
        return self.place(path).is_file()

    def of_account(self, user_id: UUID, account_id: UUID) -> Iterator[str]:
        """See `ArchiveStore.of_account`. What a killed process left half-written is removed on the way."""
        folder = self._folder / str(user_id) / str(account_id)
        if not folder.is_dir():
            return
        for file in sorted(folder.iterdir()):
            if file.name.startswith(_UNFINISHED):
                file.unlink(missing_ok=True)
            elif file.suffix == SUFFIX:
                yield f"{user_id}/{account_id}/{file.name}"

    def _make_room(self, path: str) -> Path:
        place = self.place(path)
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        private_folders(self._folder, PurePosixPath(path))
        return place

    def _sync(self, place: Path) -> None:
        for folder in (place.parent, place.parent.parent, self._folder):
            sync_folder(folder)

    def place(self, path: str) -> Path:
        """Return where the file of ``path`` lies or would lie."""
        if not self._names(path):
            raise BackupMissing("This is no path of a backup.")
        return self._folder / path


def _name(unfinished: Path, place: Path) -> None:
    """Give a finished archive its name. By a link, which never replaces one; by a rename where there are no links."""
    try:
        os.link(unfinished, place)
    except FileExistsError:
        raise
    except OSError:
        unfinished.rename(place)


def _copy(source: Path, target: Path, stop: Stop) -> None:
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with source.open("rb") as reader, os.fdopen(descriptor, "wb") as writer:
        while piece := reader.read(PIECE):
            stop()
            writer.write(piece)
        writer.flush()
        os.fsync(writer.fileno())
