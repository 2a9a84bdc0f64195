"""One lane: the events of one account for one endpoint, each sent when the one before it is done.

Whoever delivers holds the lane's lease with a token of its own. What came of a try is written down only by who holds
it still, so a worker that stalled and wakes up later changes nothing; it may only have repeated a request.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

import structlog
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_exponential_jitter

from session_core.alerts import raising
from session_core.clock import utcnow
from session_core.core import Core
from session_core.domain.alerts import AlertKind
from session_core.domain.webhooks import TEST, BodyFormat, DeliveryStatus, OffReason, Problem, event_name
from session_core.errors import FatalError
from session_core.store import webhook_lanes, webhooks
from session_core.store.engine import Transaction
from session_core.store.errors import STORE_AWAY, AlreadyThere
from session_core.store.models import WebhookEndpoint, WebhookLane
from session_core.store.webhook_lanes import Head, LaneKey, Tried
from session_core.webhooks import body, own_headers, policy, signature, waha
from session_core.webhooks.body import Told
from session_core.webhooks.post import Answer, Poster
from session_core.webhooks.secrets import Vault

log = structlog.get_logger(__name__)

MARGIN = timedelta(seconds=15)
"""How much longer than a try the lease lasts; `NOTE_TIMEOUT` is a part of it."""

NOTE_TIMEOUT = timedelta(seconds=10)
"""How long the note of a try is tried while the database is away."""

TURN = 100
"""Deliveries after which a lane lets others have its place."""


@dataclass(frozen=True, slots=True)
class Courier:
    """What every lane needs: the core, the way out, and the keys."""

    core: Core
    poster: Poster
    vault: Vault

    @property
    def lease(self) -> timedelta:
        """How long a worker that died keeps its lanes."""
        return self.core.settings.webhook_timeout + MARGIN


async def drain(courier: Courier, lane: LaneKey) -> int:
    """Deliver what waits in a lane until it is empty, pauses, or has had its turn; returns the number of tries.

    Raises:
        STORE_ERRORS: what is not written down is done again when the lease is over.
    """
    core, token, now = courier.core, uuid4().hex, utcnow()
    async with core.db.begin() as session:
        if not await webhook_lanes.claim(session, lane, token, now, now + courier.lease):
            return 0
    async with core.db.read() as session:
        head = await webhook_lanes.head(session, lane)
    tries = 0
    while head is not None and tries < TURN:
        answer = await _try(courier, head)
        tries += 1
        head = await _settle(courier, lane, token, head, answer)
    if head is not None or tries == 0:
        async with core.db.begin() as session:
            await _next(session, lane, token, None)
    return tries


async def _try(courier: Courier, head: Head) -> Answer:
    delivery, event, endpoint = head.delivery, head.event, head.endpoint
    now = utcnow()
    try:
        keys = _keys(courier.vault, endpoint, now)
        own = own_headers.opened(courier.vault, endpoint)
    except FatalError as error:
        log.error("webhook_key_missing", endpoint=str(endpoint.id), error=error.message, action=error.action)
        return Answer(Problem.KEY_MISSING, timedelta(0))
    told = Told(
        event_id=delivery.event_id,
        event_type=delivery.event_type,
        at=event.created_at if event is not None else delivery.created_at,
        payload=event.payload if event is not None else {"message": "This is a test."},
        account_id=delivery.account_id,
        user_id=head.user_id,
        cursor=event.position if event is not None else None,
        phone_number=head.phone_number,
        push_name=head.push_name,
    )
    form = waha.envelope(told, endpoint.events) if endpoint.format is BodyFormat.WAHA else body.envelope(told)
    text = body.written(form)
    headers = signature.headers(event_name(delivery.event_id), text, keys, now)
    return await courier.poster.post(endpoint.url, text, {**own, **headers})


def _keys(vault: Vault, endpoint: WebhookEndpoint, now: datetime) -> list[str]:
    stored = [endpoint.secret]
    if endpoint.old_secret is not None and endpoint.old_secret_until is not None and endpoint.old_secret_until > now:
        stored.append(endpoint.old_secret)
    return [vault.open(endpoint.id, each) for each in stored]


@retry(
    retry=retry_if_exception_type(STORE_AWAY),
    wait=wait_exponential_jitter(multiplier=0.1, max=2),
    stop=stop_after_delay(NOTE_TIMEOUT),
    reraise=True,
)
async def _settle(courier: Courier, lane: LaneKey, token: str, head: Head, answer: Answer) -> Head | None:
    """Write down what came of a try; returns the next delivery that has its turn now."""
    try:
        async with courier.core.db.begin() as session:
            return await _write(courier, session, lane, token, head, answer)
    except AlreadyThere:
        # The delivery went away with its account or event while it was on its way: there is nothing to note.
        async with courier.core.db.begin() as session:
            return await _next(session, lane, token, utcnow() + courier.lease)


async def _write(
    courier: Courier, session: Transaction, lane: LaneKey, token: str, head: Head, answer: Answer
) -> Head | None:
    now, delivery = utcnow(), head.delivery
    row = await webhook_lanes.hold(session, lane, token)
    if row is None or delivery.id is None:
        log.warning("webhook_lane_lost", endpoint=str(lane[0]))
        return None
    test = delivery.event_type == TEST
    verdict = policy.Verdict(DeliveryStatus.DELIVERED)
    if answer.delivered:
        row.tries, row.failing_since = 0, None
        if not test:
            await _worked(session, lane, now)
    else:
        row.tries, row.failing_since = row.tries + 1, row.failing_since or now
        verdict = await _judge(courier, session, head, answer, row.tries, row.failing_since, now)
    tried = Tried(
        at=now,
        duration_ms=round(answer.duration / timedelta(milliseconds=1)),
        status_code=answer.status_code,
        problem=answer.problem,
        response=answer.response,
    )
    await webhook_lanes.note(session, delivery.id, tried, verdict.status)
    if verdict.off is not OffReason.NONE:
        await _switch_off(courier, session, head.endpoint, verdict.off, answer, now)
    if verdict.status is DeliveryStatus.DEAD and not test:
        row.tries = 0
        log.warning("webhook_delivery_dead", endpoint=str(lane[0]), delivery=delivery.id, problem=answer.problem)
    if verdict.off is not OffReason.NONE or (
        verdict.next_try_at is not None and not await _was_skipped(session, lane, delivery.id)
    ):
        row.next_try_at = verdict.next_try_at
        row.lease_token = row.lease_until = None
        return None
    return await _first(session, lane, row, now + courier.lease)


async def _was_skipped(session: Transaction, lane: LaneKey, delivery_id: int) -> bool:
    """Tell whether its owner gave a delivery up while it was on its way: then the lane need not pause for it."""
    first = await webhook_lanes.head(session, lane)
    return first is None or first.delivery.id != delivery_id


async def _worked(session: Transaction, lane: LaneKey, now: datetime) -> None:
    since = await webhook_lanes.worked(session, lane[0], now)
    if policy.is_back(since, now):
        await webhook_lanes.wake_all(session, lane[0], now)


async def _judge(
    courier: Courier,
    session: Transaction,
    head: Head,
    answer: Answer,
    tries: int,
    lane_failing_since: datetime,
    now: datetime,
) -> policy.Verdict:
    settings, test = courier.core.settings, head.delivery.event_type == TEST
    ours = test or answer.problem is Problem.KEY_MISSING
    since = now if ours else await webhook_lanes.failed(session, head.endpoint.id, now)
    facts = policy.Facts(
        test=test,
        problem=answer.problem,
        status_code=answer.status_code,
        tries=tries,
        queued_at=head.delivery.created_at,
        lane_failing_since=lane_failing_since,
        endpoint_failing_since=since,
        retry_after=answer.retry_after,
    )
    return policy.after_failure(
        facts,
        now=now,
        retry_for=settings.webhook_retry_for,
        off_after=settings.webhook_off_after,
        random=random.random,
    )


async def _switch_off(
    courier: Courier, session: Transaction, endpoint: WebhookEndpoint, why: OffReason, answer: Answer, now: datetime
) -> None:
    if await webhooks.switch_off(session, endpoint.id, why, now):
        await raising.begin(
            session,
            courier.core.settings,
            user_id=endpoint.user_id,
            kind=AlertKind.WEBHOOK_OFF,
            subject=str(endpoint.id),
            detail=endpoint.name,
            now=now,
        )
        log.warning("webhook_switched_off", endpoint=str(endpoint.id), why=why, problem=answer.problem)


async def _next(session: Transaction, lane: LaneKey, token: str, until: datetime | None) -> Head | None:
    """Return what is first in the lane now, and keep the lease until then; an empty lane is given back and rests.

    With ``until`` None the lane is given back in any case, and due at once if something waits.
    """
    row = await webhook_lanes.hold(session, lane, token)
    return None if row is None else await _first(session, lane, row, until)


async def _first(session: Transaction, lane: LaneKey, row: WebhookLane, until: datetime | None) -> Head | None:
    head = await webhook_lanes.head(session, lane)
    row.next_try_at = None if head is None else utcnow()
    row.lease_until = until if head is not None else None
    if row.lease_until is None:
        row.lease_token = None
    await session.flush()
    return head
