"""Queries on webhook endpoints and on what was delivered to them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select
from sqlmodel import col, delete, exists, func, insert, literal, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from session_core.domain.webhooks import (
    AttemptView,
    DeliveryStatus,
    DeliveryView,
    EndpointView,
    OffReason,
    Problem,
)
from session_core.store import outbox, webhook_lanes
from session_core.store.models import (
    Account,
    OutboxEvent,
    WebhookAttempt,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookLane,
)

D = DeliveryStatus


def endpoint_view(row: WebhookEndpoint, pending: int, now: datetime) -> EndpointView:
    """Turn a stored row into what its owner sees."""
    until = row.old_secret_until
    return EndpointView(
        id=row.id,
        name=row.name,
        url=row.url,
        events=row.events,
        account_ids=None if row.account_ids is None else [UUID(account_id) for account_id in row.account_ids],
        format=row.format,
        header_names=row.header_names,
        enabled=row.off_reason is OffReason.NONE,
        off_reason=row.off_reason,
        off_at=row.off_at,
        failing_since=row.failing_since,
        last_success_at=row.last_success_at,
        old_secret_until=until if until is not None and until > now else None,
        pending=pending,
        created_at=row.created_at,
    )


async def add(session: AsyncSession, row: WebhookEndpoint) -> None:
    """Store a new endpoint."""
    session.add(row)
    await session.flush()


async def get(session: AsyncSession, user_id: UUID, endpoint_id: UUID, *, lock: bool = False) -> WebhookEndpoint | None:
    """Return an endpoint of this user; with ``lock`` nobody else changes it until the transaction ends."""
    query = (
        select(WebhookEndpoint)
        .where(WebhookEndpoint.id == endpoint_id, WebhookEndpoint.user_id == user_id)
        .execution_options(populate_existing=True)
    )
    return (await session.exec(query.with_for_update() if lock else query)).first()


async def of_user(session: AsyncSession, user_id: UUID) -> Sequence[WebhookEndpoint]:
    """Return a user's endpoints, oldest first."""
    query = (
        select(WebhookEndpoint)
        .where(WebhookEndpoint.user_id == user_id)
        .order_by(col(WebhookEndpoint.created_at), col(WebhookEndpoint.id))
    )
    return (await session.exec(query)).all()


async def count_pending(session: AsyncSession, endpoint_ids: Collection[UUID]) -> dict[UUID, int]:
    """Count the deliveries that wait for each endpoint; one without any is missing."""
    query = (
        select(WebhookDelivery.endpoint_id, func.count())
        .where(col(WebhookDelivery.endpoint_id).in_(endpoint_ids), webhook_lanes.waits())
        .group_by(col(WebhookDelivery.endpoint_id))
    )
    return dict((await session.exec(query)).all())


async def switched_on(session: AsyncSession, user_ids: Collection[UUID]) -> Sequence[WebhookEndpoint]:
    """Return the endpoints of these users that get events."""
    query = select(WebhookEndpoint).where(
        col(WebhookEndpoint.user_id).in_(user_ids), WebhookEndpoint.off_reason == OffReason.NONE
    )
    return (await session.exec(query)).all()


async def switch_off(session: AsyncSession, endpoint_id: UUID, reason: OffReason, now: datetime) -> bool:
    """Switch an endpoint off; False when it is off already. What waits for it is skipped, and remembered from where."""
    result = await session.exec(
        update(WebhookEndpoint)
        .where(col(WebhookEndpoint.id) == endpoint_id, col(WebhookEndpoint.off_reason) == OffReason.NONE)
        .values(off_reason=reason, off_at=now)
    )
    if not result.rowcount:
        return False
    first = (
        select(func.min(OutboxEvent.position))
        .join(WebhookDelivery, col(WebhookDelivery.outbox_id) == OutboxEvent.id)
        .where(WebhookDelivery.endpoint_id == endpoint_id, webhook_lanes.waits())
    )
    position = (await session.exec(first)).first() or await outbox.last_position(session) + 1
    await session.exec(
        update(WebhookEndpoint).where(col(WebhookEndpoint.id) == endpoint_id).values(resume_from=position)
    )
    await skip_waiting(session, endpoint_id, now)
    return True


async def skip_waiting(session: AsyncSession, endpoint_id: UUID, now: datetime, *, since: int | None = None) -> None:
    """Give up what waits for an endpoint, tests aside; ``since``: only what has this place or a later one."""
    events: Any = col(WebhookDelivery.outbox_id).is_not(None)
    if since is not None:
        events = exists().where(col(OutboxEvent.id) == WebhookDelivery.outbox_id, col(OutboxEvent.position) >= since)
    await session.exec(
        update(WebhookDelivery)
        .where(col(WebhookDelivery.endpoint_id) == endpoint_id, webhook_lanes.waits(), events)
        .values(status=D.SKIPPED, done_at=now)
    )


async def delete_endpoint(session: AsyncSession, user_id: UUID, endpoint_id: UUID) -> bool:
    """Delete an endpoint with its deliveries; False when it is not the user's."""
    result = await session.exec(
        delete(WebhookEndpoint).where(col(WebhookEndpoint.id) == endpoint_id, col(WebhookEndpoint.user_id) == user_id)
    )
    return bool(result.rowcount)


async def owners(session: AsyncSession, account_ids: Collection[UUID]) -> dict[UUID, UUID]:
    """Return whose the accounts are; one that is deleted is missing."""
    query = select(Account.id, Account.user_id).where(
        col(Account.id).in_(account_ids), col(Account.deleted_at).is_(None)
    )
    return dict((await session.exec(query)).all())


async def owned_accounts(session: AsyncSession, user_id: UUID, account_ids: Collection[UUID]) -> set[UUID]:
    """Return those of the accounts that are the user's and not deleted."""
    query = select(Account.id).where(
        Account.user_id == user_id, col(Account.id).in_(account_ids), col(Account.deleted_at).is_(None)
    )
    return set((await session.exec(query)).all())


async def replay(
    session: AsyncSession,
    endpoint: WebhookEndpoint,
    now: datetime,
    *,
    after: int,
    until: int | None = None,
    limit: int,
) -> tuple[int, int | None]:
    """Queue the events of a range that the endpoint is told about once more, in their order, behind what waits.

    Args:
        session: a writing transaction.
        endpoint: which one; its filters as they are now.
        now: the time.
        after: position before the first one.
        until: position of the last one; None: all that there are.
        limit: how many at most.

    Returns:
        How many were queued, and the position of the last of them (None: none).
    """
    wanted = _range(endpoint, after, until).order_by(col(OutboxEvent.position)).limit(limit).subquery()
    columns = {
        "endpoint_id": literal(endpoint.id, WebhookDelivery.metadata.tables["webhook_deliveries"].c.endpoint_id.type),
        "lane_id": wanted.c.account_id,
        "account_id": wanted.c.account_id,
        "outbox_id": wanted.c.id,
        "event_id": wanted.c.event_id,
        "event_type": wanted.c.type,
        "status": _value("status", D.PENDING),
        "replay": literal(True),
        "tries": literal(0),
        "last_problem": _value("last_problem", Problem.NONE),
        "created_at": _value("created_at", now),
    }
    source = select(*columns.values()).order_by(wanted.c.position)
    result = await session.exec(insert(WebhookDelivery).from_select(list(columns), source, include_defaults=False))
    last = (await session.exec(select(func.max(wanted.c.position)))).first()
    lanes = (await session.exec(select(wanted.c.account_id).distinct())).all()
    await webhook_lanes.wake(session, [(endpoint.id, lane_id) for lane_id in lanes], now)
    return int(result.rowcount), last


def _value(column: str, value: object) -> Any:
    return literal(value, WebhookDelivery.metadata.tables["webhook_deliveries"].c[column].type)


def _range(endpoint: WebhookEndpoint, after: int, until: int | None) -> Select[Any]:
    query: Any = (
        select(*_EVENT)
        .join(Account, col(Account.id) == OutboxEvent.account_id)
        .where(
            Account.user_id == endpoint.user_id,
            col(Account.deleted_at).is_(None),
            col(OutboxEvent.position) > after,
            outbox.chosen(endpoint.events),
        )
    )
    if until is not None:
        query = query.where(col(OutboxEvent.position) <= until)
    if endpoint.account_ids is not None:
        query = query.where(col(OutboxEvent.account_id).in_([UUID(account_id) for account_id in endpoint.account_ids]))
    return query  # type: ignore[no-any-return]


_EVENT: tuple[Any, ...] = (
    OutboxEvent.id,
    OutboxEvent.account_id,
    OutboxEvent.event_id,
    OutboxEvent.type,
    OutboxEvent.position,
)


async def deliveries(
    session: AsyncSession,
    endpoint_id: UUID,
    *,
    limit: int,
    before: int | None = None,
    status: DeliveryStatus | None = None,
    event_type: str | None = None,
    account_id: UUID | None = None,
) -> list[DeliveryView]:
    """Return an endpoint's deliveries, newest first, without their tries."""
    query = _with_place().where(WebhookDelivery.endpoint_id == endpoint_id)
    if before is not None:
        query = query.where(col(WebhookDelivery.id) < before)
    if status is not None:
        query = query.where(WebhookDelivery.status == status)
    if event_type is not None:
        query = query.where(WebhookDelivery.event_type == event_type)
    if account_id is not None:
        query = query.where(WebhookDelivery.account_id == account_id)
    rows = (await session.exec(query.order_by(col(WebhookDelivery.id).desc()).limit(limit))).all()
    return [_delivery_view(*row) for row in rows]


async def delivery(session: AsyncSession, endpoint_id: UUID, delivery_id: int) -> DeliveryView | None:
    """Return a delivery with its tries, oldest first."""
    query = _with_place().where(WebhookDelivery.id == delivery_id, WebhookDelivery.endpoint_id == endpoint_id)
    row = (await session.exec(query)).first()
    if row is None:
        return None
    tries = select(WebhookAttempt).where(WebhookAttempt.delivery_id == delivery_id).order_by(col(WebhookAttempt.id))
    attempts = [
        AttemptView(
            at=attempt.at,
            duration_ms=attempt.duration_ms,
            status_code=attempt.status_code,
            problem=attempt.problem,
            response=attempt.response,
        )
        for attempt in (await session.exec(tries)).all()
    ]
    return _delivery_view(*row).model_copy(update={"attempts": attempts})


def _with_place() -> Any:
    return (
        select(WebhookDelivery, OutboxEvent.position, WebhookLane.next_try_at)
        .join(OutboxEvent, col(OutboxEvent.id) == WebhookDelivery.outbox_id, isouter=True)
        .join(
            WebhookLane,
            (col(WebhookLane.endpoint_id) == WebhookDelivery.endpoint_id)
            & (col(WebhookLane.lane_id) == WebhookDelivery.lane_id),
            isouter=True,
        )
    )


def _delivery_view(row: WebhookDelivery, position: int | None, next_try_at: datetime | None) -> DeliveryView:
    # Only the first of a lane is tried; the others have no time of their own.
    own = row.status is D.PENDING and row.tries > 0
    return DeliveryView(
        id=row.id or 0,
        endpoint_id=row.endpoint_id,
        account_id=row.account_id,
        event_id=row.event_id,
        event_type=row.event_type,
        cursor=position,
        status=row.status,
        replay=row.replay,
        tries=row.tries,
        created_at=row.created_at,
        done_at=row.done_at,
        next_try_at=next_try_at if own else None,
        last_status_code=row.last_status_code,
        last_problem=row.last_problem,
    )


async def again(session: AsyncSession, endpoint_id: UUID, delivery_id: int, now: datetime) -> WebhookDelivery | None:
    """Queue the event of a delivery that is done once more; None when there is no such delivery.

    One that waits is tried now, and given back itself.
    """
    row = await _delivery(session, endpoint_id, delivery_id)
    if row is None:
        return None
    if row.status is not D.PENDING:
        row = WebhookDelivery(
            endpoint_id=row.endpoint_id,
            lane_id=row.lane_id,
            account_id=row.account_id,
            outbox_id=row.outbox_id,
            event_id=row.event_id,
            event_type=row.event_type,
            replay=True,
            created_at=now,
        )
        await add_delivery(session, row)
        await webhook_lanes.wake(session, [(row.endpoint_id, row.lane_id)], now)
    else:
        await webhook_lanes.wake(session, [(row.endpoint_id, row.lane_id)], now, at_once=True)
    return row


async def add_delivery(session: AsyncSession, row: WebhookDelivery) -> None:
    """Store a new delivery."""
    session.add(row)
    await session.flush()


async def skip(session: AsyncSession, endpoint_id: UUID, delivery_id: int, now: datetime) -> bool | None:
    """Give up a delivery that waits, so that the next one has its turn; False when it is done, None: not there."""
    row = await _delivery(session, endpoint_id, delivery_id)
    if row is None:
        return None
    result = await session.exec(
        update(WebhookDelivery)
        .where(col(WebhookDelivery.id) == delivery_id, webhook_lanes.waits())
        .values(status=D.SKIPPED, done_at=now)
    )
    if not result.rowcount:
        return False
    await webhook_lanes.wake(session, [(endpoint_id, row.lane_id)], now, at_once=True)
    return True


async def _delivery(session: AsyncSession, endpoint_id: UUID, delivery_id: int) -> WebhookDelivery | None:
    query = (
        select(WebhookDelivery)
        .where(WebhookDelivery.id == delivery_id, WebhookDelivery.endpoint_id == endpoint_id)
        .execution_options(populate_existing=True)
    )
    return (await session.exec(query)).first()


async def forget_old(session: AsyncSession, before: datetime, limit: int = 1000) -> int:
    """Delete deliveries that were done before this time, with their tries; returns how many."""
    old = (
        select(WebhookDelivery.id)
        .where(col(WebhookDelivery.created_at) < before, col(WebhookDelivery.status) != D.PENDING)
        .order_by(col(WebhookDelivery.created_at))
        .limit(limit)
    )
    result = await session.exec(delete(WebhookDelivery).where(col(WebhookDelivery.id).in_(old.scalar_subquery())))
    return int(result.rowcount)
