"""Taking a profile's files aside: at once, and exactly as they are at one moment. Everything blocks."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from session_core.backups.archive import files_of
from session_core.backups.disk import private_folders
from session_core.backups.errors import ProfileNotReadable
from session_core.backups.freeze import LONGEST, frozen
from session_core.backups.minimal import written_once
from session_core.backups.streams import Stop
from session_core.browser import processes
from session_core.clock import utcnow


@dataclass(frozen=True, slots=True)
class Staged:
    """A profile's files, aside.

    Attributes:
        folder: holds links to files that a browser may delete but never changes. No browser must ever be opened on it.
        taken_at: the moment that it shows.
        clean: the browser was closed.
    """

    folder: Path
    taken_at: datetime
    clean: bool

    def discard(self) -> None:
        """Delete it."""
        shutil.rmtree(self.folder, ignore_errors=True)


def stage_running(profile: Path, folder: Path, longest: timedelta = LONGEST) -> Staged:
    """Take the files of a profile whose browser runs, which stands still meanwhile.

    Args:
        profile: the profile's folder.
        folder: where to; must not exist. On the same disk it takes milliseconds.
        longest: how long the browser may stand still.

    Raises:
        ProfileNotReadable: not this time; nothing is left in ``folder``.
    """
    try:
        with frozen(lambda: processes.of_profile(profile), longest) as still:
            taken_at = utcnow()
            _take(profile, folder, still.check)
            # A browser that died and was started again meanwhile would not be among those that stand still.
            still.check_all()
    except BaseException as error:
        shutil.rmtree(folder, ignore_errors=True)
        if isinstance(error, FileNotFoundError):
            raise ProfileNotReadable("The profile changed while it was being copied.") from error
        raise
    return Staged(folder, taken_at, clean=False)


def stage_closed(profile: Path, folder: Path) -> Staged:
    """Take the files of a profile that no browser has open. The caller sees to that.

    Raises:
        ProfileNotReadable: a browser has it open after all, or there is no profile.
    """
    if not profile.is_dir():
        raise ProfileNotReadable("There is no profile.")
    if processes.of_profile(profile):
        raise ProfileNotReadable("A browser has the profile open.")
    taken_at = utcnow()
    try:
        _take(profile, folder, lambda: None)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return Staged(folder, taken_at, clean=True)


def _take(profile: Path, folder: Path, check: Stop) -> None:
    folder.mkdir(mode=0o700, parents=True)
    for path in files_of(profile):
        check()
        place = folder / path
        private_folders(folder, path)
        if not (written_once(path) and _linked(profile / path, place)):
            shutil.copyfile(profile / path, place, follow_symlinks=False)


def _linked(source: Path, place: Path) -> bool:
    try:
        os.link(source, place, follow_symlinks=False)
    except FileNotFoundError:
        raise
    except OSError:
        # Another disk, or a file system without links: a copy takes longer and is as good.
        return False
    return True
