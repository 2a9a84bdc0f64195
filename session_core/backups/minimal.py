"""Which files of a browser profile are needed to be logged in again. Nothing here does I/O.

Tested: IndexedDB and Local Storage bring a login back, its keys that cannot be exported included; the rest of the
list is small and keeps a browser from looking new. Everything else (caches, component downloads, histories, locks) is
left out, also what a later Chromium adds.
"""

from __future__ import annotations

from pathlib import PurePosixPath

_IN_PROFILE = frozenset(
    {
        "Preferences",
        "IndexedDB",
        "Local Storage",
        "Session Storage",
        "WebStorage",
        "File System",
        "Cookies",
        "Cookies-journal",
    }
)

_NEVER = frozenset({"LOCK", "lockfile"})
"""A lock belongs to a process that is not there after a restore."""

MARKER = ".whahook-restored"
GAP = ".whahook-gap"
"""Says in a profile from which backup it came; belongs to no backup itself."""


def belongs(path: PurePosixPath) -> bool:
    """Tell whether a file, by its path inside the profile folder, is part of a backup."""
    parts = path.parts
    if path.is_absolute() or ".." in parts or not parts or parts[-1] in _NEVER:
        return False
    if len(parts) == 1:
        return parts[0] == "Local State"
    if parts[0] != "Default":
        return False
    if parts[1] == "Network":
        return len(parts) == 3 and parts[2].startswith("Cookies")
    return parts[1] in _IN_PROFILE


def may_hold(folder: PurePosixPath) -> bool:
    """Tell whether a folder has to be looked into."""
    parts = folder.parts
    if not parts or parts == ("Default",):
        return True
    return parts[0] == "Default" and (parts[1] in _IN_PROFILE or parts == ("Default", "Network"))


def written_once(path: PurePosixPath) -> bool:
    """Tell whether Chromium never changes this file after writing it, so that a hard link is as good as a copy.

    LevelDB's tables and the blobs of IndexedDB (measured: with links the browser stands still for 5 to 38 ms).
    """
    return path.suffix == ".ldb" or any(part.endswith(".indexeddb.blob") for part in path.parts[:-1])
