"""Queries on alerts: what is raised and over, which accounts are not well, and how people want to be told."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import aliased
from sqlmodel import and_, col, delete, or_, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from session_core.domain.alerts import DEFAULT_LANGUAGE, AlertKind, AlertPreferences, MailStatus, QuietHours
from session_core.domain.status import Desired, ReasonCode, SessionStatus
from session_core.domain.text import storable
from session_core.store.models import Account, Activity, Alert, AlertPreference, SessionRuntime

_RESTS = (SessionStatus.READY, SessionStatus.STOPPED, SessionStatus.ACTION_REQUIRED, SessionStatus.ERROR)
_ASKED = ("connect_requested", "restart_requested")


async def watched(session: AsyncSession) -> Sequence[tuple[Account, SessionRuntime]]:
    """Return the accounts about which there may be something to say: wanted, in trouble, or with an open alert."""
    with_alert = select(Alert.account_id).where(col(Alert.resolved_at).is_(None), col(Alert.account_id).is_not(None))
    query = (
        select(Account, SessionRuntime)
        .join(SessionRuntime, col(SessionRuntime.account_id) == Account.id)
        .where(
            or_(
                col(SessionRuntime.desired) == Desired.CONNECTED,
                col(SessionRuntime.status).in_([SessionStatus.ACTION_REQUIRED, SessionStatus.ERROR]),
                col(Account.id).in_(with_alert),
            )
        )
    )
    return (await session.exec(query)).all()


async def opened(session: AsyncSession) -> Sequence[Alert]:
    """Return every problem that is not over."""
    return (await session.exec(select(Alert).where(col(Alert.resolved_at).is_(None)))).all()


async def down_since(session: AsyncSession, account_ids: Collection[UUID]) -> dict[UUID, datetime]:
    """Return since when each account is not connected although it should be, as its history tells.

    That is when it broke for the first time after it was ready, or when its owner asked for it (again). An account
    without such a line is missing in the answer.
    """
    last, line, broke = aliased(Activity), aliased(Activity), aliased(Activity)
    newest = (
        select(last.id)
        .where(
            last.account_id == Account.id,
            or_(and_(col(last.kind) == "status", col(last.status).in_(_RESTS)), col(last.kind).in_(_ASKED)),
        )
        .order_by(col(last.id).desc())
        .limit(1)
        .correlate(Account)
        .scalar_subquery()
    )
    first_after = (
        select(broke.at)
        .where(broke.account_id == line.account_id, col(broke.id) > line.id, col(broke.kind) == "status")
        .order_by(col(broke.id))
        .limit(1)
        .correlate(line)
        .scalar_subquery()
    )
    query = (
        select(line, first_after)
        .join(Account, col(Account.id) == line.account_id)
        .where(col(Account.id).in_(account_ids), col(line.id) == newest)
    )
    since = {}
    for row, broke_at in (await session.exec(query)).all():
        at = broke_at if row.status is SessionStatus.READY else row.at
        if at is not None:
            since[row.account_id] = at
    return since


async def add(session: AsyncSession, alert: Alert) -> bool:
    """Store a new alert; False when one of its kind about the same thing is open already."""
    statement = (
        _insert(session)(Alert)
        .values({**alert.model_dump(), "detail": storable(alert.detail, 500)})
        .on_conflict_do_nothing(
            index_elements=["user_id", "kind", "subject"], index_where=col(Alert.resolved_at).is_(None)
        )
        .returning(col(Alert.id))
    )
    return (await session.exec(statement)).first() is not None


async def resolve(session: AsyncSession, alert_ids: Collection[UUID], at: datetime, *, by: UUID | None = None) -> bool:
    """End these problems; False when somebody else had ended all of them before.

    Args:
        session: a writing transaction.
        alert_ids: open alerts.
        at: when they were over.
        by: id of the alert that will say so.
    """
    result = await session.exec(
        update(Alert)
        .where(col(Alert.id).in_(alert_ids), col(Alert.resolved_at).is_(None))
        .values(resolved_at=at, resolved_by=by)
    )
    return bool(result.rowcount)


async def reword(session: AsyncSession, alert_id: UUID, reason_code: ReasonCode) -> None:
    """Change the reason of an open problem."""
    await session.exec(update(Alert).where(col(Alert.id) == alert_id).values(reason_code=reason_code))


async def reword_detail(session: AsyncSession, account_id: UUID, kind: AlertKind, detail: str) -> None:
    """Change the detail of the open problem of this kind about an account."""
    await session.exec(
        update(Alert)
        .where(col(Alert.account_id) == account_id, col(Alert.kind) == kind, col(Alert.resolved_at).is_(None))
        .values(detail=detail)
    )


async def of_user(
    session: AsyncSession, user_id: UUID, *, since: datetime, limit: int
) -> Sequence[tuple[Alert, str | None]]:
    """Return a user's alerts with the account's name: those that are open first, then the others, newest first."""
    query = (
        select(Alert, Account.name)
        .join(Account, col(Account.id) == Alert.account_id, isouter=True)
        .where(
            Alert.user_id == user_id,
            col(Account.deleted_at).is_(None),
            or_(col(Alert.resolved_at).is_(None), col(Alert.raised_at) > since),
        )
        .order_by(col(Alert.resolved_at).is_not(None), col(Alert.raised_at).desc(), col(Alert.id))
        .limit(limit)
    )
    return (await session.exec(query)).all()


async def open_about(session: AsyncSession, account_id: UUID, kind: AlertKind) -> UUID | None:
    """Return the id of the open alert of this kind about an account."""
    query = select(Alert.id).where(
        Alert.account_id == account_id, col(Alert.kind) == kind, col(Alert.resolved_at).is_(None)
    )
    return (await session.exec(query)).first()


async def open_of(session: AsyncSession, user_id: UUID, kind: AlertKind, subject: str) -> UUID | None:
    """Return the id of a user's open alert of this kind about something that is no account."""
    query = select(Alert.id).where(
        Alert.user_id == user_id,
        col(Alert.kind) == kind,
        Alert.subject == subject,
        col(Alert.resolved_at).is_(None),
    )
    return (await session.exec(query)).first()


async def forget_old(session: AsyncSession, before: datetime) -> None:
    """Delete what was over before this time; what still waits to be mailed stays."""
    await session.exec(
        delete(Alert).where(
            col(Alert.resolved_at) < before, col(Alert.mail).not_in([MailStatus.WAITING, MailStatus.SENDING])
        )
    )


async def preferences(session: AsyncSession, user_id: UUID) -> AlertPreferences:
    """Return how a user wants to be told; what this version or this machine does not know is left out."""
    row = await session.get(AlertPreference, user_id)
    if row is None:
        return AlertPreferences()
    known = {kind.value for kind in AlertKind}
    return AlertPreferences(
        language="en" if row.language == "en" else DEFAULT_LANGUAGE,
        off=frozenset(AlertKind(kind) for kind in row.off if kind in known),
        quiet_hours=_quiet_hours(row),
    )


def _quiet_hours(row: AlertPreference) -> QuietHours | None:
    if row.quiet_start is None or row.quiet_until is None or row.time_zone is None:
        return None
    try:
        return QuietHours(start=row.quiet_start, until=row.quiet_until, time_zone=row.time_zone)
    except ValueError:
        # Zones get other names; an e-mail at night is better than none.
        return None


async def set_preferences(session: AsyncSession, user_id: UUID, wanted: AlertPreferences) -> None:
    """Store how a user wants to be told; of two at once the later one counts."""
    quiet = wanted.quiet_hours
    values = {
        "language": wanted.language,
        "off": sorted(kind.value for kind in wanted.off),
        "quiet_start": quiet.start if quiet else None,
        "quiet_until": quiet.until if quiet else None,
        "time_zone": quiet.time_zone if quiet else None,
    }
    statement = _insert(session)(AlertPreference).values(user_id=user_id, **values)
    await session.exec(statement.on_conflict_do_update(index_elements=["user_id"], set_=values))


def _insert(session: AsyncSession) -> Any:
    """Return the insert that knows conflicts, which both databases spell the same."""
    return postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
