"""Queries of those who deliver: which lanes are due, who holds one, what is first in it, and how it went.

Whoever locks rows of several of these tables begins with the lane, then takes the endpoint.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import BindParameter, ColumnElement, String, bindparam, type_coerce
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import col, func, or_, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from session_core.domain.webhooks import DeliveryStatus, OffReason, Problem
from session_core.store.models import (
    Account,
    OutboxEvent,
    SessionRuntime,
    WebhookAttempt,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookLane,
)

SUCCESS_NOTED_EVERY = timedelta(seconds=10)
"""All lanes of an endpoint share its row: it is not written at each success."""

ROWS_AT_ONCE = 1000
"""A statement has room for some 32,000 values on both databases."""

LaneKey = tuple[UUID, UUID]
"""Id of the endpoint, and of the lane."""


@dataclass(frozen=True, slots=True)
class Head:
    """The first delivery of a lane, with all that sending it takes.

    What is about the account is None for a test; ``phone_number`` and ``push_name`` also before its first login.
    """

    endpoint: WebhookEndpoint
    lane: WebhookLane
    delivery: WebhookDelivery
    event: OutboxEvent | None
    user_id: UUID | None
    phone_number: str | None
    push_name: str | None


@dataclass(frozen=True, slots=True)
class Tried:
    """One try, as it is written down."""

    at: datetime
    duration_ms: int
    status_code: int | None
    problem: Problem
    response: str


_HEAD: tuple[Any, ...] = (
    WebhookEndpoint,
    WebhookLane,
    WebhookDelivery,
    OutboxEvent,
    Account.user_id,
    SessionRuntime.phone_number,
    SessionRuntime.push_name,
)


def waits() -> ColumnElement[bool]:
    """Tell which deliveries wait, word for word as the index ``ix_webhook_deliveries_pending`` says it."""
    pending: BindParameter[str] = bindparam("pending", DeliveryStatus.PENDING.value, literal_execute=True)
    return type_coerce(col(WebhookDelivery.status), String) == pending


async def wake(session: AsyncSession, lanes: Collection[LaneKey], now: datetime, *, at_once: bool = False) -> None:
    """Have lanes looked at; one that pauses after a failure goes on pausing, unless ``at_once``."""
    if not lanes:
        return
    insert: Any = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    # Always the same order: two transactions that wake the same lanes wait for each other, and not in a ring.
    rows = [
        {"endpoint_id": endpoint_id, "lane_id": lane_id, "next_try_at": now, "tries": 0}
        for endpoint_id, lane_id in sorted(set(lanes))
    ]
    for begin in range(0, len(rows), ROWS_AT_ONCE):
        statement = insert(WebhookLane).values(rows[begin : begin + ROWS_AT_ONCE])
        next_try = statement.excluded.next_try_at
        await session.exec(
            statement.on_conflict_do_update(
                index_elements=["endpoint_id", "lane_id"],
                set_={"next_try_at": next_try if at_once else func.coalesce(WebhookLane.next_try_at, next_try)},
            )
        )


async def wake_all(session: AsyncSession, endpoint_id: UUID, now: datetime) -> None:
    """Have every lane of an endpoint that pauses after a failure tried now."""
    await session.exec(
        update(WebhookLane)
        .where(col(WebhookLane.endpoint_id) == endpoint_id, col(WebhookLane.next_try_at) > now)
        .values(next_try_at=now)
    )


async def due(session: AsyncSession, now: datetime, *, limit: int, without: Collection[UUID] = ()) -> Sequence[LaneKey]:
    """Return lanes that should be worked on and that nobody holds, longest waiting first.

    Args:
        session: any transaction.
        now: the time.
        limit: how many at most.
        without: endpoints to leave out.
    """
    query = (
        select(WebhookLane.endpoint_id, WebhookLane.lane_id)
        .join(WebhookEndpoint, col(WebhookEndpoint.id) == WebhookLane.endpoint_id)
        .where(
            col(WebhookLane.next_try_at) <= now,
            or_(col(WebhookLane.lease_until).is_(None), col(WebhookLane.lease_until) <= now),
            # Tests go out to an endpoint that is off, too.
            or_(WebhookEndpoint.off_reason == OffReason.NONE, WebhookLane.lane_id == WebhookLane.endpoint_id),
            col(WebhookLane.endpoint_id).not_in(without),
        )
        .order_by(col(WebhookLane.next_try_at))
        .limit(limit)
    )
    return [(endpoint_id, lane_id) for endpoint_id, lane_id in (await session.exec(query)).all()]


async def claim(session: AsyncSession, lane: LaneKey, token: str, now: datetime, until: datetime) -> bool:
    """Make ``token`` the only one that delivers in this lane until then; False when it is not due or somebody does."""
    result = await session.exec(
        update(WebhookLane)
        .where(
            *_is(lane),
            col(WebhookLane.next_try_at) <= now,
            or_(col(WebhookLane.lease_until).is_(None), col(WebhookLane.lease_until) <= now),
        )
        .values(lease_token=token, lease_until=until)
    )
    return bool(result.rowcount)


async def head(session: AsyncSession, lane: LaneKey) -> Head | None:
    """Return the first delivery that waits in a lane."""
    query: Any = (
        select(*_HEAD)
        .select_from(WebhookDelivery)
        .join(WebhookEndpoint, col(WebhookEndpoint.id) == WebhookDelivery.endpoint_id)
        .join(
            WebhookLane,
            (col(WebhookLane.endpoint_id) == WebhookDelivery.endpoint_id)
            & (col(WebhookLane.lane_id) == WebhookDelivery.lane_id),
        )
        .join(OutboxEvent, col(OutboxEvent.id) == WebhookDelivery.outbox_id, isouter=True)
        .join(Account, col(Account.id) == OutboxEvent.account_id, isouter=True)
        .join(SessionRuntime, col(SessionRuntime.account_id) == Account.id, isouter=True)
        .where(WebhookDelivery.endpoint_id == lane[0], WebhookDelivery.lane_id == lane[1], waits())
        .order_by(col(WebhookDelivery.id))
        .limit(1)
        .execution_options(populate_existing=True)
    )
    row = (await session.exec(query)).first()
    return None if row is None else Head(*row)


async def hold(session: AsyncSession, lane: LaneKey, token: str) -> WebhookLane | None:
    """Lock a lane until the transaction ends; None when ``token`` does not hold it any more.

    What is read of the lane's deliveries after this is not changed by others meanwhile: who adds some locks it too.
    """
    query = select(WebhookLane).where(*_is(lane), WebhookLane.lease_token == token).with_for_update()
    return (await session.exec(query.execution_options(populate_existing=True))).first()


async def note(session: AsyncSession, delivery_id: int, tried: Tried, status: DeliveryStatus) -> None:
    """Write a try down, and what became of the delivery; one that was given up meanwhile stays given up."""
    session.add(
        WebhookAttempt(
            delivery_id=delivery_id,
            at=tried.at,
            duration_ms=tried.duration_ms,
            status_code=tried.status_code,
            problem=tried.problem,
            response=tried.response,
        )
    )
    await session.flush()
    # It counts as delivered also when its owner skipped it a moment ago.
    arrived = {"status": status, "done_at": tried.at} if status is DeliveryStatus.DELIVERED else {}
    await session.exec(
        update(WebhookDelivery)
        .where(col(WebhookDelivery.id) == delivery_id)
        .values(
            tries=WebhookDelivery.tries + 1,
            last_status_code=tried.status_code,
            last_problem=tried.problem,
            **arrived,
        )
    )
    if status not in {DeliveryStatus.PENDING, DeliveryStatus.DELIVERED}:
        await session.exec(
            update(WebhookDelivery)
            .where(col(WebhookDelivery.id) == delivery_id, waits())
            .values(status=status, done_at=tried.at)
        )


async def worked(session: AsyncSession, endpoint_id: UUID, now: datetime) -> datetime | None:
    """Note that an endpoint took something; returns since when it had been failing, None when it had not."""
    query = select(WebhookEndpoint.failing_since).where(WebhookEndpoint.id == endpoint_id)
    since = (await session.exec(query)).first()
    at = col(WebhookEndpoint.last_success_at)
    await session.exec(
        update(WebhookEndpoint)
        .where(
            col(WebhookEndpoint.id) == endpoint_id,
            or_(col(WebhookEndpoint.failing_since).is_not(None), at.is_(None), at < now - SUCCESS_NOTED_EVERY),
        )
        .values(last_success_at=now, failing_since=None)
    )
    return since


async def failed(session: AsyncSession, endpoint_id: UUID, now: datetime) -> datetime:
    """Note that an endpoint did not take something; returns since when it has been failing."""
    await session.exec(
        update(WebhookEndpoint)
        .where(col(WebhookEndpoint.id) == endpoint_id, col(WebhookEndpoint.failing_since).is_(None))
        .values(failing_since=now)
    )
    query = select(WebhookEndpoint.failing_since).where(WebhookEndpoint.id == endpoint_id)
    return (await session.exec(query)).first() or now


def _is(lane: LaneKey) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return col(WebhookLane.endpoint_id) == lane[0], col(WebhookLane.lane_id) == lane[1]
