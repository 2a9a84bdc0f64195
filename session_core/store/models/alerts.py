"""Alerts, and how people want to be told."""

from __future__ import annotations

from datetime import datetime, time
from uuid import UUID, uuid4

from sqlalchemy import Column, Index, Time, Uuid, text
from sqlmodel import Field

from session_core.clock import utcnow
from session_core.domain.alerts import AlertKind, MailNote, MailStatus
from session_core.domain.status import ReasonCode
from session_core.store.models.base import Base, id_column, reason_column, ref, time_column
from session_core.store.types import Json, enum_column


class Alert(Base, table=True):
    """A problem that somebody is told about, or the news that it is over; and what became of its e-mail."""

    __tablename__ = "alerts"
    __table_args__ = (
        Index(
            "uq_alerts_open",
            "user_id",
            "kind",
            "subject",
            unique=True,
            postgresql_where=text("resolved_at IS NULL"),
            sqlite_where=text("resolved_at IS NULL"),
        ),
        Index(
            "ix_alerts_mail_due",
            "next_try_at",
            postgresql_where=text("mail IN ('waiting', 'sending')"),
            sqlite_where=text("mail IN ('waiting', 'sending')"),
        ),
        Index("ix_alerts_user_id_raised_at", "user_id", "raised_at"),
    )

    id: UUID = Field(default_factory=uuid4, sa_column=id_column())
    user_id: UUID = Field(sa_column=ref("users.id", index=False))
    account_id: UUID | None = Field(default=None, sa_column=ref("whatsapp_accounts.id", nullable=True))
    kind: AlertKind = Field(sa_column=Column(enum_column(AlertKind, check=False), nullable=False))
    subject: str = Field(
        max_length=64, description="id of the account or of the host: one open alert of a kind for each"
    )
    reason_code: ReasonCode = Field(default=ReasonCode.NONE, sa_column=reason_column())
    detail: str = Field(default="", max_length=500)
    raised_at: datetime = Field(default_factory=utcnow, sa_column=time_column())
    resolved_at: datetime | None = Field(default=None, sa_column=time_column(nullable=True))
    resolved_by: UUID | None = Field(
        default=None,
        sa_column=Column(Uuid(), nullable=True, index=True),
        description="the alert of kind back that says so",
    )
    mail: MailStatus = Field(sa_column=Column(enum_column(MailStatus), nullable=False))
    mail_note: MailNote = Field(
        default=MailNote.NONE, sa_column=Column(enum_column(MailNote, check=False), nullable=False)
    )
    tries: int = Field(default=0)
    first_try_at: datetime | None = Field(default=None, sa_column=time_column(nullable=True))
    next_try_at: datetime = Field(default_factory=utcnow, sa_column=time_column())
    mail_token: str | None = Field(default=None, max_length=64, description="who may send it until next_try_at")
    sent_at: datetime | None = Field(default=None, sa_column=time_column(nullable=True))


class AlertPreference(Base, table=True):
    """How a person wants to be told; without a row everything is mailed, in the language of most users."""

    __tablename__ = "alert_preferences"

    user_id: UUID = Field(sa_column=ref("users.id", index=False, primary_key=True))
    language: str = Field(max_length=8)
    off: list[str] = Field(sa_column=Column(Json, nullable=False), description="kinds that are not mailed")
    quiet_start: time | None = Field(default=None, sa_column=Column(Time(), nullable=True))
    quiet_until: time | None = Field(default=None, sa_column=Column(Time(), nullable=True))
    time_zone: str | None = Field(default=None, max_length=64)
