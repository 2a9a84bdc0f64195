"""What has to be done about backups that are there: verify, remove, and clear up after a host that died."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import UUID

import structlog

from session_core.backups.errors import BackupDamaged, BackupForeign, BackupMissing, problem_of
from session_core.clock import utcnow
from session_core.domain.backup import BackupProblem
from session_core.host.backup_tools import Tools, known, tell_backup
from session_core.host.threads import in_thread
from session_core.store import backups
from session_core.store.models import SessionBackup

log = structlog.get_logger(__name__)

CHECK_TIMEOUT = timedelta(minutes=30)
REMOVE_TIMEOUT = timedelta(minutes=2)

WORTHLESS = (BackupDamaged, BackupForeign, BackupMissing)
"""Errors after which an archive is never read again; after others (a key or a store that is away) it may be."""


class Chores:
    """One chore at a time, each for one row. Errors of the store of archives end in the row or are tried again."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._core = tools.core

    async def verify(self, row: SessionBackup, user_id: UUID) -> None:
        """Read an archive back, open all of it, and note what came of it."""
        account_id, backup_id = row.account_id, row.id
        if not await self._reaches(row):
            if utcnow() - row.updated_at > self._tools.rhythm.patience:
                await self._not_verified(backup_id, BackupProblem.MISSING, damaged=False)
                await tell_backup(self._core, user_id, account_id, backup_id)
            return
        archive = known(row)
        try:
            async with asyncio.timeout(CHECK_TIMEOUT.total_seconds()), self._tools.one:
                await in_thread(f"verify-{backup_id}", lambda stop: self._tools.vault.check(archive, stop))
        except Exception as error:
            log.warning("backup_not_verified", backup_id=str(backup_id), error=repr(error))
            await self._not_verified(backup_id, problem_of(error), damaged=isinstance(error, WORTHLESS))
        else:
            async with self._core.db.begin() as session:
                await backups.verified(session, backup_id, utcnow())
        await tell_backup(self._core, user_id, account_id, backup_id)

    async def _not_verified(self, backup_id: UUID, problem: BackupProblem, *, damaged: bool) -> None:
        async with self._core.db.begin() as session:
            await backups.not_verified(session, backup_id, problem, utcnow(), damaged=damaged)

    async def remove(self, row: SessionBackup) -> None:
        """Remove an archive that is not wanted any more, and then its row; tried again later when that fails."""
        backup_id = row.id
        if row.path and not await self._reaches(row):
            return
        if await self._deleted(row):
            async with self._core.db.begin() as session:
                await backups.remove(session, backup_id)

    async def reap(self, row: SessionBackup) -> None:
        """Give up a backup over which somebody died; what is in the store under its path is no backup."""
        backup_id = row.id
        if not await self._reaches(row):
            # Its archive, if there is one, is on the disk of a host that may come back and look after it.
            return
        if await self._deleted(row):
            log.warning("backup_given_up", backup_id=str(backup_id))
            async with self._core.db.begin() as session:
                await backups.fail(session, backup_id, BackupProblem.INTERRUPTED, utcnow())

    async def _reaches(self, row: SessionBackup) -> bool:
        try:
            return await in_thread(f"look-{row.id}", lambda _: self._tools.reaches(row))
        except Exception as error:
            log.warning("backup_store_not_reachable", backup_id=str(row.id), error=repr(error))
            return False

    async def _deleted(self, row: SessionBackup) -> bool:
        if not row.path:
            return True
        store, path = row.store, row.path
        try:
            async with asyncio.timeout(REMOVE_TIMEOUT.total_seconds()):
                await in_thread(f"remove-{row.id}", lambda _: self._tools.vault.store(store).delete(path))
        except Exception as error:
            log.warning("backup_not_removed", backup_id=str(row.id), error=repr(error))
            return False
        return True
