"""People: who signs in, and with what."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid4

from sqlmodel import Field

from session_core.clock import utcnow
from session_core.store.models.base import Base, id_column, ref, time_column


class User(Base, table=True):
    """A person. With Supabase the id is that of ``auth.users`` and there is no password here."""

    __tablename__ = "users"

    id: UUID = Field(default_factory=uuid4, sa_column=id_column())
    email: str = Field(max_length=320, unique=True, description="lower case")
    name: str = Field(max_length=100)
    password_hash: str | None = Field(default=None, max_length=255, description="argon2id")
    created_at: datetime = Field(default_factory=utcnow, sa_column=time_column())


class LoginSession(Base, table=True):
    """A signed-in browser. Only the hash of the cookie's token is kept."""

    __tablename__ = "login_sessions"

    id: UUID = Field(default_factory=uuid4, sa_column=id_column())
    user_id: UUID = Field(sa_column=ref("users.id"))
    token_hash: str = Field(max_length=64, unique=True, description="sha256, hex")
    user_agent: str = Field(default="", max_length=200)
    created_at: datetime = Field(default_factory=utcnow, sa_column=time_column())
    expires_at: datetime = Field(sa_column=time_column())


class ApiKey(Base, table=True):
    """A program's key: found by its public prefix, proved by its hash."""

    __tablename__ = "api_keys"

    id: UUID = Field(default_factory=uuid4, sa_column=id_column())
    user_id: UUID = Field(sa_column=ref("users.id"))
    name: str = Field(max_length=100)
    prefix: str = Field(max_length=16, unique=True)
    key_hash: str = Field(max_length=64, description="sha256, hex; 256 random bits need no slow hash")
    created_at: datetime = Field(default_factory=utcnow, sa_column=time_column())
    last_used_at: datetime | None = Field(default=None, sa_column=time_column(nullable=True))
    revoked_at: datetime | None = Field(default=None, sa_column=time_column(nullable=True))
