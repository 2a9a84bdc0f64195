"""Queries on the history of accounts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel import col, func, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from session_core.clock import utcnow
from session_core.domain.events import ActivityEntry
from session_core.domain.status import ReasonCode, SessionStatus
from session_core.domain.text import storable
from session_core.store.models import Account, Activity


def view(row: Activity) -> ActivityEntry:
    """Turn a stored row into what its owner sees."""
    return ActivityEntry(
        id=row.id or 0,
        account_id=row.account_id,
        at=row.at,
        kind=row.kind,
        status=row.status,
        reason_code=row.reason_code,
        detail=row.detail,
    )


async def add(
    session: AsyncSession,
    account_id: UUID,
    kind: str,
    *,
    status: SessionStatus | None = None,
    reason_code: ReasonCode = ReasonCode.NONE,
    detail: str = "",
    at: datetime | None = None,
) -> ActivityEntry:
    """Add a line and return it as its owner sees it; ``at``: when it happened, if not now."""
    row = Activity(
        account_id=account_id,
        at=at or utcnow(),
        kind=kind,
        status=status,
        reason_code=reason_code,
        detail=storable(detail, 500),
    )
    session.add(row)
    await session.flush()
    return view(row)


async def of_account(
    session: AsyncSession, account_id: UUID, *, limit: int, before: int | None = None
) -> Sequence[Activity]:
    """Return the newest lines first; ``before`` is the id of the last line of the page before."""
    query = select(Activity).where(Activity.account_id == account_id)
    if before is not None:
        query = query.where(col(Activity.id) < before)
    return (await session.exec(query.order_by(col(Activity.id).desc()).limit(limit))).all()


async def last_status(session: AsyncSession, account_id: UUID) -> Activity | None:
    """Return the last line about the account's state; None: it never had one."""
    query = select(Activity).where(Activity.account_id == account_id, col(Activity.status).is_not(None))
    return (await session.exec(query.order_by(col(Activity.id).desc()).limit(1))).first()


MAX_STATUS_LINES = 5000
"""An account that breaks twice a minute all day writes fewer; the oldest ones are left out."""


async def status_lines(
    session: AsyncSession, user_id: UUID, since: datetime, *, account_id: UUID | None = None
) -> list[ActivityEntry]:
    """Return the changes of state of the user's accounts since then, and the last one of each before, oldest first.

    ``account_id``: of this one only.
    """
    of_user = (
        select(Activity)
        .join(Account, col(Account.id) == Activity.account_id)
        .where(Account.user_id == user_id, col(Account.deleted_at).is_(None), col(Activity.status).is_not(None))
    )
    last_before = (
        select(func.max(Activity.id))
        .join(Account, col(Account.id) == Activity.account_id)
        .where(Account.user_id == user_id, col(Activity.status).is_not(None), col(Activity.at) < since)
        .group_by(col(Activity.account_id))
    )
    if account_id is not None:
        of_user = of_user.where(Activity.account_id == account_id)
        last_before = last_before.where(Activity.account_id == account_id)
    query = of_user.where(or_(col(Activity.at) >= since, col(Activity.id).in_(last_before)))
    rows = (await session.exec(query.order_by(col(Activity.id).desc()).limit(MAX_STATUS_LINES))).all()
    return [view(row) for row in reversed(rows)]
