"""From the outbox to the endpoints: each new event gets its place, and a delivery for every endpoint that wants it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from session_core.clock import utcnow
from session_core.core import Core
from session_core.domain.webhooks import chooses
from session_core.store import outbox, webhook_lanes, webhooks
from session_core.store.engine import Transaction
from session_core.store.models import OutboxEvent, WebhookDelivery, WebhookEndpoint

BATCH = 500


async def fan_out(core: Core) -> bool:
    """Spread the next events, in one transaction; False when there were none.

    Raises:
        STORE_ERRORS: nothing was spread.
    """
    async with core.db.read() as session:
        if not await outbox.has_new(session):
            return False
    async with core.db.begin() as session:
        events = await outbox.place(session, BATCH)
        rows = await _deliveries(session, events, utcnow())
        session.add_all(rows)
        await session.flush()
        await webhook_lanes.wake(session, {(row.endpoint_id, row.lane_id) for row in rows}, utcnow())
    return bool(events)


async def _deliveries(session: Transaction, events: Sequence[OutboxEvent], now: datetime) -> list[WebhookDelivery]:
    owners = await webhooks.owners(session, {event.account_id for event in events})
    endpoints = await _endpoints(session, set(owners.values()))
    return [
        WebhookDelivery(
            endpoint_id=endpoint.id,
            lane_id=event.account_id,
            account_id=event.account_id,
            outbox_id=event.id,
            event_id=event.event_id,
            event_type=event.type,
            created_at=now,
        )
        for event in events
        if event.account_id in owners
        for endpoint in endpoints[owners[event.account_id]]
        if wants(endpoint, event.account_id, event.type)
    ]


async def _endpoints(session: Transaction, user_ids: set[UUID]) -> dict[UUID, list[WebhookEndpoint]]:
    of_user: dict[UUID, list[WebhookEndpoint]] = defaultdict(list)
    for endpoint in await webhooks.switched_on(session, user_ids):
        of_user[endpoint.user_id].append(endpoint)
    return of_user


def wants(endpoint: WebhookEndpoint, account_id: UUID, event_type: str) -> bool:
    """Tell whether an endpoint is told about an event of one of its owner's accounts."""
    of_account = endpoint.account_ids is None or str(account_id) in endpoint.account_ids
    return of_account and chooses(endpoint.events, event_type)
