"""Putting a restored profile in the place of another one. Everything blocks: run it in a thread."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

from session_core.backups.disk import sync_folder
from session_core.backups.minimal import GAP, MARKER
from session_core.backups.streams import Stop
from session_core.browser.profile import Profile
from session_core.clock import utcnow
from session_core.domain.backup import Gap


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


def note_gap(folder: Path, gap: Gap) -> None:
    """Write into a restored folder what it cannot know."""
    (folder / GAP).write_text(gap.model_dump_json())


def gap_of(profile: Path) -> Gap | None:
    """Return what `note_gap` wrote; None in a profile that was not restored. Not readable: all of the past."""
    path = profile / GAP
    try:
        return Gap.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except ValueError:
        return Gap(begins=datetime.fromtimestamp(0, UTC), closed=False, ends=utcnow())


def has_login(profile: Path) -> bool:
    """Tell whether there is anything in the profile; a folder with only a lock in it counts as missing."""
    return (profile / "Default").is_dir()
