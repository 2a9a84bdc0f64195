"""What the tests of webhooks share: events, deliveries without waiting for pauses, and what was written down."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlmodel import col, select, update
from standardwebhooks import Webhook

from session_core.clock import utcnow
from session_core.core import Core
from session_core.domain.webhooks import DeliveryView, EndpointView
from session_core.services import webhooks
from session_core.services.webhooks import Wanted
from session_core.store import outbox, webhook_lanes
from session_core.store.models import OutboxEvent, WebhookDelivery, WebhookEndpoint, WebhookLane
from session_core.webhooks.drain import Courier, drain
from session_core.webhooks.fanout import fan_out
from session_core.webhooks.post import Poster
from session_core.webhooks.secrets import open_vault
from tests.factories import add_account, add_user
from tests.servers.receiver import Got


@dataclass
class Scene:
    """A person with two accounts, and somebody who delivers."""

    core: Core
    courier: Courier
    user_id: UUID
    shop: UUID
    desk: UUID

    async def endpoint(self, url: str, **wanted: Any) -> tuple[EndpointView, str]:
        """Make an endpoint; returns it with its secret."""
        made = await webhooks.create(self.core, self.user_id, Wanted(url=url, **wanted))
        return made.endpoint, made.secret

    async def view(self, endpoint: EndpointView) -> EndpointView:
        """Return an endpoint as it is now."""
        return await webhooks.get(self.core, self.user_id, endpoint.id)

    async def happen(self, account_id: UUID, *texts: str, event_type: str = "message.received") -> list[str]:
        """Write events as the host does, each in a transaction of its own; returns their ids as receivers see them."""
        ids = []
        for text in texts:
            async with self.core.db.begin() as session:
                await outbox.add(session, account_id, event_type, {"text": text})
                newest = select(OutboxEvent.event_id).order_by(col(OutboxEvent.id).desc()).limit(1)
                ids.append(f"evt_{(await session.exec(newest)).one().hex}")
        return ids

    async def spread(self) -> None:
        """Spread everything that happened."""
        while await fan_out(self.core):
            pass

    async def deliver_due(self) -> int:
        """Spread, and work once on every lane that is due, all at the same time; returns the number of tries."""
        await self.spread()
        async with self.core.db.read() as session:
            due = await webhook_lanes.due(session, utcnow(), limit=100)
        return sum(await asyncio.gather(*(drain(self.courier, lane) for lane in due)))

    async def deliver_all(self, rounds: int = 40) -> None:
        """Deliver until nothing waits, without the pauses after failures."""
        for _ in range(rounds):
            if not await self.deliver_due():
                return
            await self.no_pauses()
        raise AssertionError("something still waits")

    async def no_pauses(self) -> None:
        """Let the time pass until every lane that pauses is due."""
        async with self.core.db.begin() as session:
            await session.exec(
                update(WebhookLane).where(col(WebhookLane.next_try_at).is_not(None)).values(next_try_at=utcnow())
            )

    async def age(self, by: timedelta) -> None:
        """Let the time pass for everything that is written down about what waits and what fails."""
        async with self.core.db.begin() as session:
            for model, names in (
                (WebhookDelivery, ("created_at",)),
                (WebhookLane, ("failing_since", "next_try_at", "lease_until")),
                (WebhookEndpoint, ("failing_since", "last_success_at", "old_secret_until")),
            ):
                for row in (await session.exec(select(model))).all():
                    for name in names:
                        at: datetime | None = getattr(row, name)
                        setattr(row, name, None if at is None else at - by)

    async def deliveries(self, endpoint: EndpointView, **which: Any) -> list[DeliveryView]:
        """Return an endpoint's deliveries, oldest first."""
        return (await webhooks.deliveries(self.core, self.user_id, endpoint.id, limit=200, **which))[::-1]

    async def lanes(self) -> Sequence[WebhookLane]:
        """Return all lanes."""
        async with self.core.db.read() as session:
            return (await session.exec(select(WebhookLane))).all()


@asynccontextmanager
async def set_scene(core: Core) -> AsyncIterator[Scene]:
    """Store the people and open a courier."""
    settings = core.settings
    user_id = await add_user(core.db)
    poster = Poster(allow_private=settings.webhook_private_targets == "allow", timeout=settings.webhook_timeout)
    vault = open_vault(settings.webhook_keys_text, settings.data_dir.absolute())
    try:
        yield Scene(
            core,
            Courier(core, poster, vault),
            user_id,
            await add_account(core.db, user_id),
            await add_account(core.db, user_id),
        )
    finally:
        await poster.close()


def verify(got: Got, secret: str) -> dict[str, Any]:
    """Check a request as a receiver does; returns the event."""
    event: dict[str, Any] = Webhook(secret).verify(got.body, got.headers)
    assert event == got.event
    return event


def first_of_each(ids: Sequence[str]) -> list[str]:
    """Return the ids without repetitions."""
    return list(dict.fromkeys(ids))
