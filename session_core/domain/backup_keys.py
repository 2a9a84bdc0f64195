"""How the keys of the backups are written: ``id:base64,id2:base64``."""

from __future__ import annotations

import base64
import binascii
import re

KEY_BYTES = 32
"""AES-256."""

_KEY_ID = re.compile(r"[A-Za-z0-9_-]{1,32}")


def parse_keys(text: str) -> dict[str, bytes]:
    """Read keys; the first one stays first.

    Args:
        text: ``id:base64`` pairs with commas between them; the id has 1 to 32 of ``A-Z a-z 0-9 _ -``, the key 32 bytes.

    Raises:
        ValueError: it is not like that; the message does not repeat any key.
    """
    keys: dict[str, bytes] = {}
    for part in text.split(","):
        key_id, colon, encoded = part.strip().partition(":")
        if not colon or not _KEY_ID.fullmatch(key_id):
            raise ValueError("must be like id:base64,id2:base64")
        if key_id in keys:
            raise ValueError(f"has the key id {key_id!r} twice")
        keys[key_id] = _decode(key_id, encoded.strip())
    return keys


def format_key(key_id: str, key: bytes) -> str:
    """Write one key the way `parse_keys` reads it."""
    return f"{key_id}:{base64.b64encode(key).decode()}"


def _decode(key_id: str, encoded: str) -> bytes:
    try:
        key = base64.b64decode(encoded.replace("-", "+").replace("_", "/"), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        raise ValueError(f"the key {key_id!r} must be {KEY_BYTES} bytes in base64")
    return key
