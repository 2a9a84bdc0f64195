"""What a backup of a login is, and which ones are kept."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field


class BackupStatus(StrEnum):
    """Where a backup is. Only a `COMPLETE` one is ever read."""

    REQUESTED = "requested"
    UPLOADING = "uploading"
    COMPLETE = "complete"
    FAILED = "failed"
    DAMAGED = "damaged"
    DELETING = "deleting"


class BackupReason(StrEnum):
    """Why a backup was made."""

    SCHEDULED = "scheduled"
    REQUESTED = "requested"
    STOPPED = "stopped"


class BackupProblem(StrEnum):
    """What went wrong with a backup, or with restoring one. Programs branch on it, texts hang on it."""

    NOT_READY = "not_ready"
    PROFILE = "profile_not_readable"
    STORE = "store_unreachable"
    REFUSED = "store_refused"
    MISSING = "backup_missing"
    DAMAGED = "backup_damaged"
    FOREIGN = "backup_foreign"
    KEY_MISSING = "backup_key_missing"
    DISK_FULL = "disk_full"
    INTERRUPTED = "interrupted"
    INTERNAL = "internal"


class Gap(BaseModel):
    """For which time a restored login knows nothing: from its backup until it was restored.

    What the account sent meanwhile is not in its chats, though the phone has it.

    Attributes:
        begins: the moment that the backup shows.
        closed: no browser ran any more at that moment.
        ends: when it was restored.
    """

    model_config = ConfigDict(frozen=True)

    begins: datetime
    closed: bool
    ends: datetime

    def may_hide(self, earliest: datetime, latest: datetime, lasts: timedelta) -> bool:
        """Tell whether a send lies in the gap, or may.

        Args:
            earliest: it did not begin before,
            latest: and not after that moment.
            lasts: so long at most.
        """
        # Before a browser was closed, a send had ended.
        return earliest < self.ends and latest + (timedelta(0) if self.closed else lasts) > self.begins


class BackupView(BaseModel):
    """A backup as its owner sees it."""

    model_config = ConfigDict(frozen=True)

    id: UUID
    account_id: UUID
    status: BackupStatus
    reason: BackupReason
    created_at: datetime = Field(description="the moment that it shows; before that, when it was asked for")
    completed_at: datetime | None = None
    size: int | None = Field(default=None, description="bytes of the encrypted archive")
    sha256: str | None = None
    clean: bool = Field(description="made while the browser was closed, so nothing was still in memory")
    store: str = Field(description="where it lies: local or supabase; empty before it is made")
    key_id: str | None = Field(default=None, description="which key opens it")
    chromium: str = Field(default="", description="version of the browser that wrote the profile")
    verified_at: datetime | None = Field(default=None, description="when it was last read back and decrypted")
    verifying: bool = Field(default=False, description="it is waiting to be verified")
    problem: BackupProblem | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """What the rule of retention looks at."""

    id: UUID
    created_at: datetime
    clean: bool


KEEP_NEWEST = 3
KEEP_DAYS = 7


def superfluous(backups: Iterable[Kept]) -> set[UUID]:
    """Return which complete backups of one account can go.

    Kept are the newest three, the newest of each of the last seven days that have one (UTC), and the newest clean one.
    """
    newest_first = sorted(backups, key=lambda backup: (backup.created_at, backup.id), reverse=True)
    keep = {backup.id for backup in newest_first[:KEEP_NEWEST]}
    days: dict[object, UUID] = {}
    for backup in newest_first:
        days.setdefault(backup.created_at.date(), backup.id)
    keep |= set(list(days.values())[:KEEP_DAYS])
    keep |= {next((backup.id for backup in newest_first if backup.clean), None)} - {None}  # type: ignore[arg-type]
    return {backup.id for backup in newest_first} - keep


def due_at(
    last: datetime | None, ready_since: datetime, *, linked_anew: bool, first_after: timedelta, every: timedelta
) -> datetime:
    """Return when a running session is to be backed up next.

    Args:
        last: when the newest complete backup was made.
        ready_since: when the session became ready.
        linked_anew: a phone was linked with this start, so that earlier backups hold another login.
        first_after: so long a page is left alone: Chromium writes cookies and local storage late (measured: an early
            copy had none).
        every: pause between two backups.
    """
    first = ready_since + first_after
    if last is None or (linked_anew and last < ready_since):
        return first
    return max(first, last + every)
