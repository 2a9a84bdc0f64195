"""Accounts, where their sessions stand, and their history."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import Column, Index, Uuid
from sqlmodel import Field

from session_core.clock import utcnow
from session_core.domain.status import AccountKind, Desired, ReasonCode, SessionStatus
from session_core.store.models.base import GROWING, Base, id_column, reason_column, ref, time_column
from session_core.store.types import BigId, enum_column


class Account(Base, table=True):
    """A WhatsApp account of a user. Hidden from the owner once ``deleted_at`` is set; the host then purges it."""

    __tablename__ = "whatsapp_accounts"

    id: UUID = Field(default_factory=uuid4, sa_column=id_column())
    user_id: UUID = Field(sa_column=ref("users.id"))
    name: str = Field(max_length=100)
    kind: AccountKind = Field(sa_column=Column(enum_column(AccountKind), nullable=False))
    created_at: datetime = Field(default_factory=utcnow, sa_column=time_column())
    deleted_at: datetime | None = Field(default=None, sa_column=time_column(nullable=True))
    keep_days: int | None = Field(default=None, description="messages that are older are deleted; None: never")


class SessionRuntime(Base, table=True):
    """The hot row beside an account: what its owner wants and where its session stands."""

    __tablename__ = "session_runtime"

    account_id: UUID = Field(sa_column=ref("whatsapp_accounts.id", index=False, primary_key=True))
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
    reason_code: ReasonCode = Field(default=ReasonCode.NONE, sa_column=reason_column())
    reason: str = Field(default="", max_length=500)
    seq: int = Field(default=0, description="grows with every change of the session")
    status_since: datetime = Field(default_factory=utcnow, sa_column=time_column())
    last_activity: datetime | None = Field(default=None, sa_column=time_column(nullable=True))
    phone_number: str | None = Field(default=None, max_length=20)
    push_name: str | None = Field(default=None, max_length=100)
    attempt: int = Field(default=0)
    next_retry_at: datetime | None = Field(default=None, sa_column=time_column(nullable=True))
    host_id: str | None = Field(default=None, max_length=64)
    epoch: int = Field(default=0, description="fencing number of the newest holder: an older one writes nothing")
    last_host_id: str | None = Field(default=None, max_length=64, description="the host whose folder has the login")
    wanted_host_id: str | None = Field(default=None, max_length=64, description="where its owner wants it moved")


class Activity(Base, table=True):
    """The history of an account; rows are only ever added."""

    __tablename__ = "activity_log"
    __table_args__ = (Index("ix_activity_log_account_id_id", "account_id", "id"), GROWING)

    id: int | None = Field(default=None, sa_column=Column(BigId, primary_key=True, autoincrement=True))
    account_id: UUID = Field(sa_column=ref("whatsapp_accounts.id", index=False))
    at: datetime = Field(default_factory=utcnow, sa_column=time_column())
    kind: str = Field(max_length=32)
    status: SessionStatus | None = Field(default=None, sa_column=Column(enum_column(SessionStatus), nullable=True))
    reason_code: ReasonCode = Field(default=ReasonCode.NONE, sa_column=reason_column())
    detail: str = Field(default="", max_length=500)
