"""What happened to messages after they were written. Rows go away together with their message."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Index, Text
from sqlmodel import Field

from session_core.store.models.base import GROWING, Base, ref, time_column
from session_core.store.types import BigId, Json, enum_column


class VersionKind(StrEnum):
    """What ended a version."""

    EDIT = "edit"
    REVOKE = "revoke"


class MessageVersion(Base, table=True):
    """What a message said before it was edited or deleted for everyone, and when that was."""

    __tablename__ = "message_versions"
    __table_args__ = (Index("ix_message_versions_message_id", "message_id", "id"), GROWING)

    id: int | None = Field(default=None, sa_column=Column(BigId, primary_key=True, autoincrement=True))
    message_id: UUID = Field(sa_column=ref("messages.id", index=False))
    kind: VersionKind = Field(sa_column=Column(enum_column(VersionKind), nullable=False))
    text: str = Field(sa_column=Column(Text(), nullable=False))
    content: dict[str, Any] | None = Field(default=None, sa_column=Column(Json, nullable=True))
    at: datetime = Field(sa_column=time_column())


class MessageReaction(Base, table=True):
    """The emoji of one person on a message."""

    __tablename__ = "message_reactions"

    message_id: UUID = Field(sa_column=ref("messages.id", index=False, primary_key=True))
    sender: str = Field(max_length=64, primary_key=True)
    from_me: bool = Field(default=False)
    emoji: str = Field(max_length=40)
    at: datetime = Field(sa_column=time_column())


class PollVote(Base, table=True):
    """What one person chose in a poll."""

    __tablename__ = "poll_votes"

    message_id: UUID = Field(sa_column=ref("messages.id", index=False, primary_key=True))
    voter: str = Field(max_length=64, primary_key=True)
    from_me: bool = Field(default=False)
    options: list[str] = Field(sa_column=Column(Json, nullable=False))
    at: datetime = Field(sa_column=time_column())


class EarlyKind(StrEnum):
    """What was done to a message that is not here yet."""

    REACTION = "reaction"
    VOTE = "vote"


class EarlyChange(Base, table=True):
    """What somebody did to a message before it was stored."""

    __tablename__ = "early_changes"

    account_id: UUID = Field(sa_column=ref("whatsapp_accounts.id", index=False, primary_key=True))
    wa_key: str = Field(max_length=64, primary_key=True, description="the message's bare id")
    of_ours: bool = Field(primary_key=True, description="whether the account wrote the message")
    kind: EarlyKind = Field(sa_column=Column(enum_column(EarlyKind), primary_key=True, nullable=False))
    who: str = Field(max_length=64, primary_key=True)
    from_me: bool = Field(default=False)
    said: list[str] = Field(sa_column=Column(Json, nullable=False), description="the emoji, or what was chosen")
    at: datetime = Field(sa_column=time_column())
    kept_at: datetime = Field(sa_column=time_column())
