"""Messages, and the events about them for programs."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, SmallInteger, Text, UniqueConstraint, Uuid, text
from sqlmodel import Field

from session_core.clock import utcnow
from session_core.domain.message import Direction, MessageStatus, Turn
from session_core.store.models.base import GROWING, Base, ref, time_column
from session_core.store.types import BigId, Json, enum_column


def _partial(name: str, *columns: str, where: str, unique: bool = False) -> Index:
    """Return an index of some rows only, the same on both databases."""
    return Index(name, *columns, unique=unique, postgresql_where=text(where), sqlite_where=text(where))


class Message(Base, table=True):
    """A message in or out. ``seq`` is the order of an account's lane."""

    __tablename__ = "messages"
    __table_args__ = (
        UniqueConstraint("id"),
        _partial(
            "uq_messages_account_id_idempotency_key",
            "account_id",
            "idempotency_key",
            where="idempotency_key IS NOT NULL",
            unique=True,
        ),
        _partial(
            "uq_messages_account_id_wa_message_id",
            "account_id",
            "wa_message_id",
            where="wa_message_id IS NOT NULL",
            unique=True,
        ),
        Index("ix_messages_chat", "account_id", "chat_id", "created_at", "seq"),
        _partial("ix_messages_lane", "account_id", "turn", "seq", where="status = 'queued'"),
        _partial("ix_messages_under_way", "account_id", "seq", where="status = 'sending'"),
        _partial("ix_messages_unknown", "account_id", "seq", where="status = 'unknown'"),
        _partial("ix_messages_scheduled", "account_id", "send_at", where="status = 'queued' AND turn = 2"),
        _partial("ix_messages_expiring", "expires_at", where="status = 'queued' AND expires_at IS NOT NULL"),
        _partial("ix_messages_sent", "account_id", "sent_at", where="direction = 'out' AND sent_at IS NOT NULL"),
        _partial("ix_messages_retired", "account_id", "retired_key", where="retired_key IS NOT NULL"),
        Index("ix_messages_account_id_seq", "account_id", "seq"),
        Index("ix_messages_account_id_wa_key", "account_id", "wa_key"),
        Index("ix_messages_same_content", "account_id", "chat_id", "content_hash", "created_at"),
        CheckConstraint("status_rank >= 0", name="status_rank"),
        GROWING,
    )

    seq: int | None = Field(default=None, sa_column=Column(BigId, primary_key=True, autoincrement=True))
    id: UUID = Field(default_factory=uuid4, sa_column=Column(Uuid(), nullable=False))
    account_id: UUID = Field(sa_column=ref("whatsapp_accounts.id", index=False))
    direction: Direction = Field(sa_column=Column(enum_column(Direction), nullable=False))
    chat_id: str = Field(max_length=64)
    author: str | None = Field(default=None, max_length=64)
    sender_name: str | None = Field(default=None, max_length=100)
    kind: str = Field(default="text", max_length=32)
    text: str = Field(sa_column=Column(Text(), nullable=False))
    content: dict[str, Any] | None = Field(
        default=None,
        sa_column=Column(Json, nullable=True),
        description="what kind and text do not say, see `session_core.domain.content.stored`",
    )
    content_hash: str = Field(max_length=64)
    status: MessageStatus = Field(sa_column=Column(enum_column(MessageStatus), nullable=False))
    status_rank: int = Field(default=0)
    turn: int = Field(default=Turn.NORMAL, sa_column=Column(SmallInteger(), nullable=False), description="see `Turn`")
    send_at: datetime | None = Field(default=None, sa_column=time_column(nullable=True), description="not before")
    expires_at: datetime | None = Field(default=None, sa_column=time_column(nullable=True), description="not after")
    failure: str | None = Field(default=None, max_length=200)
    wa_key: str = Field(max_length=64, description="the bare id, chosen when the row is made")
    wa_message_id: str | None = Field(default=None, max_length=200)
    quoted_id: str | None = Field(default=None, max_length=200)
    idempotency_key: str | None = Field(default=None, max_length=200)
    request_hash: str | None = Field(default=None, max_length=64)
    replayed: bool = Field(default=False)
    attempts: int = Field(default=0)
    lease_token: str | None = Field(default=None, max_length=64, description="who may send it now")
    lease_until: datetime | None = Field(default=None, sa_column=time_column(nullable=True))
    reach_out_at: datetime | None = Field(
        default=None,
        sa_column=time_column(nullable=True),
        description="when it last met WhatsApp's limit on new conversations",
    )
    retired_key: str | None = Field(
        default=None, max_length=64, description="the bare id under which WhatsApp refused it last"
    )
    created_at: datetime = Field(default_factory=utcnow, sa_column=time_column())
    sent_at: datetime | None = Field(default=None, sa_column=time_column(nullable=True))
    updated_at: datetime = Field(default_factory=utcnow, sa_column=time_column())
    edited_at: datetime | None = Field(default=None, sa_column=time_column(nullable=True))
    revoked_at: datetime | None = Field(default=None, sa_column=time_column(nullable=True))


class OutboxEvent(Base, table=True):
    """An event for programs, written in the transaction that made it true.

    ``id`` says when it was written, ``position`` where it stands among those that anybody can see: a transaction that
    began earlier may end later, and a reader who goes on from an ``id`` would miss its events.
    """

    __tablename__ = "outbox_events"
    __table_args__ = (
        Index("ix_outbox_events_account_id_id", "account_id", "id"),
        Index("ix_outbox_events_account_id_position", "account_id", "position"),
        Index("uq_outbox_events_position", "position", unique=True),
        Index(
            "ix_outbox_events_new",
            "id",
            postgresql_where=text("position IS NULL"),
            sqlite_where=text("position IS NULL"),
        ),
        GROWING,
    )

    id: int | None = Field(default=None, sa_column=Column(BigId, primary_key=True, autoincrement=True))
    event_id: UUID = Field(default_factory=uuid4, sa_column=Column(Uuid(), nullable=False, unique=True))
    account_id: UUID = Field(sa_column=ref("whatsapp_accounts.id", index=False))
    type: str = Field(max_length=64)
    payload: dict[str, Any] = Field(sa_column=Column(Json, nullable=False))
    created_at: datetime = Field(default_factory=utcnow, sa_column=time_column())
    position: int | None = Field(
        default=None,
        sa_column=Column(BigInteger(), nullable=True),
        description="given once after the transaction is over, see session_core.store.outbox.place; grows",
    )
