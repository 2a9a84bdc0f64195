"""Queries on accounts and on the hot row beside each."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import case, col, delete, func, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from session_core.domain.events import SessionSnapshot
from session_core.domain.status import Desired, ReasonCode, SessionStatus
from session_core.domain.text import storable
from session_core.store.models import Account, SessionRuntime, User


def snapshot(account: Account, runtime: SessionRuntime) -> SessionSnapshot:
    """Put the two rows of an account together, without a QR (that one is never in the database)."""
    return SessionSnapshot(
        seq=runtime.seq,
        account_id=account.id,
        user_id=account.user_id,
        name=account.name,
        kind=account.kind,
        status=runtime.status,
        reason_code=runtime.reason_code,
        reason=runtime.reason,
        phone_number=runtime.phone_number,
        push_name=runtime.push_name,
        status_since=runtime.status_since,
        last_activity=runtime.last_activity,
        created_at=account.created_at,
        attempt=runtime.attempt,
        next_retry_at=runtime.next_retry_at,
        host_id=runtime.host_id,
        wanted_host_id=runtime.wanted_host_id,
    )


async def add(session: AsyncSession, account: Account, runtime: SessionRuntime) -> None:
    """Store a new account with its runtime row."""
    session.add(account)
    await session.flush()
    session.add(runtime)
    await session.flush()


async def of_user(session: AsyncSession, user_id: UUID) -> Sequence[tuple[Account, SessionRuntime]]:
    """Return the user's accounts, oldest first."""
    query = (
        select(Account, SessionRuntime)
        .join(SessionRuntime, col(SessionRuntime.account_id) == Account.id)
        .where(Account.user_id == user_id, col(Account.deleted_at).is_(None))
        .order_by(col(Account.created_at), col(Account.id))
    )
    return (await session.exec(query)).all()


async def owned(
    session: AsyncSession, user_id: UUID, account_id: UUID, *, lock: bool = False
) -> tuple[Account, SessionRuntime] | None:
    """Return the account if this user owns it and has not deleted it.

    Args:
        session: with ``lock`` a writing transaction.
        user_id: who asks.
        account_id: the account.
        lock: keep others from changing the hot row until the transaction ends: what is decided here stays true.
    """
    query = (
        select(Account, SessionRuntime)
        .join(SessionRuntime, col(SessionRuntime.account_id) == Account.id)
        .where(Account.id == account_id, Account.user_id == user_id, col(Account.deleted_at).is_(None))
        .execution_options(populate_existing=True)
    )
    if lock:
        query = query.with_for_update(of=SessionRuntime)
    return (await session.exec(query)).first()


async def get(session: AsyncSession, account_id: UUID) -> tuple[Account, SessionRuntime] | None:
    """Return an account whoever owns it, a deleted one too; for the host and the workers only."""
    query = (
        select(Account, SessionRuntime)
        .join(SessionRuntime, col(SessionRuntime.account_id) == Account.id)
        .where(Account.id == account_id)
        # What the transaction read before may have been changed since, by itself or by another one.
        .execution_options(populate_existing=True)
    )
    return (await session.exec(query)).first()


async def to_reconcile(session: AsyncSession) -> Sequence[tuple[Account, SessionRuntime]]:
    """Return what a host has to look at: wanted, to be deleted, to be logged out, or said to be running.

    The last whoever runs it: a host that died and never comes back leaves its accounts as they were. Whether one is
    another living host's is told by its lease.
    """
    at_rest = [status for status in SessionStatus if status.settled]
    query = (
        select(Account, SessionRuntime)
        .join(SessionRuntime, col(SessionRuntime.account_id) == Account.id)
        .where(
            col(SessionRuntime.desired).in_([Desired.CONNECTED, Desired.DELETED])
            | col(SessionRuntime.status).not_in(at_rest)
            | (col(SessionRuntime.logout_seq) > 0)
        )
        .order_by(col(SessionRuntime.last_activity).desc().nulls_last(), col(Account.created_at))
    )
    return (await session.exec(query)).all()


async def rename(session: AsyncSession, account_id: UUID, name: str) -> None:
    """Change the name, and count the session's ``seq`` up: who listens takes only what is newer."""
    await session.exec(update(Account).where(col(Account.id) == account_id).values(name=name))
    await session.exec(
        update(SessionRuntime).where(col(SessionRuntime.account_id) == account_id).values(seq=SessionRuntime.seq + 1)
    )


async def want(
    session: AsyncSession,
    account_id: UUID,
    desired: Desired,
    *,
    restart: bool = False,
    logout: bool = False,
    force: bool = False,
    restore: UUID | None = None,
) -> int:
    """Write what the owner wants; returns the number of this request.

    Args:
        session: a writing transaction.
        account_id: the account.
        desired: what is wanted from now on.
        restart: also when it runs already, start it anew.
        logout: unlink the device from the phone before stopping.
        restore: put this backup in the place of the profile first.
        force: forget an earlier request to log out: it is what hangs, or would start a browser again.
    """
    query = (
        select(SessionRuntime)
        .where(SessionRuntime.account_id == account_id)
        .with_for_update()
        # Without it a row that was read before the lock keeps its old numbers, and two requests get the same one.
        .execution_options(populate_existing=True)
    )
    runtime = (await session.exec(query)).one()
    runtime.wanted_seq += 1
    runtime.desired = desired
    if restart:
        runtime.restart_seq = runtime.wanted_seq
    if logout:
        runtime.logout_seq = runtime.wanted_seq
    elif force:
        runtime.logout_seq = 0
    if restore is not None:
        runtime.restore_seq, runtime.restore_backup_id = runtime.wanted_seq, restore
    elif desired is not Desired.CONNECTED:
        # Whoever stops an account does not expect it to go back to an older state at its next start.
        runtime.restore_seq, runtime.restore_backup_id = 0, None
    await session.flush()
    return runtime.wanted_seq


async def logout_done(session: AsyncSession, account_id: UUID, logout_seq: int) -> None:
    """Note that the request to log out with this number was carried out."""
    await session.exec(
        update(SessionRuntime)
        .where(col(SessionRuntime.account_id) == account_id, col(SessionRuntime.logout_seq) == logout_seq)
        .values(logout_seq=0)
    )


async def restore_done(session: AsyncSession, account_id: UUID, backup_id: UUID, restore_seq: int) -> None:
    """Note that the request to restore a backup was carried out, or given up."""
    await session.exec(
        update(SessionRuntime)
        .where(
            col(SessionRuntime.account_id) == account_id,
            col(SessionRuntime.restore_backup_id) == backup_id,
            col(SessionRuntime.restore_seq) == restore_seq,
        )
        .values(restore_seq=0, restore_backup_id=None)
    )


async def give_up(session: AsyncSession, account_id: UUID, wanted_seq: int) -> bool:
    """Want the account stopped, because only a person can go on, unless the owner asked for something newer."""
    result = await session.exec(
        update(SessionRuntime)
        .where(col(SessionRuntime.account_id) == account_id, col(SessionRuntime.wanted_seq) == wanted_seq)
        .values(desired=Desired.STOPPED)
    )
    return bool(result.rowcount)


async def claim(
    session: AsyncSession, account_id: UUID, epoch: int, host_id: str, *, starts: bool = True, login_here: bool = True
) -> bool:
    """Write down who holds the account from now on; every holder with a smaller number can write nothing any more.

    Args:
        session: a writing transaction.
        account_id: the account.
        epoch: fencing number of the lease.
        host_id: who holds the lease.
        starts: it begins to run there; a wish to have it there is fulfilled.
        login_here: this host's folder has the newest login, or will have what is left of it (see `login_opened`).

    Returns:
        False when somebody with the same or a greater number was here, or the account is gone.
    """
    values: dict[str, Any] = {"epoch": epoch}
    if login_here:
        values["last_host_id"] = host_id
    if starts:
        fulfilled = (col(SessionRuntime.wanted_host_id) == host_id, None)
        values["wanted_host_id"] = case(fulfilled, else_=col(SessionRuntime.wanted_host_id))
    result = await session.exec(
        update(SessionRuntime)
        .where(col(SessionRuntime.account_id) == account_id, col(SessionRuntime.epoch) < epoch)
        .values(**values)
    )
    return bool(result.rowcount)


async def login_opened(session: AsyncSession, account_id: UUID, epoch: int, host_id: str) -> bool:
    """Write down that the newest login lies in this host's folder from now on; False when others hold the account.

    Written before a browser is opened on it, and not when the account is claimed: a host that takes an account and
    cannot restore its login leaves it where it lies.
    """
    result = await session.exec(
        update(SessionRuntime)
        .where(col(SessionRuntime.account_id) == account_id, col(SessionRuntime.epoch) == epoch)
        .values(last_host_id=host_id)
    )
    return bool(result.rowcount)


async def holds(session: AsyncSession, account_id: UUID, epoch: int, *, lock: bool = False) -> bool | None:
    """Tell whether the holder with this number is still the newest one; None when the account is purged.

    Args:
        session: with ``lock`` a writing transaction.
        account_id: the account.
        epoch: fencing number of the lease under which it was claimed.
        lock: nobody else claims it until the transaction ends.
    """
    query = select(SessionRuntime.epoch).where(SessionRuntime.account_id == account_id)
    newest = (await session.exec(query.with_for_update() if lock else query)).first()
    return None if newest is None else newest == epoch


async def wish_host(session: AsyncSession, account_id: UUID, host_id: str | None, *, instead_of: str | None) -> bool:
    """Want the account on another host, and count the session's ``seq`` up: its snapshot says so.

    Args:
        session: a writing transaction.
        account_id: the account.
        host_id: where; None: it stays where it is.
        instead_of: the wish that is known.

    Returns:
        False when somebody wished something else meanwhile; that one counts.
    """
    wanted = col(SessionRuntime.wanted_host_id)
    result = await session.exec(
        update(SessionRuntime)
        .where(col(SessionRuntime.account_id) == account_id, wanted.is_not_distinct_from(instead_of))
        .values(wanted_host_id=host_id, seq=SessionRuntime.seq + 1)
    )
    return bool(result.rowcount)


async def save_status(
    session: AsyncSession,
    account_id: UUID,
    *,
    epoch: int = 0,
    status: SessionStatus,
    reason_code: ReasonCode,
    reason: str,
    since: datetime,
    host_id: str | None,
    attempt: int,
    next_retry_at: datetime | None,
    identity: tuple[str | None, str | None] | None = None,
) -> tuple[Account, SessionRuntime] | None:
    """Write the session's new status and count its ``seq`` up.

    Args:
        session: a writing transaction.
        account_id: the account.
        epoch: fencing number of the writer; nothing is written when somebody claimed the account with another one.
        status: new status.
        reason_code: why.
        reason: technical detail, cut to the column's length.
        since: when the status began.
        host_id: the host that holds it, None when nobody does.
        attempt: starts in a row that did not get to ready.
        next_retry_at: when the next start is planned.
        identity: ``(phone number, push name)`` when they became known.

    Returns:
        The rows as they are now, or None when the account was purged or has another holder.
    """
    values: dict[str, Any] = {
        "status": status,
        "reason_code": reason_code,
        "reason": storable(reason, 500),
        "status_since": since,
        "host_id": host_id,
        "attempt": attempt,
        "next_retry_at": next_retry_at,
        "seq": SessionRuntime.seq + 1,
    }
    if identity is not None:
        phone_number, push_name = identity
        values |= {
            "phone_number": phone_number and storable(phone_number, 20),
            "push_name": push_name and storable(push_name, 100),
        }
    result = await session.exec(
        update(SessionRuntime)
        .where(col(SessionRuntime.account_id) == account_id, col(SessionRuntime.epoch) == epoch)
        .values(**values)
    )
    return await get(session, account_id) if result.rowcount else None


async def touch(session: AsyncSession, account_id: UUID, at: datetime) -> None:
    """Remember the account's last activity; never backwards."""
    await session.exec(
        update(SessionRuntime)
        .where(
            col(SessionRuntime.account_id) == account_id,
            col(SessionRuntime.last_activity).is_(None) | (col(SessionRuntime.last_activity) < at),
        )
        .values(last_activity=at)
    )


async def mark_deleted(session: AsyncSession, account_id: UUID, now: datetime) -> None:
    """Hide the account from its owner and want it purged."""
    await session.exec(update(Account).where(col(Account.id) == account_id).values(deleted_at=now))
    await want(session, account_id, Desired.DELETED, logout=True)


async def purge(session: AsyncSession, account_id: UUID) -> None:
    """Remove the account with everything that hangs on it."""
    # In the order in which accepting a message locks, so that the two cannot wait for each other.
    await session.exec(
        select(SessionRuntime.account_id).where(SessionRuntime.account_id == account_id).with_for_update()
    )
    await session.exec(delete(Account).where(col(Account.id) == account_id))


async def purged(session: AsyncSession, pairs: Collection[tuple[UUID, UUID]]) -> set[tuple[UUID, UUID]]:
    """Return which of these accounts are gone while their user is there; each is given as ``(user id, account id)``."""
    users = set((await session.exec(select(User.id).where(col(User.id).in_({user for user, _ in pairs})))).all())
    there = set((await session.exec(select(Account.id).where(col(Account.id).in_({one for _, one in pairs})))).all())
    return {(user, account) for user, account in pairs if user in users and account not in there}


async def count_by_status(session: AsyncSession) -> dict[SessionStatus, int]:
    """Count the accounts of all users by the status of their session."""
    query = (
        select(SessionRuntime.status, func.count())
        .join(Account, col(Account.id) == SessionRuntime.account_id)
        .where(col(Account.deleted_at).is_(None))
        .group_by(col(SessionRuntime.status))
    )
    return {SessionStatus(status): count for status, count in (await session.exec(query)).all()}


async def is_ready(session: AsyncSession, account_id: UUID) -> bool:
    """Tell whether messages can go out now."""
    query = select(SessionRuntime.status).where(SessionRuntime.account_id == account_id)
    return (await session.exec(query)).first() is SessionStatus.READY
