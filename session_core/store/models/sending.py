"""How an account sends, what the operator allows, and who does not want to hear from whom."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Boolean, Column, Index, Text, UniqueConstraint, Uuid, false
from sqlmodel import Field

from session_core.clock import utcnow
from session_core.domain.consent import OptOutSource
from session_core.store.models.base import Base, id_column, ref, time_column
from session_core.store.types import Json, UtcDateTime, enum_column


class AccountSending(Base, table=True):
    """What an account's owner chose for its lane, and what was counted on the way. No row: all by default."""

    __tablename__ = "account_sending"

    account_id: UUID = Field(sa_column=ref("whatsapp_accounts.id", index=False, primary_key=True))
    settings: dict[str, Any] = Field(
        default_factory=dict, sa_column=Column(Json, nullable=False), description="see `SendingSettings`"
    )
    reach_out_until: datetime | None = Field(
        default=None, sa_column=time_column(nullable=True), description="until then WhatsApp lets it begin no chats"
    )
    reach_out_told: bool = Field(
        default=False,
        sa_column=Column(Boolean(), nullable=False, server_default=false()),
        description="WhatsApp said until when; else it is a pause of ours",
    )
    duplicates_refused: int = Field(default=0)
    opted_out_refused: int = Field(default=0)
    updated_at: datetime = Field(default_factory=utcnow, sa_column=time_column())


class SendingRefusal(Base, table=True):
    """How many messages of an account were refused in one hour; hours older than a week are deleted."""

    __tablename__ = "sending_refusals"

    account_id: UUID = Field(sa_column=ref("whatsapp_accounts.id", index=False, primary_key=True))
    hour: datetime = Field(
        sa_column=Column(UtcDateTime(), primary_key=True, nullable=False), description="its beginning"
    )
    duplicates: int = Field(default=0)
    opted_out: int = Field(default=0)


class SendingLimit(Base, table=True):
    """What the operator allows one user or one account in a rate window, instead of the general limit."""

    __tablename__ = "sending_limits"
    __table_args__ = (UniqueConstraint("user_id"), UniqueConstraint("account_id"))

    id: UUID = Field(default_factory=uuid4, sa_column=id_column())
    user_id: UUID | None = Field(default=None, sa_column=ref("users.id", nullable=True, index=False))
    account_id: UUID | None = Field(default=None, sa_column=ref("whatsapp_accounts.id", nullable=True, index=False))
    per_window: int = Field(description="messages")
    updated_at: datetime = Field(default_factory=utcnow, sa_column=time_column())


class OptOut(Base, table=True):
    """A person who does not want to hear from a user, or from one of the user's accounts."""

    __tablename__ = "opt_outs"
    __table_args__ = (
        UniqueConstraint("scope_id", "person"),
        Index("ix_opt_outs_user_id_phone", "user_id", "phone"),
        Index("ix_opt_outs_user_id_lid", "user_id", "lid"),
    )

    id: UUID = Field(default_factory=uuid4, sa_column=id_column())
    user_id: UUID = Field(sa_column=ref("users.id", index=False))
    account_id: UUID | None = Field(default=None, sa_column=ref("whatsapp_accounts.id", nullable=True))
    scope_id: UUID = Field(sa_column=Column(Uuid(), nullable=False), description="the account, else the user")
    person: str = Field(max_length=64, description="the id under which the person was named")
    phone: str | None = Field(default=None, max_length=20, description="digits with country code")
    lid: str | None = Field(default=None, max_length=64, description="hidden id, with @lid")
    name: str | None = Field(default=None, max_length=100)
    search: str | None = Field(
        default=None, sa_column=Column(Text(), nullable=True), description="the name, folded, to look for"
    )
    source: OptOutSource = Field(sa_column=Column(enum_column(OptOutSource), nullable=False))
    word: str | None = Field(default=None, max_length=64, description="what the person wrote")
    at: datetime = Field(default_factory=utcnow, sa_column=time_column())
