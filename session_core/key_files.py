"""Keys that encrypt what lies on disk: from the environment, else from a file in the data folder that is made once."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from session_core.domain.backup_keys import KEY_BYTES, format_key, parse_keys


def load(setting: str | None, path: Path) -> dict[str, bytes]:
    """Return keys by their ids, the one in use first: those of the setting, then the one in the key file.

    The file is made when the setting is empty, and only then. It is also read beside a setting, so that what is from
    before the setting still opens. Blocking.

    Args:
        setting: ``id:base64,id2:base64``, already checked.
        path: the key file.

    Raises:
        OSError, ValueError: the key file cannot be used. It is never replaced: that would lose what it encrypted.
    """
    keys = parse_keys(setting) if setting else {}
    if not keys and not path.exists():
        _make(path)
    if path.exists():
        for key_id, key in parse_keys(path.read_text().strip()).items():
            keys.setdefault(key_id, key)
    return keys


def _make(path: Path) -> None:
    """Write a new key where nobody else can read it; when two processes do it at once, the first one's stays."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
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
