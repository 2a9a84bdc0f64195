"""Queries on users and on their signed-in browsers."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlmodel import col, delete, select
from sqlmodel.ext.asyncio.session import AsyncSession

from session_core.store.models import LoginSession, User


async def by_email(session: AsyncSession, email: str) -> User | None:
    """Return the user with this e-mail (lower case)."""
    return (await session.exec(select(User).where(User.email == email))).first()


async def by_id(session: AsyncSession, user_id: UUID) -> User | None:
    """Return the user with this id."""
    return await session.get(User, user_id)


async def first(session: AsyncSession) -> UUID | None:
    """Return who signed up first; None: nobody did yet."""
    return (await session.exec(select(User.id).order_by(col(User.created_at), col(User.id)).limit(1))).first()


async def add(session: AsyncSession, user: User) -> None:
    """Store a new user; IntegrityError when the e-mail is taken."""
    session.add(user)
    await session.flush()


async def set_password_hash(session: AsyncSession, user_id: UUID, password_hash: str) -> None:
    """Replace the password's hash (the hasher's parameters changed)."""
    user = await session.get(User, user_id)
    if user is not None:
        user.password_hash = password_hash


async def add_login(session: AsyncSession, login: LoginSession) -> None:
    """Store a signed-in browser."""
    session.add(login)
    await session.flush()


async def login_by_hash(session: AsyncSession, token_hash: str, now: datetime) -> tuple[LoginSession, User] | None:
    """Return the login with this token hash and its user, unless it has expired."""
    query = (
        select(LoginSession, User)
        .join(User, col(User.id) == LoginSession.user_id)
        .where(LoginSession.token_hash == token_hash, col(LoginSession.expires_at) > now)
    )
    return (await session.exec(query)).first()


async def delete_login(session: AsyncSession, token_hash: str) -> None:
    """Forget a signed-in browser."""
    await session.exec(delete(LoginSession).where(col(LoginSession.token_hash) == token_hash))


async def delete_expired_logins(session: AsyncSession, now: datetime) -> None:
    """Forget every login whose time is over."""
    await session.exec(delete(LoginSession).where(col(LoginSession.expires_at) <= now))
