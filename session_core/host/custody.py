"""Which of several copies of a login is the newest one, on a disk of one host or on one that several share.

Two hosts with a folder of their own each may both have a folder for an account, after it went from one to the other
and back. Only the newest may ever be opened: an older one has an older state of the encryption, and messages would be
lost. So whoever runs an account writes the number of its lease beside the folder, and a folder with an older number
than the last holder's is out of date.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from uuid import uuid4

from session_core.backups import swap

STAMPS = ".epochs"
"""Folder beside the profiles: one file for each session, with the number under which its profile was last opened."""

NAME = ".folder"
"""File with this folder's name, the same for all hosts that share it."""

STALE = ".stale"
"""Ending of a profile that is out of date. One of each account is kept, for a person; nothing opens it."""


def folder_name(folder: Path) -> str:
    """Return the folder's name, which is made up when it has none. Blocking, as everything here."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / NAME
    if not path.exists():
        fresh = folder / f"{NAME}.{uuid4().hex}"
        fresh.write_text(uuid4().hex)
        try:
            # Two hosts may begin at once: the first name stays.
            path.hardlink_to(fresh)
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return path.read_text().strip()


def is_current(folder: Path, session_id: str, *, newest: int, ran_here: bool) -> bool:
    """Tell whether the folder has the newest login of this account.

    Args:
        folder: where the profiles are.
        session_id: whose.
        newest: number of the lease of the account's last holder.
        ran_here: that holder was this host, or nobody knows of any.
    """
    profile = folder / session_id
    # A crash in the middle of a restore leaves only the one from before it, until somebody looks.
    if not profile.is_dir() and not swap.previous(profile).is_dir():
        return False
    return ran_here or stamp_of(folder, session_id) >= newest


def take(folder: Path, session_id: str, *, newest: int, ran_here: bool, epoch: int) -> bool:
    """Begin to use an account's profile under ``epoch``; a profile that is out of date is put aside.

    Returns:
        Whether there is one to open.
    """
    current = is_current(folder, session_id, newest=newest, ran_here=ran_here)
    if not current:
        _put_aside(folder / session_id)
    stamps = folder / STAMPS
    stamps.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = stamps / f"{session_id}.new"
    fresh.write_text(str(epoch))
    fresh.replace(stamps / session_id)
    return current


def _put_aside(profile: Path) -> None:
    swap.recover(profile)
    if profile.exists():
        aside = profile.with_name(f"{profile.name}{STALE}")
        shutil.rmtree(aside, ignore_errors=True)
        profile.rename(aside)
    # Older still; it would be taken for the one to go back to.
    swap.drop_previous(profile)


def forget(folder: Path, session_id: str) -> None:
    """Delete what is left of a profile beside its folder."""
    shutil.rmtree(folder / f"{session_id}{STALE}", ignore_errors=True)
    (folder / STAMPS / session_id).unlink(missing_ok=True)


def stamp_of(folder: Path, session_id: str) -> int:
    """Return the number under which the profile was last opened; 0 when nobody wrote one down."""
    try:
        return int((folder / STAMPS / session_id).read_text())
    except (OSError, ValueError):
        return 0
