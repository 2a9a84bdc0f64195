"""What travels about backups."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import Field

from session_core.domain.backup import BackupProblem, BackupReason, BackupStatus, BackupView
from whahook_app.api.schema_base import Outgoing


class Backup(Outgoing):
    """A backup of an account's login. Only a ``complete`` one can be verified and restored."""

    id: UUID
    account_id: UUID
    status: BackupStatus
    reason: BackupReason = Field(description="why it was made")
    created_at: datetime = Field(description="the moment that it shows; before that, when it was asked for")
    completed_at: datetime | None
    size: int | None = Field(description="bytes of the encrypted archive")
    sha256: str | None = Field(description="of the encrypted archive, hex")
    clean: bool = Field(description="made while the browser was closed")
    store: str = Field(description="where it lies: local or supabase; empty before it is made")
    key_id: str | None = Field(description="which key opens it")
    chromium: str = Field(description="version of the browser that wrote it", examples=["156.0.8078.79"])
    verified_at: datetime | None = Field(description="when it was last read back and decrypted")
    verifying: bool = Field(description="it is waiting to be verified")
    problem: BackupProblem | None = Field(description="what is wrong with it, or was when it was last verified")

    @classmethod
    def of(cls, backup: BackupView) -> Backup:
        """Show a backup."""
        return cls.model_validate(backup, from_attributes=True)
