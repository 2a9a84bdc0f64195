"""Who asks."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal
from uuid import UUID

from session_core.clock import utcnow
from session_core.core import Core
from session_core.store import api_keys, users

API_KEY_PREFIX = "wak"

_API_KEY = re.compile(rf"{API_KEY_PREFIX}_([0-9a-f]{{10}})_[A-Za-z0-9_-]{{43}}")

KEY_TOUCH_EVERY = timedelta(minutes=1)
"""``last_used_at`` is for people; writing it at every request would make every read a write."""


@dataclass(frozen=True, slots=True)
class Principal:
    """A user whom we know, and how."""

    user_id: UUID
    email: str
    name: str
    via: Literal["cookie", "api_key"]


def hash_secret(secret: str) -> str:
    """Return what is stored instead of a token or key; they have 256 random bits, so a fast hash is enough."""
    return hashlib.sha256(secret.encode()).hexdigest()


def new_token() -> str:
    """Make a cookie's token: 256 random bits."""
    return secrets.token_urlsafe(32)


def new_api_key() -> tuple[str, str]:
    """Make an API key; returns ``(public prefix, whole key)``, the key like ``wak_<prefix>_<43 characters>``."""
    prefix = secrets.token_hex(5)
    return prefix, f"{API_KEY_PREFIX}_{prefix}_{secrets.token_urlsafe(32)}"


async def from_cookie(core: Core, token: str | None) -> Principal | None:
    """Return who is signed in with this cookie, or None."""
    if not token or not token.isascii():
        return None
    async with core.db.read() as session:
        found = await users.login_by_hash(session, hash_secret(token), utcnow())
    if found is None:
        return None
    _, user = found
    return Principal(user.id, user.email, user.name, "cookie")


async def from_api_key(core: Core, key: str | None) -> Principal | None:
    """Return whose key this is, or None."""
    match = _API_KEY.fullmatch(key or "")
    if match is None:
        return None
    now = utcnow()
    async with core.db.read() as session:
        row = await api_keys.by_prefix(session, match[1])
        if row is None or not hmac.compare_digest(row.key_hash, hash_secret(match[0])):
            return None
        user = await users.by_id(session, row.user_id)
        key_id, last_used = row.id, row.last_used_at
    if user is None:
        return None
    if last_used is None or now - last_used > KEY_TOUCH_EVERY:
        async with core.db.begin() as session:
            await api_keys.touch(session, key_id, now)
    return Principal(user.id, user.email, user.name, "api_key")
