"""Making a backup: the row first, then the files aside, then the archive into its store, then the row again."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import structlog

from session_core.alerts import raising
from session_core.backups.codec import Label
from session_core.backups.errors import problem_of
from session_core.backups.staging import Staged, stage_closed, stage_running
from session_core.backups.stores.contract import new_path
from session_core.clock import utcnow
from session_core.domain.backup import BackupReason, BackupStatus, Kept, superfluous
from session_core.host.backup_tools import Owned, Tools, add_line, tell_backup
from session_core.host.threads import in_thread
from session_core.store import backups
from session_core.store.errors import STORE_ERRORS
from session_core.store.models import SessionBackup

log = structlog.get_logger(__name__)

JOB_TIMEOUT = timedelta(minutes=30)
"""For one archive to be packed and stored; a slow line takes a few minutes."""

STAGE_TIMEOUT = timedelta(minutes=2)

KEEP_FAILURES = timedelta(days=7)

ALERT_AFTER = 2
"""Failures in a row; one alone may be a page that was busy."""


@dataclass(frozen=True, slots=True)
class Job:
    """Files that are aside and belong into an archive."""

    account_id: UUID
    user_id: UUID
    name: str
    backup_id: UUID
    because: BackupReason
    epoch: int
    path: str
    staged: Staged


class Maker:
    """Makes backups. Failures end in the row and in the log; nobody above has to know them."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._core = tools.core
        self._failures: Counter[UUID] = Counter()
        self.under_way: set[UUID] = set()

    async def take(
        self, owned: Owned, because: BackupReason, *, clean: bool, epoch: int, backup_id: UUID | None = None
    ) -> Job | None:
        """Put the files of a profile aside.

        Args:
            owned: whose.
            because: why.
            clean: the browser is closed; else it runs and is held still.
            epoch: fencing number of the lease.
            backup_id: the row in which it was asked for.

        Returns:
            What to give to `store`, or None when it did not work or is not wanted any more.

        Raises:
            STORE_ERRORS: the database is away; nothing was done.
        """
        row = self._row(owned, because, clean=clean, epoch=epoch, backup_id=backup_id or uuid4())
        job_id, path = row.id, row.path
        self.under_way.add(job_id)
        async with self._core.db.begin() as session:
            if not await backups.begin(session, row):
                self.under_way.discard(job_id)
                return None
        profile, folder = self._tools.folder / owned.name, self._tools.workshop / str(job_id)
        stage = stage_closed if clean else stage_running
        try:
            async with asyncio.timeout(STAGE_TIMEOUT.total_seconds()):
                staged = await in_thread(f"stage-{owned.name}", lambda _: stage(profile, folder))
        except Exception as error:
            await self._failed(owned, job_id, because, error)
            return None
        except BaseException:
            # Broken off: the row is given up in the next round.
            self.under_way.discard(job_id)
            raise
        return Job(owned.account_id, owned.user_id, owned.name, job_id, because, epoch, path, staged)

    def _row(self, owned: Owned, because: BackupReason, *, clean: bool, epoch: int, backup_id: UUID) -> SessionBackup:
        now = utcnow()
        return SessionBackup(
            id=backup_id,
            account_id=owned.account_id,
            status=BackupStatus.UPLOADING,
            because=because,
            store=self._tools.vault.current.name,
            path=new_path(owned.user_id, owned.account_id, backup_id, now),
            host_id=self._tools.host_id,
            epoch=epoch,
            chromium=self._tools.chromium()[:64],
            clean=clean,
            created_at=now,
            updated_at=now,
        )

    async def store(self, job: Job) -> bool:
        """Pack and store what was put aside; True when it is complete."""
        try:
            async with asyncio.timeout(JOB_TIMEOUT.total_seconds()), self._tools.one:
                await self._store(job)
        except Exception as error:
            await self._failed(job, job.backup_id, job.because, error)
            return False
        finally:
            self.under_way.discard(job.backup_id)
            await asyncio.shield(asyncio.to_thread(job.staged.discard))
        await self._works(job.account_id)
        log.info("backup_made", session=job.name, clean=job.staged.clean, because=job.because)
        return True

    async def _store(self, job: Job) -> None:
        vault, label = self._tools.vault, Label(job.account_id, job.backup_id, job.epoch)
        scratch = self._tools.workshop / f"{job.backup_id}.new"
        archive = await in_thread(
            f"backup-{job.name}", lambda stop: vault.save(job.staged.folder, scratch, label, job.path, stop)
        )
        async with self._core.db.begin() as session:
            done = await backups.finish(
                session,
                job.backup_id,
                size=archive.size,
                sha256=archive.sha256,
                key_id=archive.key_id,
                now=utcnow(),
            )
        if not done:
            # Its account logged out meanwhile, or somebody took us for dead: nobody may find it later.
            await in_thread(f"unwanted-{job.name}", lambda _: vault.current.delete(job.path))
            return
        await self._prune(job.account_id, utcnow())
        await tell_backup(self._core, job.user_id, job.account_id, job.backup_id)
        if job.because is BackupReason.REQUESTED:
            await add_line(self._core, job, "backup_made")

    async def _prune(self, account_id: UUID, now: datetime) -> None:
        async with self._core.db.begin() as session:
            rows = await backups.complete(session, account_id)
            gone = superfluous(Kept(row.id, row.created_at, row.clean) for row in rows)
            gone |= set(await backups.useless(session, account_id, now - KEEP_FAILURES))
            if gone:
                await backups.want_removed(session, list(gone), now)

    async def _works(self, account_id: UUID) -> None:
        self._failures.pop(account_id, None)
        try:
            await raising.backup_works(self._core, account_id)
        except STORE_ERRORS as error:
            log.warning("alert_not_ended", account_id=str(account_id), error=type(error).__name__)

    async def _failed(self, owned: Owned, backup_id: UUID, because: BackupReason, error: Exception) -> None:
        problem = problem_of(error)
        log.warning("backup_failed", session=owned.name, problem=problem, error=repr(error))
        self.under_way.discard(backup_id)
        self._failures[owned.account_id] += 1
        failures = self._failures[owned.account_id]
        try:
            async with self._core.db.begin() as session:
                await backups.fail(session, backup_id, problem, utcnow())
            await tell_backup(self._core, owned.user_id, owned.account_id, backup_id)
            if failures == 1 or because is BackupReason.REQUESTED:
                await add_line(self._core, owned, "backup_failed", problem)
            if failures >= ALERT_AFTER:
                await raising.backup_failing(self._core, owned.account_id, problem)
        except STORE_ERRORS as store_error:
            # The row is found again as one that nobody works on.
            log.warning("backup_failure_not_stored", session=owned.name, error=type(store_error).__name__)
