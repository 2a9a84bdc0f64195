"""Chats and contacts of an account. The newest message of a chat is looked up by its number, never copied."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Column, Index, Text
from sqlmodel import Field

from session_core.clock import utcnow
from session_core.domain.chats import ChatKind
from session_core.store.models.base import Base, ref, time_column
from session_core.store.types import enum_column


class Chat(Base, table=True):
    """A conversation of an account."""

    __tablename__ = "chats"
    __table_args__ = (Index("ix_chats_account_id_last_at", "account_id", "last_at", "chat_id"),)

    account_id: UUID = Field(sa_column=ref("whatsapp_accounts.id", index=False, primary_key=True))
    chat_id: str = Field(max_length=64, primary_key=True)
    kind: ChatKind = Field(sa_column=Column(enum_column(ChatKind), nullable=False))
    name: str | None = Field(default=None, max_length=100, description="of a group; a person's is in contacts")
    search: str = Field(default="", sa_column=Column(Text(), nullable=False), description="folded, to look for")
    unread: int = Field(default=0)
    archived: bool = Field(default=False)
    last_at: datetime = Field(sa_column=time_column())
    last_seq: int | None = Field(default=None, sa_column=Column(BigInteger(), nullable=True))
    updated_at: datetime = Field(default_factory=utcnow, sa_column=time_column())


class Contact(Base, table=True):
    """A person as one account knows them. The same person may have a number's id and a hidden one (LID)."""

    __tablename__ = "contacts"
    __table_args__ = (
        Index("ix_contacts_account_id_phone", "account_id", "phone"),
        Index("ix_contacts_account_id_lid", "account_id", "lid"),
        Index("ix_contacts_account_id_search", "account_id", "search", "wa_id"),
    )

    account_id: UUID = Field(sa_column=ref("whatsapp_accounts.id", index=False, primary_key=True))
    wa_id: str = Field(max_length=64, primary_key=True)
    phone: str | None = Field(default=None, max_length=20)
    lid: str | None = Field(default=None, max_length=64)
    name: str | None = Field(default=None, max_length=100, description="as saved on the account's phone")
    push_name: str | None = Field(default=None, max_length=100, description="as the person calls themselves")
    search: str = Field(default="", max_length=300, description="folded, to sort by and to look for")
    updated_at: datetime = Field(default_factory=utcnow, sa_column=time_column())
