"""The tables. Rows say what is wanted and what was last known; processes are reconciled to them."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    MetaData,
    Text,
    Time,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlmodel import Field, SQLModel

from session_core.clock import utcnow
from session_core.domain.alerts import AlertKind, MailNote, MailStatus
from session_core.domain.backup import BackupProblem, BackupReason, BackupStatus
from session_core.domain.message import Direction, MessageStatus
from session_core.domain.status import AccountKind, Desired, ReasonCode, SessionStatus
from session_core.store.types import BigId, Json, UtcDateTime, enum_column


class Base(SQLModel):
    """What all tables share: our own metadata, in which every constraint has a name.

    A constraint without a name cannot be dropped by a migration on SQLite.
    """

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


def _id() -> Any:
    return Column(Uuid(), primary_key=True)


def _ref(target: str, *, nullable: bool = False, index: bool = True, primary_key: bool = False) -> Any:
    return Column(
        Uuid(), ForeignKey(target, ondelete="CASCADE"), nullable=nullable, index=index, primary_key=primary_key
    )


def _time(*, nullable: bool = False) -> Any:
    return Column(UtcDateTime(), nullable=nullable)


GROWING = {"sqlite_autoincrement": True}
"""A number is never given twice, also when the row with the highest one is deleted: readers go on from a number."""


def _reason() -> Any:
    return Column(enum_column(ReasonCode, check=False), nullable=False)


class User(Base, table=True):
    """A person. With Supabase the id is that of ``auth.users`` and there is no password here."""

    __tablename__ = "users"

    id: UUID = Field(default_factory=uuid4, sa_column=_id())
    email: str = Field(max_length=320, unique=True, description="lower case")
    name: str = Field(max_length=100)
    password_hash: str | None = Field(default=None, max_length=255, description="argon2id")
    created_at: datetime = Field(default_factory=utcnow, sa_column=_time())


class LoginSession(Base, table=True):
    """A signed-in browser. Only the hash of the cookie's token is kept."""

    __tablename__ = "login_sessions"

    id: UUID = Field(default_factory=uuid4, sa_column=_id())
    user_id: UUID = Field(sa_column=_ref("users.id"))
    token_hash: str = Field(max_length=64, unique=True, description="sha256, hex")
    user_agent: str = Field(default="", max_length=200)
    created_at: datetime = Field(default_factory=utcnow, sa_column=_time())
    expires_at: datetime = Field(sa_column=_time())


class ApiKey(Base, table=True):
    """A program's key: found by its public prefix, proved by its hash."""

    __tablename__ = "api_keys"

    id: UUID = Field(default_factory=uuid4, sa_column=_id())
    user_id: UUID = Field(sa_column=_ref("users.id"))
    name: str = Field(max_length=100)
    prefix: str = Field(max_length=16, unique=True)
    key_hash: str = Field(max_length=64, description="sha256, hex; 256 random bits need no slow hash")
    created_at: datetime = Field(default_factory=utcnow, sa_column=_time())
    last_used_at: datetime | None = Field(default=None, sa_column=_time(nullable=True))
    revoked_at: datetime | None = Field(default=None, sa_column=_time(nullable=True))


class Account(Base, table=True):
    """A WhatsApp account of a user. Hidden from the owner once ``deleted_at`` is set; the host then purges it."""

    __tablename__ = "whatsapp_accounts"

    id: UUID = Field(default_factory=uuid4, sa_column=_id())
    user_id: UUID = Field(sa_column=_ref("users.id"))
    name: str = Field(max_length=100)
    kind: AccountKind = Field(sa_column=Column(enum_column(AccountKind), nullable=False))
    created_at: datetime = Field(default_factory=utcnow, sa_column=_time())
    deleted_at: datetime | None = Field(default=None, sa_column=_time(nullable=True))


class SessionRuntime(Base, table=True):
    """The hot row beside an account: what its owner wants and where its session stands."""

    __tablename__ = "session_runtime"

    account_id: UUID = Field(sa_column=_ref("whatsapp_accounts.id", index=False, primary_key=True))
    desired: Desired = Field(
        default=Desired.STOPPED, sa_column=Column(enum_column(Desired), nullable=False, index=True)
    )
    wanted_seq: int = Field(default=0, description="grows with every request of the owner")
    restart_seq: int = Field(default=0, description="wanted_seq of the last request to restart")
    logout_seq: int = Field(default=0, description="wanted_seq of the last request to log out")
    restore_seq: int = Field(default=0, description="wanted_seq of the request to restore a backup, until it is done")
    restore_backup_id: UUID | None = Field(default=None, sa_column=Column(Uuid(), nullable=True))
    status: SessionStatus = Field(
        default=SessionStatus.STOPPED, sa_column=Column(enum_column(SessionStatus), nullable=False)
    )
    reason_code: ReasonCode = Field(default=ReasonCode.NONE, sa_column=_reason())
    reason: str = Field(default="", max_length=500)
    seq: int = Field(default=0, description="grows with every change of the session")
    status_since: datetime = Field(default_factory=utcnow, sa_column=_time())
    last_activity: datetime | None = Field(default=None, sa_column=_time(nullable=True))
    phone_number: str | None = Field(default=None, max_length=20)
    push_name: str | None = Field(default=None, max_length=100)
    attempt: int = Field(default=0)
    next_retry_at: datetime | None = Field(default=None, sa_column=_time(nullable=True))
    host_id: str | None = Field(default=None, max_length=64)
    epoch: int = Field(default=0, description="fencing number of the newest holder: an older one writes nothing")
    last_host_id: str | None = Field(default=None, max_length=64, description="the host whose folder has the login")
    wanted_host_id: str | None = Field(default=None, max_length=64, description="where its owner wants it moved")


class Activity(Base, table=True):
    """The history of an account; rows are only ever added."""

    __tablename__ = "activity_log"
    __table_args__ = (Index("ix_activity_log_account_id_id", "account_id", "id"), GROWING)

    id: int | None = Field(default=None, sa_column=Column(BigId, primary_key=True, autoincrement=True))
    account_id: UUID = Field(sa_column=_ref("whatsapp_accounts.id", index=False))
    at: datetime = Field(default_factory=utcnow, sa_column=_time())
    kind: str = Field(max_length=32)
    status: SessionStatus | None = Field(default=None, sa_column=Column(enum_column(SessionStatus), nullable=True))
    reason_code: ReasonCode = Field(default=ReasonCode.NONE, sa_column=_reason())
    detail: str = Field(default="", max_length=500)


class Message(Base, table=True):
    """A text in or out. ``seq`` is the order of an account's lane."""

    __tablename__ = "messages"
    __table_args__ = (
        UniqueConstraint("id"),
        Index(
            "uq_messages_account_id_idempotency_key",
            "account_id",
            "idempotency_key",
            unique=True,
            postgresql_where=text("idempotency_key IS NOT NULL"),
            sqlite_where=text("idempotency_key IS NOT NULL"),
        ),
        Index(
            "uq_messages_account_id_wa_message_id",
            "account_id",
            "wa_message_id",
            unique=True,
            postgresql_where=text("wa_message_id IS NOT NULL"),
            sqlite_where=text("wa_message_id IS NOT NULL"),
        ),
        Index(
            "ix_messages_lane",
            "account_id",
            "seq",
            postgresql_where=text("status IN ('queued', 'sending')"),
            sqlite_where=text("status IN ('queued', 'sending')"),
        ),
        Index("ix_messages_account_id_seq", "account_id", "seq"),
        Index("ix_messages_account_id_wa_key", "account_id", "wa_key"),
        Index("ix_messages_same_content", "account_id", "chat_id", "content_hash", "created_at"),
        CheckConstraint("status_rank >= 0", name="status_rank"),
        GROWING,
    )

    seq: int | None = Field(default=None, sa_column=Column(BigId, primary_key=True, autoincrement=True))
    id: UUID = Field(default_factory=uuid4, sa_column=Column(Uuid(), nullable=False))
    account_id: UUID = Field(sa_column=_ref("whatsapp_accounts.id", index=False))
    direction: Direction = Field(sa_column=Column(enum_column(Direction), nullable=False))
    chat_id: str = Field(max_length=64)
    author: str | None = Field(default=None, max_length=64)
    sender_name: str | None = Field(default=None, max_length=100)
    kind: str = Field(default="text", max_length=32)
    text: str = Field(sa_column=Column(Text(), nullable=False))
    content_hash: str = Field(max_length=64)
    status: MessageStatus = Field(sa_column=Column(enum_column(MessageStatus), nullable=False))
    status_rank: int = Field(default=0)
    failure: str | None = Field(default=None, max_length=200)
    wa_key: str = Field(max_length=64, description="the bare id, chosen when the row is made")
    wa_message_id: str | None = Field(default=None, max_length=200)
    quoted_id: str | None = Field(default=None, max_length=200)
    idempotency_key: str | None = Field(default=None, max_length=200)
    request_hash: str | None = Field(default=None, max_length=64)
    replayed: bool = Field(default=False)
    attempts: int = Field(default=0)
    lease_token: str | None = Field(default=None, max_length=64, description="who may send it now")
    lease_until: datetime | None = Field(default=None, sa_column=_time(nullable=True))
    created_at: datetime = Field(default_factory=utcnow, sa_column=_time())
    sent_at: datetime | None = Field(default=None, sa_column=_time(nullable=True))
    updated_at: datetime = Field(default_factory=utcnow, sa_column=_time())


class OutboxEvent(Base, table=True):
    """An event for programs, written in the transaction that made it true."""

    __tablename__ = "outbox_events"
    __table_args__ = (Index("ix_outbox_events_account_id_id", "account_id", "id"), GROWING)

    id: int | None = Field(default=None, sa_column=Column(BigId, primary_key=True, autoincrement=True))
    event_id: UUID = Field(default_factory=uuid4, sa_column=Column(Uuid(), nullable=False, unique=True))
    account_id: UUID = Field(sa_column=_ref("whatsapp_accounts.id", index=False))
    type: str = Field(max_length=64)
    payload: dict[str, Any] = Field(sa_column=Column(Json, nullable=False))
    created_at: datetime = Field(default_factory=utcnow, sa_column=_time())


class SessionBackup(Base, table=True):
    """A backup of an account's login, or the wish for one. The archive lies in a store under ``path``."""

    __tablename__ = "session_backups"
    __table_args__ = (
        Index("ix_session_backups_account_id_created_at", "account_id", "created_at"),
        Index("ix_session_backups_status", "status"),
    )

    id: UUID = Field(default_factory=uuid4, sa_column=_id())
    account_id: UUID = Field(sa_column=_ref("whatsapp_accounts.id", index=False))
    status: BackupStatus = Field(sa_column=Column(enum_column(BackupStatus), nullable=False))
    because: BackupReason = Field(sa_column=Column(enum_column(BackupReason), nullable=False))
    store: str = Field(default="", max_length=16, description="local or supabase; empty while only wished for")
    path: str = Field(default="", max_length=300, description="name of the archive in its store")
    host_id: str = Field(default="", max_length=64, description="the host that made it")
    epoch: int = Field(default=0, description="fencing number of the lease under which it was made")
    chromium: str = Field(default="", max_length=64)
    key_id: str | None = Field(default=None, max_length=32)
    clean: bool = Field(default=False, description="the browser was closed")
    size: int | None = Field(default=None, sa_column=Column(BigInteger(), nullable=True))
    sha256: str | None = Field(default=None, max_length=64)
    created_at: datetime = Field(default_factory=utcnow, sa_column=_time())
    updated_at: datetime = Field(default_factory=utcnow, sa_column=_time())
    completed_at: datetime | None = Field(default=None, sa_column=_time(nullable=True))
    verified_at: datetime | None = Field(default=None, sa_column=_time(nullable=True))
    verify_wanted: bool = Field(default=False)
    problem: BackupProblem | None = Field(
        default=None, sa_column=Column(enum_column(BackupProblem, check=False), nullable=True)
    )


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

    id: UUID = Field(default_factory=uuid4, sa_column=_id())
    user_id: UUID = Field(sa_column=_ref("users.id", index=False))
    account_id: UUID | None = Field(default=None, sa_column=_ref("whatsapp_accounts.id", nullable=True))
    kind: AlertKind = Field(sa_column=Column(enum_column(AlertKind, check=False), nullable=False))
    subject: str = Field(
        max_length=64, description="id of the account or of the host: one open alert of a kind for each"
    )
    reason_code: ReasonCode = Field(default=ReasonCode.NONE, sa_column=_reason())
    detail: str = Field(default="", max_length=500)
    raised_at: datetime = Field(default_factory=utcnow, sa_column=_time())
    resolved_at: datetime | None = Field(default=None, sa_column=_time(nullable=True))
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
    first_try_at: datetime | None = Field(default=None, sa_column=_time(nullable=True))
    next_try_at: datetime = Field(default_factory=utcnow, sa_column=_time())
    mail_token: str | None = Field(default=None, max_length=64, description="who may send it until next_try_at")
    sent_at: datetime | None = Field(default=None, sa_column=_time(nullable=True))


class AlertPreference(Base, table=True):
    """How a person wants to be told; without a row everything is mailed, in the language of most users."""

    __tablename__ = "alert_preferences"

    user_id: UUID = Field(sa_column=_ref("users.id", index=False, primary_key=True))
    language: str = Field(max_length=8)
    off: list[str] = Field(sa_column=Column(Json, nullable=False), description="kinds that are not mailed")
    quiet_start: time | None = Field(default=None, sa_column=Column(Time(), nullable=True))
    quiet_until: time | None = Field(default=None, sa_column=Column(Time(), nullable=True))
    time_zone: str | None = Field(default=None, max_length=64)
