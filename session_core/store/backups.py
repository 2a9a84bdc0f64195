"""Queries on backups of logins."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import col, delete, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from session_core.domain.backup import BackupProblem, BackupReason, BackupStatus, BackupView
from session_core.store.models import Account, SessionBackup

S = BackupStatus
_WORK = (S.REQUESTED, S.UPLOADING, S.DELETING)


def view(row: SessionBackup) -> BackupView:
    """Turn a stored row into what its owner sees."""
    return BackupView(
        id=row.id,
        account_id=row.account_id,
        status=row.status,
        reason=row.because,
        created_at=row.created_at,
        completed_at=row.completed_at,
        size=row.size,
        sha256=row.sha256,
        clean=row.clean,
        store=row.store,
        key_id=row.key_id,
        chromium=row.chromium,
        verified_at=row.verified_at,
        verifying=row.verify_wanted,
        problem=row.problem,
    )


async def add(session: AsyncSession, row: SessionBackup) -> None:
    """Store a new row."""
    session.add(row)
    await session.flush()


async def get(session: AsyncSession, account_id: UUID, backup_id: UUID) -> SessionBackup | None:
    """Return a backup of this account."""
    query = (
        select(SessionBackup)
        .where(SessionBackup.id == backup_id, SessionBackup.account_id == account_id)
        .execution_options(populate_existing=True)
    )
    return (await session.exec(query)).first()


async def of_account(session: AsyncSession, account_id: UUID, limit: int = 100) -> Sequence[SessionBackup]:
    """Return an account's backups, newest first, without those that are being removed."""
    query = (
        select(SessionBackup)
        .where(SessionBackup.account_id == account_id, col(SessionBackup.status) != S.DELETING)
        .order_by(col(SessionBackup.created_at).desc(), col(SessionBackup.id).desc())
        .limit(limit)
    )
    return (await session.exec(query)).all()


async def complete(
    session: AsyncSession, account_id: UUID, *, clean: bool | None = None, limit: int = 1000
) -> Sequence[SessionBackup]:
    """Return an account's complete backups, newest first; ``clean`` chooses by how they were made.

    The number of the lease goes before the time: hosts have clocks of their own.
    """
    query = select(SessionBackup).where(SessionBackup.account_id == account_id, SessionBackup.status == S.COMPLETE)
    if clean is not None:
        query = query.where(SessionBackup.clean == clean)
    order = (col(SessionBackup.epoch).desc(), col(SessionBackup.created_at).desc(), col(SessionBackup.id).desc())
    return (await session.exec(query.order_by(*order).limit(limit))).all()


async def newest(session: AsyncSession, account_ids: Iterable[UUID]) -> dict[UUID, SessionBackup]:
    """Return the newest complete backup of each of the accounts that has one."""
    query = (
        select(SessionBackup)
        .where(col(SessionBackup.account_id).in_(list(account_ids)), SessionBackup.status == S.COMPLETE)
        .order_by(col(SessionBackup.epoch), col(SessionBackup.created_at), col(SessionBackup.id))
    )
    return {row.account_id: row for row in (await session.exec(query)).all()}


async def in_line(session: AsyncSession, account_id: UUID) -> SessionBackup | None:
    """Return the backup that is asked for or being made, the newest one."""
    query = (
        select(SessionBackup)
        .where(SessionBackup.account_id == account_id, col(SessionBackup.status).in_([S.REQUESTED, S.UPLOADING]))
        .order_by(col(SessionBackup.created_at).desc())
    )
    return (await session.exec(query)).first()


async def to_do(session: AsyncSession) -> Sequence[tuple[SessionBackup, UUID]]:
    """Return what hosts have to look at, oldest first, with the owners' ids.

    Requested, being made (somebody may have died over it), being removed, or waiting to be verified.
    """
    query = (
        select(SessionBackup, Account.user_id)
        .join(Account, col(Account.id) == SessionBackup.account_id)
        .where(col(SessionBackup.status).in_(_WORK) | col(SessionBackup.verify_wanted).is_(True))
        .order_by(col(SessionBackup.updated_at))
    )
    return (await session.exec(query)).all()


async def begin(session: AsyncSession, row: SessionBackup) -> bool:
    """Note that a backup is being made: store the row, or take one that was asked for.

    Returns:
        False when what was asked for is not wanted any more, or another host took it.
    """
    values = row.model_dump(exclude={"id", "account_id", "because"})
    result = await session.exec(
        update(SessionBackup)
        .where(col(SessionBackup.id) == row.id, col(SessionBackup.status) == S.REQUESTED)
        .values(**values)
    )
    if result.rowcount:
        return True
    if row.because is BackupReason.REQUESTED:
        return False
    await add(session, row)
    return True


async def finish(session: AsyncSession, backup_id: UUID, *, size: int, sha256: str, key_id: str, now: datetime) -> bool:
    """Note that a backup lies whole in its store; False when somebody gave it up meanwhile."""
    values = {"status": S.COMPLETE, "size": size, "sha256": sha256, "key_id": key_id, "completed_at": now}
    return await _move(session, backup_id, S.UPLOADING, now, **values)


async def fail(session: AsyncSession, backup_id: UUID, problem: BackupProblem, now: datetime) -> bool:
    """Note that a backup could not be made; False when it is not being made (any more)."""
    result = await session.exec(
        update(SessionBackup)
        .where(col(SessionBackup.id) == backup_id, col(SessionBackup.status).in_([S.REQUESTED, S.UPLOADING]))
        .values(status=S.FAILED, problem=problem, updated_at=now)
    )
    return bool(result.rowcount)


async def verified(session: AsyncSession, backup_id: UUID, now: datetime) -> bool:
    """Note that a backup was read back and opened."""
    return await _move(session, backup_id, S.COMPLETE, now, verified_at=now, verify_wanted=False, problem=None)


async def not_verified(
    session: AsyncSession, backup_id: UUID, problem: BackupProblem, now: datetime, *, damaged: bool
) -> bool:
    """Note that a backup could not be read back; a damaged one is never read again."""
    status = S.DAMAGED if damaged else S.COMPLETE
    return await _move(session, backup_id, S.COMPLETE, now, status=status, verify_wanted=False, problem=problem)


async def want_verified(session: AsyncSession, backup_id: UUID, now: datetime) -> bool:
    """Have a complete backup verified."""
    return await _move(session, backup_id, S.COMPLETE, now, verify_wanted=True)


async def want_removed(session: AsyncSession, backup_ids: Sequence[UUID], now: datetime) -> None:
    """Have backups removed; from now on nobody reads them."""
    await session.exec(
        update(SessionBackup)
        .where(col(SessionBackup.id).in_(list(backup_ids)))
        .values(status=S.DELETING, verify_wanted=False, updated_at=now)
    )


async def want_all_removed(session: AsyncSession, account_id: UUID, now: datetime) -> None:
    """Have every backup of an account removed."""
    await session.exec(
        update(SessionBackup)
        .where(col(SessionBackup.account_id) == account_id)
        .values(status=S.DELETING, verify_wanted=False, updated_at=now)
    )


async def remove(session: AsyncSession, backup_id: UUID) -> None:
    """Remove the row: its archive is gone."""
    await session.exec(delete(SessionBackup).where(col(SessionBackup.id) == backup_id))


async def useless(session: AsyncSession, account_id: UUID, before: datetime) -> Sequence[UUID]:
    """Return the failed and damaged backups of an account that are older than ``before``."""
    query = select(SessionBackup.id).where(
        SessionBackup.account_id == account_id,
        col(SessionBackup.status).in_([S.FAILED, S.DAMAGED]),
        col(SessionBackup.updated_at) < before,
    )
    return (await session.exec(query)).all()


async def _move(session: AsyncSession, backup_id: UUID, old: BackupStatus, now: datetime, **values: Any) -> bool:
    result = await session.exec(
        update(SessionBackup)
        .where(col(SessionBackup.id) == backup_id, col(SessionBackup.status) == old)
        .values(**{"updated_at": now, **values})
    )
    return bool(result.rowcount)
