"""Small things about folders that several parts need. Everything blocks."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath


def private_folders(root: Path, path: PurePosixPath) -> None:
    """Make the folders between ``root`` and the file ``path`` below it, each for its owner only.

    One by one: ``parents=True`` would give the ones in between everybody's permissions.
    """
    for folder in reversed(path.parents[:-1]):
        (root / folder).mkdir(mode=0o700, exist_ok=True)


def sync_folder(folder: Path) -> None:
    """Write a folder's entries through to the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
