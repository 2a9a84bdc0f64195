"""Events for programs: written in the transaction that made them true, and put in an order once it is over."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlmodel import col, delete, exists, literal, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from session_core.domain.text import storable
from session_core.domain.webhooks import ALL, DeliveryStatus, family, in_our_names
from session_core.store.models import OutboxEvent, OutboxProgress, WebhookDelivery


async def add(session: AsyncSession, account_id: UUID, event_type: str, payload: dict[str, Any]) -> None:
    """Add an event.

    Args:
        session: the transaction of the change itself.
        account_id: the account that it is about.
        event_type: dotted name, e.g. ``"message.received"``.
        payload: JSON-ready data; no credentials.
    """
    session.add(OutboxEvent(account_id=account_id, type=event_type, payload=_storable(payload)))
    await session.flush()


async def has_new(session: AsyncSession) -> bool:
    """Tell whether there are events without a place."""
    query = select(OutboxEvent.id).where(col(OutboxEvent.position).is_(None)).limit(1)
    return (await session.exec(query)).first() is not None


async def place(session: AsyncSession, limit: int = 500) -> Sequence[OutboxEvent]:
    """Give the events that have become visible the next places, and return them in their order.

    An event that was caused by another one is behind it. Events that nobody placed before are placed once, however
    many processes do this: the row of the progress is locked until the transaction ends.

    Args:
        session: a writing transaction.
        limit: how many at most.
    """
    progress = await _progress(session, lock=True)
    query = select(OutboxEvent).where(col(OutboxEvent.position).is_(None)).order_by(col(OutboxEvent.id)).limit(limit)
    events = (await session.exec(query)).all()
    for place, event in enumerate(events, progress.position + 1):
        event.position = place
    progress.position += len(events)
    await session.flush()
    return events


async def hold_places(session: AsyncSession) -> None:
    """Have no event get a place until the transaction ends. To be locked before lanes and endpoints of webhooks."""
    await _progress(session, lock=True)


async def last_position(session: AsyncSession) -> int:
    """Return the place of the newest event that has one, 0 before the first."""
    return (await _progress(session)).position


async def _progress(session: AsyncSession, *, lock: bool = False) -> OutboxProgress:
    query = select(OutboxProgress).where(OutboxProgress.id == 1).execution_options(populate_existing=True)
    return (await session.exec(query.with_for_update() if lock else query)).one()


async def position_at(session: AsyncSession, at: datetime) -> int | None:
    """Return the place of the first event since then, None when there is none."""
    query = (
        select(OutboxEvent.position)
        .where(col(OutboxEvent.created_at) >= at, col(OutboxEvent.position).is_not(None))
        .order_by(col(OutboxEvent.position))
        .limit(1)
    )
    return (await session.exec(query)).first()


async def feed(
    session: AsyncSession, account_ids: Collection[UUID], *, after: int, limit: int, patterns: Collection[str]
) -> Sequence[OutboxEvent]:
    """Return the placed events of these accounts behind a place, in their order.

    What has a place is visible to everybody, and later ones get higher places: whoever goes on from the last one that
    they have misses nothing.

    Args:
        session: any transaction.
        account_ids: whose events.
        after: place before the first one.
        limit: how many at most.
        patterns: types, families such as ``message.*``, or ``*``.
    """
    query = (
        select(OutboxEvent)
        .where(col(OutboxEvent.account_id).in_(account_ids), col(OutboxEvent.position) > after, chosen(patterns))
        .order_by(col(OutboxEvent.position))
        .limit(limit)
    )
    return (await session.exec(query)).all()


def chosen(patterns: Collection[str]) -> ColumnElement[bool]:
    """Say in SQL what `session_core.domain.webhooks.chooses` says."""
    patterns = in_our_names(patterns)
    if ALL in patterns:
        return literal(True)
    families = [beginning for pattern in patterns if (beginning := family(pattern)) is not None]
    return or_(
        col(OutboxEvent.type).in_(patterns),
        *(col(OutboxEvent.type).startswith(beginning, autoescape=True) for beginning in families),
    )


async def forget_old(session: AsyncSession, before: datetime, limit: int = 1000) -> int:
    """Delete placed events from before this time, oldest first, with their deliveries; returns how many.

    One that still waits to be delivered stays.
    """
    waits = exists().where(
        col(WebhookDelivery.outbox_id) == OutboxEvent.id, col(WebhookDelivery.status) == DeliveryStatus.PENDING
    )
    old = (
        select(OutboxEvent.id)
        .where(col(OutboxEvent.created_at) < before, col(OutboxEvent.position).is_not(None), ~waits)
        .order_by(col(OutboxEvent.id))
        .limit(limit)
    )
    result = await session.exec(delete(OutboxEvent).where(col(OutboxEvent.id).in_(old.scalar_subquery())))
    return int(result.rowcount)


def _storable(value: Any) -> Any:
    """Return JSON-ready data whose texts every database takes."""
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, dict):
        return {_storable(name): _storable(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_storable(item) for item in value]
    return value
