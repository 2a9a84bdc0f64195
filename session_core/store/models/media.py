"""Files of messages."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Uuid, text
from sqlmodel import Field

from session_core.clock import utcnow
from session_core.domain.media import MAX_FILENAME, MediaKind, MediaProblem, MediaState
from session_core.domain.message import Direction
from session_core.store.models.base import Base, id_column, ref, time_column
from session_core.store.types import Json, enum_column


class Media(Base, table=True):
    """A file, or the promise of one. Every file of a store has its row, from before its first byte until after.

    What came in belongs to a message and goes with it; an upload belongs to its user and may be sent again and again.
    """

    __tablename__ = "media"
    __table_args__ = (
        Index("ix_media_user_id_created_at", "user_id", "created_at"),
        Index("ix_media_message_id", "message_id"),
        Index(
            "ix_media_due",
            "account_id",
            "next_try_at",
            postgresql_where=text("state = 'pending' AND direction = 'in'"),
            sqlite_where=text("state = 'pending' AND direction = 'in'"),
        ),
        Index(
            "ix_media_orphans",
            "id",
            postgresql_where=text("message_id IS NULL AND wa_message_id IS NOT NULL"),
            sqlite_where=text("message_id IS NULL AND wa_message_id IS NOT NULL"),
        ),
        Index("ix_media_state_updated_at", "state", "updated_at"),
        Index("ix_media_expires_at", "expires_at"),
    )

    id: UUID = Field(default_factory=uuid4, sa_column=id_column())
    user_id: UUID = Field(sa_column=ref("users.id", index=False))
    # No cascade: the row must outlive its account and its message until the file is gone.
    account_id: UUID | None = Field(
        default=None,
        sa_column=Column(Uuid(), ForeignKey("whatsapp_accounts.id", ondelete="SET NULL"), nullable=True),
    )
    message_id: UUID | None = Field(
        default=None, sa_column=Column(Uuid(), ForeignKey("messages.id", ondelete="SET NULL"), nullable=True)
    )
    wa_message_id: str | None = Field(default=None, max_length=200, description="of the message that brought it")
    direction: Direction = Field(sa_column=Column(enum_column(Direction), nullable=False))
    kind: MediaKind | None = Field(default=None, sa_column=Column(enum_column(MediaKind, check=False), nullable=True))
    state: MediaState = Field(sa_column=Column(enum_column(MediaState), nullable=False))
    problem: MediaProblem | None = Field(
        default=None, sa_column=Column(enum_column(MediaProblem, check=False), nullable=True)
    )
    mime: str = Field(max_length=100)
    filename: str | None = Field(default=None, max_length=MAX_FILENAME)
    size: int | None = Field(default=None, sa_column=Column(BigInteger(), nullable=True))
    sha256: str | None = Field(default=None, max_length=64)
    store: str = Field(default="", max_length=16, description="local or supabase; empty as long as there is no file")
    path: str = Field(default="", max_length=120)
    attempts: int = Field(default=0, description="how often the download was tried")
    next_try_at: datetime | None = Field(default=None, sa_column=time_column(nullable=True))
    created_at: datetime = Field(default_factory=utcnow, sa_column=time_column())
    updated_at: datetime = Field(default_factory=utcnow, sa_column=time_column())
    expires_at: datetime | None = Field(default=None, sa_column=time_column(nullable=True))


class MediaPreference(Base, table=True):
    """Which files of an account are fetched by themselves; without a row all are."""

    __tablename__ = "media_preferences"

    account_id: UUID = Field(sa_column=ref("whatsapp_accounts.id", index=False, primary_key=True))
    auto: list[str] = Field(sa_column=Column(Json, nullable=False), description="kinds, as in MediaKind")
