"""Backups of logins."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import BigInteger, Column, Index
from sqlmodel import Field

from session_core.clock import utcnow
from session_core.domain.backup import BackupProblem, BackupReason, BackupStatus
from session_core.store.models.base import Base, id_column, ref, time_column
from session_core.store.types import enum_column


class SessionBackup(Base, table=True):
    """A backup of an account's login, or the wish for one. The archive lies in a store under ``path``."""

    __tablename__ = "session_backups"
    __table_args__ = (
        Index("ix_session_backups_account_id_created_at", "account_id", "created_at"),
        Index("ix_session_backups_status", "status"),
    )

    id: UUID = Field(default_factory=uuid4, sa_column=id_column())
    account_id: UUID = Field(sa_column=ref("whatsapp_accounts.id", index=False))
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
    created_at: datetime = Field(default_factory=utcnow, sa_column=time_column())
    updated_at: datetime = Field(default_factory=utcnow, sa_column=time_column())
    completed_at: datetime | None = Field(default=None, sa_column=time_column(nullable=True))
    verified_at: datetime | None = Field(default=None, sa_column=time_column(nullable=True))
    verify_wanted: bool = Field(default=False)
    problem: BackupProblem | None = Field(
        default=None, sa_column=Column(enum_column(BackupProblem, check=False), nullable=True)
    )
