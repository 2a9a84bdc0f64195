"""All that a host does about backups: one thing at a time, beside the sessions and never in their way."""

from __future__ import annotations

import asyncio
import shutil
from collections import deque
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from uuid import UUID

import structlog

from session_core.backups import swap
from session_core.clock import utcnow
from session_core.domain.backup import BackupProblem, BackupReason, BackupStatus, due_at
from session_core.domain.ids import session_id
from session_core.domain.sharing import backup_name
from session_core.errors import WhahookError
from session_core.host import custody
from session_core.host.backup_chores import Chores
from session_core.host.backup_making import Job, Maker
from session_core.host.backup_restoring import Restorer
from session_core.host.backup_tools import Owned, Running, Surroundings, Tools, add_line, tell_backup
from session_core.host.house import Reach
from session_core.host.policy import Restore
from session_core.outages import Outage
from session_core.store import backups
from session_core.store.errors import STORE_ERRORS
from session_core.store.models import SessionBackup
from session_core.tasks import RecurringTask

log = structlog.get_logger(__name__)

FORGET_TIMEOUT = timedelta(minutes=2)


class BackupKeeper:
    """Makes, verifies, removes and restores the backups of a host's accounts (see `session_core.host.house.Backups`).

    What takes long (packing, storing, reading back) happens in rounds, one after the other. Sessions only have their
    files put aside, which takes milliseconds, and go on.
    """

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._core = tools.core
        self._around = Surroundings(list, lambda _: 0, lambda _: False, _nobody)
        self._maker = Maker(tools)
        self._chores = Chores(tools)
        self._restorer = Restorer(tools, lambda account_id: self._around.sure(account_id))
        self._line: deque[Job] = deque()
        self._empty = asyncio.Event()
        self._started = False
        self._leaving = False
        self._last: dict[UUID, datetime | None] = {}
        self._not_before: dict[UUID, datetime] = {}
        self._rounds = RecurringTask(self._round, every=tools.rhythm.look, name="backups")
        self._outage = Outage("backups_not_readable")

    async def start(self, around: Surroundings) -> None:
        """Begin; what an earlier life left half-done is cleared away."""
        self._around = around
        self._started = True
        await asyncio.to_thread(shutil.rmtree, self._tools.workshop, ignore_errors=True)
        self._rounds.start()

    async def stop(self) -> None:
        """Store what is aside already, as long as there is time; no session runs any more."""
        if not self._started:
            return
        self._started = False
        self._leaving = True
        self._empty.clear()
        self._rounds.wake()
        try:
            async with asyncio.timeout(self._tools.rhythm.leave.total_seconds()):
                await self._empty.wait()
        except TimeoutError:
            log.warning("backups_not_stored", waiting=len(self._line))
        await self._rounds.stop()
        await asyncio.to_thread(shutil.rmtree, self._tools.workshop, ignore_errors=True)

    # ---- Called by sessions -----------------------------------------------------------------------------------------

    async def closed(self, owned: Owned, *, hand_over: bool = False) -> bool:
        """Back a login up whose browser was just closed, unless its last clean backup is young enough. Never raises.

        Args:
            owned: whose.
            hand_over: another host needs it now: also when the last one is young, and stored when this returns.

        Returns:
            Whether another host can go on with it; only meant for a hand-over.
        """
        try:
            if hand_over:
                return await self._hand_over(owned)
            async with self._core.db.read() as session:
                clean = await backups.complete(session, owned.account_id, clean=True, limit=1)
                last = clean[0].created_at if clean else None
            if last is None or utcnow() - last >= self._tools.rhythm.clean_every:
                await self._take_closed(owned, BackupReason.STOPPED)
        except STORE_ERRORS as error:
            log.warning("no_clean_backup", session=owned.name, error=type(error).__name__)
            return False
        return True

    async def _hand_over(self, owned: Owned) -> bool:
        if not await asyncio.to_thread(swap.has_login, self._tools.folder / owned.name):
            return True
        epoch = self._around.epoch(owned.account_id)
        job = await self._maker.take(owned, BackupReason.STOPPED, clean=True, epoch=epoch)
        if job is None or not await self._maker.store(job):
            return False
        self._last[owned.account_id] = job.staged.taken_at
        return True

    async def reach(self) -> Reach:
        """See `session_core.host.house.Backups.reach`."""

        def look() -> Reach:
            vault = self._tools.vault
            folder, keys = custody.folder_name(vault.folder), vault.key_ids()
            opens = frozenset(backup_name(store.name, folder, key) for store in vault.stores for key in keys)
            return Reach(folder, opens, backup_name(vault.current.name, folder, keys[0]))

        try:
            return await asyncio.to_thread(look)
        except (WhahookError, OSError) as error:
            log.warning("backups_not_usable", error=repr(error))
            return Reach()

    async def can_open(self, row: SessionBackup) -> bool:
        """See `session_core.host.house.Backups.can_open`."""
        vault = self._tools.vault
        try:
            return await asyncio.to_thread(
                lambda: row.key_id in vault.key_ids() and vault.store(row.store).has(row.path)
            )
        except (WhahookError, OSError) as error:
            log.warning("backup_not_reachable", account_id=str(row.account_id), error=repr(error))
            return False

    async def asked_at_rest(self, owned: Owned) -> None:
        """Back a login up that does not run, because its owner asked for it. Never raises."""
        try:
            async with self._core.db.read() as session:
                row = await backups.in_line(session, owned.account_id)
                backup_id = row.id if row is not None and row.status is BackupStatus.REQUESTED else None
            if backup_id is not None:
                await self._take_closed(owned, BackupReason.REQUESTED, backup_id)
        except STORE_ERRORS as error:
            log.warning("no_backup_at_rest", session=owned.name, error=type(error).__name__)

    async def _take_closed(self, owned: Owned, because: BackupReason, backup_id: UUID | None = None) -> None:
        epoch = self._around.epoch(owned.account_id)
        job = await self._maker.take(owned, because, clean=True, epoch=epoch, backup_id=backup_id)
        if job is not None:
            self._line.append(job)
            self._rounds.wake()

    async def restore(self, owned: Owned, restore: Restore) -> None:
        """See `Restorer.wanted`."""
        await self._restorer.wanted(owned, restore)

    async def restore_newest(self, owned: Owned, begins: Callable[[], None]) -> bool:
        """See `Restorer.newest`."""
        return await self._restorer.newest(owned, begins)

    async def not_restored(self, owned: Owned, problem: BackupProblem) -> None:
        """Tell the owner that a backup could not be restored. Never raises."""
        try:
            await add_line(self._core, owned, "restore_failed", problem)
        except STORE_ERRORS as error:
            log.warning("restore_failure_not_stored", session=owned.name, error=type(error).__name__)

    async def works(self, owned: Owned) -> None:
        """Let go of the profile from before a restore: the account is ready with what there is now."""
        await asyncio.to_thread(swap.drop_previous, self._tools.folder / owned.name)

    async def forget(self, owned: Owned) -> None:
        """Have every backup of an account removed: its login is over.

        Raises:
            STORE_ERRORS: the database is away.
        """
        self._last.pop(owned.account_id, None)
        async with self._core.db.begin() as session:
            await backups.want_all_removed(session, owned.account_id, utcnow())
        self._rounds.wake()

    async def remove_all(self, owned: Owned) -> None:
        """Remove every archive of an account now; its rows are about to go, and with them the last trace.

        Raises:
            WhahookError, OSError: some of it may still be there.
        """

        def remove() -> None:
            for store in self._tools.vault.stores:
                for path in list(store.of_account(owned.user_id, owned.account_id)):
                    store.delete(path)

        async with asyncio.timeout(FORGET_TIMEOUT.total_seconds()):
            await asyncio.to_thread(remove)

    # ---- Rounds -----------------------------------------------------------------------------------------------------

    async def _round(self) -> None:
        while self._line:
            await self._finish(self._line.popleft())
        if self._leaving:
            self._empty.set()
            return
        for running in list(self._around.sessions()):
            await self._guarded(self._back_up_if_due(running))
        try:
            async with self._core.db.read() as session:
                rows = [(row, user_id) for row, user_id in await backups.to_do(session)]
        except STORE_ERRORS as error:
            self._outage.begins(error)
            return
        self._outage.ends()
        for row, user_id in rows:
            if self._line or self._leaving:
                # A session that stops is in more of a hurry.
                self._rounds.wake()
                return
            await self._guarded(self._deal_with(row, user_id))

    async def _guarded(self, step: Awaitable[None]) -> None:
        try:
            await step
        except STORE_ERRORS as error:
            log.warning("backup_step_not_stored", error=type(error).__name__)
        except Exception:
            log.exception("backup_step_failed")

    async def _finish(self, job: Job) -> None:
        """Store a job, then read it back: a backup that was never opened is a hope."""
        account_id, now = job.account_id, utcnow()
        if not await self._maker.store(job):
            self._not_before[account_id] = now + self._tools.rhythm.again_after
            return
        self._last[account_id] = job.staged.taken_at
        if not self._leaving:
            async with self._core.db.read() as session:
                row = await backups.get(session, account_id, job.backup_id)
            if row is not None and row.status is BackupStatus.COMPLETE:
                await self._chores.verify(row, job.user_id)

    async def _back_up_if_due(self, running: Running) -> None:
        account_id, ready_since, now = running.account_id, running.ready_since, utcnow()
        if ready_since is None or now < self._not_before.get(account_id, now):
            return
        if account_id not in self._last:
            async with self._core.db.read() as session:
                rows = await backups.complete(session, account_id, limit=1)
                self._last[account_id] = rows[0].created_at if rows else None
        rhythm = self._tools.rhythm
        due = due_at(
            self._last[account_id],
            ready_since,
            linked_anew=running.linked_anew,
            first_after=rhythm.first_after,
            every=rhythm.every,
        )
        if now >= due:
            await self._back_up_running(running, BackupReason.SCHEDULED)

    async def _back_up_running(self, running: Running, because: BackupReason, backup_id: UUID | None = None) -> None:
        epoch = self._around.epoch(running.account_id)
        job = await self._maker.take(running, because, clean=False, epoch=epoch, backup_id=backup_id)
        if job is None:
            self._not_before[running.account_id] = utcnow() + self._tools.rhythm.again_after
        else:
            await self._finish(job)

    async def _deal_with(self, row: SessionBackup, user_id: UUID) -> None:
        if row.status is BackupStatus.REQUESTED:
            await self._asked(row, user_id)
        elif row.status is BackupStatus.DELETING:
            await self._chores.remove(row)
        elif row.status is BackupStatus.UPLOADING:
            mine = row.host_id == self._tools.host_id and row.id not in self._maker.under_way
            if mine or utcnow() - row.updated_at > self._tools.rhythm.abandoned_after:
                await self._chores.reap(row)
                await tell_backup(self._core, user_id, row.account_id, row.id)
        elif row.verify_wanted:
            await self._chores.verify(row, user_id)

    async def _asked(self, row: SessionBackup, user_id: UUID) -> None:
        account_id, backup_id = row.account_id, row.id
        running = next((one for one in self._around.sessions() if one.account_id == account_id), None)
        if running is not None and running.ready_since is not None:
            await self._back_up_running(running, BackupReason.REQUESTED, backup_id)
        elif utcnow() - row.created_at > self._tools.rhythm.patience:
            async with self._core.db.begin() as session:
                await backups.fail(session, backup_id, BackupProblem.NOT_READY, utcnow())
            await tell_backup(self._core, user_id, account_id, backup_id)
        elif running is None:
            profile = self._tools.folder / session_id(user_id, account_id)
            if await asyncio.to_thread(swap.has_login, profile):
                await self._around.at_rest(account_id)


async def _nobody(_: UUID) -> None:
    """Take no account: the host has not started."""
