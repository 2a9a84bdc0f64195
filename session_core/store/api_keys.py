"""Queries on API keys."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel import col, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from session_core.store.models import ApiKey


async def add(session: AsyncSession, key: ApiKey) -> None:
    """Store a new key."""
    session.add(key)
    await session.flush()


async def by_prefix(session: AsyncSession, prefix: str) -> ApiKey | None:
    """Return the key with this public prefix, unless it was revoked."""
    return (await session.exec(select(ApiKey).where(ApiKey.prefix == prefix, col(ApiKey.revoked_at).is_(None)))).first()


async def of_user(session: AsyncSession, user_id: UUID) -> Sequence[ApiKey]:
    """Return the user's keys that still work, newest first."""
    query = (
        select(ApiKey)
        .where(ApiKey.user_id == user_id, col(ApiKey.revoked_at).is_(None))
        .order_by(col(ApiKey.created_at).desc())
    )
    return (await session.exec(query)).all()


async def touch(session: AsyncSession, key_id: UUID, now: datetime) -> None:
    """Remember when the key was used last."""
    await session.exec(update(ApiKey).where(col(ApiKey.id) == key_id).values(last_used_at=now))


async def revoke(session: AsyncSession, user_id: UUID, key_id: UUID, now: datetime) -> bool:
    """Switch a key of this user off for good; False when there is no such key."""
    result = await session.exec(
        update(ApiKey)
        .where(col(ApiKey.id) == key_id, col(ApiKey.user_id) == user_id, col(ApiKey.revoked_at).is_(None))
        .values(revoked_at=now)
    )
    return bool(result.rowcount)
