"""Queries on the history of accounts."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from session_core.domain.events import ActivityEntry
from session_core.domain.status import ReasonCode, SessionStatus
from session_core.domain.text import storable
from session_core.store.models import Activity


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
) -> ActivityEntry:
    """Add a line and return it as its owner sees it."""
    row = Activity(
        account_id=account_id, kind=kind, status=status, reason_code=reason_code, detail=storable(detail, 500)
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
