"""What a user can do with the backups of their accounts. Writes what is wanted and pokes the hosts; the hosts do it."""

from __future__ import annotations

from uuid import UUID

from session_core.bus.reconcile import poke
from session_core.clock import utcnow
from session_core.core import Core
from session_core.domain.backup import BackupReason, BackupStatus, BackupView
from session_core.domain.events import ActivityAdded, ActivityEntry, BackupChanged
from session_core.domain.status import AccountKind, Desired, ReasonCode
from session_core.errors import Conflict, NotFound
from session_core.store import accounts, activity, backups
from session_core.store.engine import Transaction
from session_core.store.models import Account, SessionBackup, SessionRuntime


async def list_backups(core: Core, user_id: UUID, account_id: UUID) -> list[BackupView]:
    """Return the account's backups, newest first: complete ones, failed ones, and those on their way."""
    async with core.db.read() as session:
        await _owned(session, user_id, account_id)
        return [backups.view(row) for row in await backups.of_account(session, account_id)]


async def get(core: Core, user_id: UUID, account_id: UUID, backup_id: UUID) -> BackupView:
    """Return one backup; NotFound when it is not the user's or is being removed."""
    async with core.db.read() as session:
        await _owned(session, user_id, account_id)
        return backups.view(await _backup(session, account_id, backup_id))


async def request(core: Core, user_id: UUID, account_id: UUID) -> BackupView:
    """Have the account backed up now; what is waiting or being made already is given back instead of another one.

    Raises:
        Conflict: 409 ``nothing_to_back_up``, no phone was ever linked.
    """
    async with core.db.begin() as session:
        _, runtime = await _owned(session, user_id, account_id, lock=True)
        if runtime.phone_number is None:
            raise Conflict(
                "There is no login to back up.",
                code="nothing_to_back_up",
                action="Connect the account and link a phone first.",
            )
        waiting = await backups.in_line(session, account_id)
        if waiting is not None:
            return backups.view(waiting)
        now = utcnow()
        row = SessionBackup(
            account_id=account_id,
            status=BackupStatus.REQUESTED,
            because=BackupReason.REQUESTED,
            created_at=now,
            updated_at=now,
        )
        await backups.add(session, row)
        entry = await activity.add(session, account_id, "backup_requested", reason_code=ReasonCode.REQUESTED)
        view = backups.view(row)
    await _tell(core, user_id, view, entry)
    await poke(core.redis)
    return view


async def verify(core: Core, user_id: UUID, account_id: UUID, backup_id: UUID) -> BackupView:
    """Have a complete backup read back, decrypted and checked; `BackupView.verified_at` or ``problem`` tell the end.

    Raises:
        Conflict: 409 ``backup_not_complete``.
    """
    async with core.db.begin() as session:
        await _owned(session, user_id, account_id)
        await _complete(session, account_id, backup_id)
        await backups.want_verified(session, backup_id, utcnow())
        view = backups.view(await _backup(session, account_id, backup_id))
    await _tell(core, user_id, view)
    await poke(core.redis)
    return view


async def restore(core: Core, user_id: UUID, account_id: UUID, backup_id: UUID | None = None) -> BackupView:
    """Have the account stopped, its profile replaced by a backup, and connected again.

    Until the archive was proved whole nothing is changed; an archive that does not open leaves everything as it is and
    a line in the history.

    Args:
        core: the process's core.
        user_id: who asks.
        account_id: which account.
        backup_id: which backup; None: the newest complete one.

    Returns:
        The backup that is being restored.

    Raises:
        Conflict: 409 ``backup_not_complete``, or ``sandbox_off``.
        NotFound: there is no such backup, or none at all.
    """
    async with core.db.begin() as session:
        account, _ = await _owned(session, user_id, account_id, lock=True)
        if account.kind is AccountKind.SANDBOX and not core.settings.sandbox_enabled:
            raise Conflict(
                "The sandbox is switched off on this server.", code="sandbox_off", action="Set WHAHOOK_SANDBOX=on."
            )
        if backup_id is None:
            newest = await backups.complete(session, account_id, limit=1)
            if not newest:
                raise NotFound("backup")
            backup_id = newest[0].id
        view = backups.view(await _complete(session, account_id, backup_id))
        await accounts.want(session, account_id, Desired.CONNECTED, restore=backup_id)
        entry = await activity.add(session, account_id, "restore_requested", reason_code=ReasonCode.REQUESTED)
    await _tell(core, user_id, None, entry)
    await poke(core.redis)
    return view


async def delete(core: Core, user_id: UUID, account_id: UUID, backup_id: UUID) -> None:
    """Delete a backup: it is gone from the lists at once, a host removes its archive."""
    async with core.db.begin() as session:
        await _owned(session, user_id, account_id)
        view = backups.view(await _backup(session, account_id, backup_id))
        await backups.want_removed(session, [backup_id], utcnow())
    await _tell(core, user_id, view.model_copy(update={"status": BackupStatus.DELETING}))
    await poke(core.redis)


async def owner_of(core: Core, account_id: UUID) -> UUID:
    """Return whose account this is: for whoever runs the server and has its command line, never for a request.

    Raises:
        NotFound: there is no such account.
    """
    async with core.db.read() as session:
        row = await accounts.get(session, account_id)
        if row is None or row[0].deleted_at is not None:
            raise NotFound("account")
        return row[0].user_id


async def _owned(
    session: Transaction, user_id: UUID, account_id: UUID, *, lock: bool = False
) -> tuple[Account, SessionRuntime]:
    row = await accounts.owned(session, user_id, account_id, lock=lock)
    if row is None:
        raise NotFound("account")
    return row


async def _backup(session: Transaction, account_id: UUID, backup_id: UUID) -> SessionBackup:
    row = await backups.get(session, account_id, backup_id)
    if row is None or row.status is BackupStatus.DELETING:
        raise NotFound("backup")
    return row


async def _complete(session: Transaction, account_id: UUID, backup_id: UUID) -> SessionBackup:
    row = await _backup(session, account_id, backup_id)
    if row.status is not BackupStatus.COMPLETE:
        raise Conflict(
            "This backup is not complete.", code="backup_not_complete", action="Choose one that is, or wait for it."
        )
    return row


async def _tell(core: Core, user_id: UUID, view: BackupView | None, entry: ActivityEntry | None = None) -> None:
    if view is not None:
        await core.publisher.publish(BackupChanged(user_id=user_id, backup=view))
    if entry is not None:
        await core.publisher.publish(ActivityAdded(user_id=user_id, entry=entry))
