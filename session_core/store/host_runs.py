"""Queries on the lives of host processes: when each was last heard of, whatever Valkey still knows."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import col, delete, func, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from session_core.store.models import HostRun

KEPT = timedelta(days=30)
"""Bars show a week; nobody asks about what is older, but for the last life of a host that never came back."""


async def begin(session: AsyncSession, host_id: str, *, started_at: datetime, now: datetime) -> UUID:
    """Note that a host process began, and forget its lives of long ago; returns the id of this one."""
    last = select(func.max(HostRun.started_at)).where(HostRun.host_id == host_id).scalar_subquery()
    await session.exec(
        delete(HostRun).where(
            col(HostRun.host_id) == host_id, col(HostRun.seen_at) < now - KEPT, col(HostRun.started_at) < last
        )
    )
    run = HostRun(host_id=host_id, started_at=started_at, seen_at=now)
    run_id = run.id
    session.add(run)
    await session.flush()
    return run_id


async def seen(session: AsyncSession, run_id: UUID, now: datetime) -> None:
    """Note that the process still lives."""
    await session.exec(update(HostRun).where(col(HostRun.id) == run_id).values(seen_at=now))


async def last_seen(session: AsyncSession, host_ids: Collection[str]) -> dict[str, datetime]:
    """Return when each host was last heard of; one that never noted anything is missing in the answer."""
    if not host_ids:
        return {}
    query = (
        select(HostRun.host_id, func.max(HostRun.seen_at))
        .where(col(HostRun.host_id).in_(host_ids))
        .group_by(col(HostRun.host_id))
    )
    return {host_id: at for host_id, at in (await session.exec(query)).all()}


async def ended_at(
    session: AsyncSession, host_id: str, moment: datetime, *, now: datetime, silence: timedelta
) -> datetime | None:
    """Return when the process that was this host at a moment was last heard of, if it is over.

    Args:
        session: a transaction.
        host_id: the host.
        moment: when it was seen at work.
        now: the time.
        silence: a process that was not heard of for longer is over; so is one after which another one began.

    Returns:
        None when it lives, or nobody knows of it (a host of a version that noted nothing).
    """
    newest_first = select(HostRun).where(HostRun.host_id == host_id).order_by(col(HostRun.started_at).desc())
    run = (await session.exec(newest_first.where(col(HostRun.started_at) <= moment).limit(1))).first()
    if run is None:
        return None
    newest = (await session.exec(newest_first.limit(1))).first()
    followed = newest is not None and newest.id != run.id
    # Seen at a time that has not come yet: before the clock was set back.
    return run.seen_at if followed or abs(now - run.seen_at) > silence else None
