"""Bringing a login back from a backup. Nothing of the profile is touched before the archive was proved whole."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID, uuid4

import structlog

from session_core.backups import swap
from session_core.backups.errors import BackupDamaged, BackupForeign, BackupMissing, StoreAway, problem_of
from session_core.clock import utcnow
from session_core.domain.backup import BackupStatus, Gap
from session_core.errors import TransientError, WhahookError
from session_core.host.backup_tools import Owned, Tools, add_line, known
from session_core.host.policy import Restore
from session_core.host.threads import in_thread
from session_core.store import backups
from session_core.store.errors import STORE_ERRORS
from session_core.store.models import SessionBackup

log = structlog.get_logger(__name__)

RESTORE_TIMEOUT = timedelta(minutes=30)


class Restorer:
    """Restores profiles. The account's browser is closed, and the caller holds its lease."""

    def __init__(self, tools: Tools, sure: Callable[[UUID], bool]) -> None:
        """Prepare.

        Args:
            tools: where things are.
            sure: tells whether an account is ours at this moment.
        """
        self._tools = tools
        self._sure = sure

    async def wanted(self, owned: Owned, restore: Restore) -> None:
        """Restore the backup that the owner chose; done once for each request, whatever crashes in between.

        Raises:
            WhahookError, OSError: it did not work; the profile is as it was.
        """
        profile = self._tools.folder / owned.name
        if await asyncio.to_thread(swap.restored_by, profile) == restore.mark:
            return
        async with self._tools.core.db.read() as session:
            row = await backups.get(session, owned.account_id, restore.backup_id)
        if row is None or row.status is not BackupStatus.COMPLETE:
            raise BackupMissing("This backup is not there any more.")
        try:
            await self._restore(owned, row, restore.mark)
        except (BackupDamaged, BackupForeign) as error:
            await self._never_again(row.id, error)
            raise

    async def newest(self, owned: Owned, begins: Callable[[], None]) -> bool:
        """Restore the newest backup that opens; False when there is none at all.

        Args:
            owned: whose.
            begins: called when there is one.

        Raises:
            WhahookError, OSError: there are some, and none of them can be restored (now).
        """
        async with self._tools.core.db.read() as session:
            rows = await backups.complete(session, owned.account_id)
        failure: WhahookError | None = None
        if rows:
            begins()
        for row in rows:
            backup_id = row.id
            try:
                await self._restore(owned, row, f"newest {backup_id}")
            except (BackupDamaged, BackupForeign) as error:
                log.error("backup_damaged", session=owned.name, backup_id=str(backup_id))
                await self._never_again(backup_id, error)
                failure = failure or error
            except BackupMissing as error:
                failure = failure or error
            else:
                return True
        if failure is not None:
            raise failure
        return False

    async def _restore(self, owned: Owned, row: SessionBackup, mark: str) -> None:
        archive, created_at, clean = known(row), row.created_at, row.clean
        fresh = self._tools.workshop / f"restore-{uuid4()}"
        profile = self._tools.folder / owned.name
        vault = self._tools.vault
        try:
            async with asyncio.timeout(RESTORE_TIMEOUT.total_seconds()), self._tools.one:
                await in_thread(f"restore-{owned.name}", lambda stop: vault.fetch(archive, fresh, stop))
            await asyncio.to_thread(swap.mark, fresh, mark)
            gap = Gap(begins=created_at, closed=clean, ends=utcnow())
            await asyncio.to_thread(swap.note_gap, fresh, gap)
            if not self._sure(owned.account_id):
                raise TransientError("It is not sure that the account is still this host's.", code="profile_in_use")
            await in_thread(f"install-{owned.name}", lambda stop: swap.install(fresh, profile, stop))
        except TimeoutError as error:
            raise StoreAway("Reading the backup took too long.") from error
        finally:
            await asyncio.shield(asyncio.to_thread(shutil.rmtree, fresh, ignore_errors=True))
        log.info("backup_restored", session=owned.name, made_at=created_at.isoformat())
        try:
            await add_line(self._tools.core, owned, "backup_restored")
        except STORE_ERRORS as error:
            # It is done all the same.
            log.warning("restore_not_told", session=owned.name, error=type(error).__name__)

    async def _never_again(self, backup_id: UUID, error: WhahookError) -> None:
        async with self._tools.core.db.begin() as session:
            await backups.not_verified(session, backup_id, problem_of(error), utcnow(), damaged=True)
