"""API keys of a user: shown once, stored hashed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from session_core.clock import utcnow
from session_core.core import Core
from session_core.domain.text import is_storable
from session_core.errors import NotFound, PolicyError
from session_core.services.principal import hash_secret, new_api_key
from session_core.store import api_keys
from session_core.store.models import ApiKey

MAX_KEYS = 50


@dataclass(frozen=True, slots=True)
class ApiKeyView:
    """What a user sees of a key after it was made."""

    id: UUID
    name: str
    prefix: str
    created_at: datetime
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class NewApiKey:
    """A fresh key. ``key`` cannot be shown again."""

    id: UUID
    key: str = field(repr=False)


async def create(core: Core, user_id: UUID, name: str) -> NewApiKey:
    """Make a key.

    Raises:
        PolicyError: 422 without a name, 409 when the user has too many.
    """
    name = name.strip()
    if not name or not is_storable(name):
        raise PolicyError("A key needs a name.", code="bad_name", action="Say what it is for.", status_code=422)
    prefix, key = new_api_key()
    row = ApiKey(user_id=user_id, name=name[:100], prefix=prefix, key_hash=hash_secret(key))
    new = NewApiKey(row.id, key)
    async with core.db.begin() as session:
        if len(await api_keys.of_user(session, user_id)) >= MAX_KEYS:
            raise PolicyError(
                "There are too many keys.", code="too_many_keys", action="Revoke one that is not used.", status_code=409
            )
        await api_keys.add(session, row)
    return new


async def list_keys(core: Core, user_id: UUID) -> list[ApiKeyView]:
    """Return the user's keys, newest first."""
    async with core.db.read() as session:
        rows = await api_keys.of_user(session, user_id)
        return [ApiKeyView(row.id, row.name, row.prefix, row.created_at, row.last_used_at) for row in rows]


async def revoke(core: Core, user_id: UUID, key_id: UUID) -> None:
    """Switch a key off for good; NotFound when it is not the user's."""
    async with core.db.begin() as session:
        if not await api_keys.revoke(session, user_id, key_id, utcnow()):
            raise NotFound("api_key")
