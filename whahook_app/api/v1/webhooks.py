"""Webhooks: where events go, how it went, and sending them again."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query

from session_core.domain.webhooks import DeliveryStatus
from session_core.services import webhooks
from whahook_app.api.deps import CoreDep, UserDep
from whahook_app.api.responses import OWNED, SIGNED_IN, problems
from whahook_app.api.webhook_schemas import (
    Delivery,
    DeliveryDetail,
    NewWebhook,
    Range,
    ReplayAnswer,
    Rotation,
    SwitchOn,
    Webhook,
    WebhookWithSecret,
)

router = APIRouter(prefix="/webhooks", tags=["webhooks"])

DeliveryId = Annotated[int, Path(ge=0, le=2**62)]


@router.post("", status_code=201, responses=SIGNED_IN | problems(404, 409))
async def create_webhook(body: NewWebhook, who: UserDep, core: CoreDep) -> WebhookWithSecret:
    """Make an endpoint. Its secret is in this answer and never again."""
    return WebhookWithSecret.of(await webhooks.create(core, who.user_id, body.wanted()))


@router.get("", responses=SIGNED_IN)
async def list_webhooks(who: UserDep, core: CoreDep) -> list[Webhook]:
    """List the endpoints, oldest first."""
    return [Webhook.of(endpoint) for endpoint in await webhooks.list_endpoints(core, who.user_id)]


@router.get("/{webhook_id}", responses=OWNED)
async def get_webhook(webhook_id: UUID, who: UserDep, core: CoreDep) -> Webhook:
    """Show one endpoint."""
    return Webhook.of(await webhooks.get(core, who.user_id, webhook_id))


@router.put("/{webhook_id}", responses=OWNED)
async def change_webhook(webhook_id: UUID, body: NewWebhook, who: UserDep, core: CoreDep) -> Webhook:
    """Replace name, address and choice. What waits goes to the new address at once."""
    return Webhook.of(await webhooks.change(core, who.user_id, webhook_id, body.wanted()))


@router.delete("/{webhook_id}", status_code=204, responses=OWNED)
async def delete_webhook(webhook_id: UUID, who: UserDep, core: CoreDep) -> None:
    """Delete an endpoint with all that waits for it."""
    await webhooks.delete(core, who.user_id, webhook_id)


@router.post("/{webhook_id}/disable", responses=OWNED)
async def disable_webhook(webhook_id: UUID, who: UserDep, core: CoreDep) -> Webhook:
    """Switch an endpoint off. From where it was not told is remembered."""
    return Webhook.of(await webhooks.switch_off(core, who.user_id, webhook_id))


@router.post("/{webhook_id}/enable", responses=OWNED)
async def enable_webhook(webhook_id: UUID, body: SwitchOn, who: UserDep, core: CoreDep) -> Webhook:
    """Switch an endpoint on, with what it missed unless ``replayMissed`` is false."""
    return Webhook.of(await webhooks.switch_on(core, who.user_id, webhook_id, replay_missed=body.replay_missed))


@router.post("/{webhook_id}/rotate-secret", responses=OWNED)
async def rotate_webhook_secret(webhook_id: UUID, body: Rotation, who: UserDep, core: CoreDep) -> WebhookWithSecret:
    """Give an endpoint a new secret; the old one signs beside it for ``overlapHours``."""
    return WebhookWithSecret.of(await webhooks.rotate(core, who.user_id, webhook_id, body.overlap))


@router.post("/{webhook_id}/test", status_code=202, responses=OWNED)
async def test_webhook(webhook_id: UUID, who: UserDep, core: CoreDep) -> DeliveryDetail:
    """Have an event ``webhook.test`` sent, tried once. The delivery tells how it went."""
    return DeliveryDetail.of(await webhooks.test(core, who.user_id, webhook_id))


@router.post("/{webhook_id}/replay", status_code=202, responses=OWNED | problems(409))
async def replay_webhook_events(webhook_id: UUID, body: Range, who: UserDep, core: CoreDep) -> ReplayAnswer:
    """Send a range of events again, at most 10,000 at a time, behind what waits and under their old ids."""
    return ReplayAnswer.of(
        await webhooks.replay_range(core, who.user_id, webhook_id, after=body.after, since=body.since, until=body.until)
    )


@router.get("/{webhook_id}/deliveries", responses=OWNED)
async def list_deliveries(
    webhook_id: UUID,
    who: UserDep,
    core: CoreDep,
    status: DeliveryStatus | None = None,
    type: Annotated[str | None, Query(max_length=64)] = None,
    account_id: Annotated[UUID | None, Query(alias="accountId")] = None,
    before: Annotated[int | None, Query(ge=0, le=2**62, description="id: older than this one")] = None,
    limit: Annotated[int, Query(ge=1, le=webhooks.MAX_PAGE)] = 50,
) -> list[Delivery]:
    """List what was and is to be delivered, newest first."""
    found = await webhooks.deliveries(
        core,
        who.user_id,
        webhook_id,
        limit=limit,
        before=before,
        status=status,
        event_type=type,
        account_id=account_id,
    )
    return [Delivery.of(delivery) for delivery in found]


@router.get("/{webhook_id}/deliveries/{delivery_id}", responses=OWNED)
async def get_delivery(webhook_id: UUID, delivery_id: DeliveryId, who: UserDep, core: CoreDep) -> DeliveryDetail:
    """Show one delivery with its tries and what was answered."""
    return DeliveryDetail.of(await webhooks.delivery(core, who.user_id, webhook_id, delivery_id))


@router.post("/{webhook_id}/deliveries/{delivery_id}/replay", status_code=202, responses=OWNED | problems(409))
async def replay_delivery(webhook_id: UUID, delivery_id: DeliveryId, who: UserDep, core: CoreDep) -> DeliveryDetail:
    """Send an event again; a delivery that waits is tried now."""
    return DeliveryDetail.of(await webhooks.replay_one(core, who.user_id, webhook_id, delivery_id))


@router.post("/{webhook_id}/deliveries/{delivery_id}/skip", responses=OWNED | problems(409))
async def skip_delivery(webhook_id: UUID, delivery_id: DeliveryId, who: UserDep, core: CoreDep) -> DeliveryDetail:
    """Give a delivery that waits up, so that the next one of its account has its turn."""
    return DeliveryDetail.of(await webhooks.skip(core, who.user_id, webhook_id, delivery_id))
