"""Putting a restored profile in the place of another one. Everything blocks: run it in a thread."""

from __future__ import annotations

import shutil
from pathlib import Path

from session_core.backups.disk import sync_folder
from session_core.backups.minimal import MARKER
from session_core.backups.streams import Stop
from session_core.browser.profile import Profile


def previous(profile: Path) -> Path:
    """Return where the profile from before a restore waits until the restored one has proved itself."""
    return profile.with_name(f"{profile.name}.prev")


def install(fresh: Path, profile: Path, still_ours: Stop) -> None:
    """Make ``fresh`` the profile; what was there becomes the previous one, unless there is an older one already.

    The older one stays because it is the last that is known to have worked. A crash at any point leaves either
    profile in place, once `recover` has looked.

    Args:
        fresh: the restored files, on the same disk.
        profile: the account's folder; no browser of ours may have it open.
        still_ours: raises when another host has taken the account over.

    Raises:
        FatalError: ``profile_in_use``.
    """
    held = Profile(profile)
    if profile.exists():
        held.acquire()
    try:
        still_ours()
        if profile.exists():
            if previous(profile).exists():
                shutil.rmtree(profile)
            else:
                profile.rename(previous(profile))
        fresh.rename(profile)
        sync_folder(profile.parent)
    finally:
        recover(profile)
        held.release()


def recover(profile: Path) -> None:
    """Put the previous profile back where a crash or an error left none."""
    if previous(profile).is_dir() and not profile.exists():
        previous(profile).rename(profile)


def drop_previous(profile: Path) -> None:
    """Remove the previous profile: the restored one works."""
    shutil.rmtree(previous(profile), ignore_errors=True)


def mark(folder: Path, request: str) -> None:
    """Write into a restored folder by which request it was restored."""
    (folder / MARKER).write_text(request)


def restored_by(profile: Path) -> str | None:
    """Return what `mark` wrote; None in a profile that was not restored."""
    try:
        return (profile / MARKER).read_text()
    except OSError:
        return None


def has_login(profile: Path) -> bool:
    """Tell whether there is anything in the profile; a folder with only a lock in it counts as missing."""
    return (profile / "Default").is_dir()
