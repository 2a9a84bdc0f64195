"""What a user can do with webhooks: endpoints and their secrets, what was delivered, and sending it again."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import httpx

from session_core.clock import utcnow
from session_core.core import Core
from session_core.domain.alerts import AlertKind
from session_core.domain.text import is_storable
from session_core.domain.webhooks import (
    ALL,
    TEST,
    BodyFormat,
    DeliveryStatus,
    DeliveryView,
    EndpointView,
    OffReason,
    Problem,
    is_known,
    is_pattern,
)
from session_core.errors import Conflict, NotFound, PolicyError
from session_core.store import alerts, outbox, webhook_lanes, webhooks
from session_core.store.engine import Transaction
from session_core.store.models import WebhookDelivery, WebhookEndpoint
from session_core.webhooks import own_headers, signature
from session_core.webhooks.secrets import Vault, open_vault
from session_core.webhooks.target import TargetError, addresses

MAX_ENDPOINTS = 20
MAX_NAME = 100
MAX_URL = 2000
MAX_EVENTS = 50
MAX_HEADERS = own_headers.MAX_HEADERS
MAX_PAGE = 200

MAX_REPLAY = 10_000
"""Events that one replay queues."""

MAX_WAITING = 100_000
"""Deliveries that may wait for an endpoint before a replay is refused: somebody would have to take them all."""

OVERLAP = timedelta(hours=24)
"""So long an old secret signs beside the new one."""

LONGEST_OVERLAP = timedelta(days=7)

_CONTROL = re.compile(r"[\x00-\x20\x7f]")


@dataclass(frozen=True, slots=True)
class Wanted:
    """How an endpoint should be.

    Attributes:
        url: where the events go.
        events: types, families such as ``message.*``, or ``*``.
        account_ids: None: all accounts, also those that come later.
        name: for its owner; empty: the host of the address.
        format: in which form it is told.
        headers: its own headers, values by name; a value that is None stays as it is. None: all stay as they are.
    """

    url: str
    events: Sequence[str] = (ALL,)
    account_ids: Sequence[UUID] | None = None
    name: str = ""
    format: BodyFormat = BodyFormat.WHAHOOK
    headers: Mapping[str, str | None] | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Secret:
    """An endpoint with its secret, which is shown this once."""

    endpoint: EndpointView
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a replay queued. ``next_after`` is set when there is more: the next replay begins behind it."""

    queued: int
    next_after: int | None


async def list_endpoints(core: Core, user_id: UUID) -> list[EndpointView]:
    """Return the user's endpoints, oldest first."""
    async with core.db.read() as session:
        rows = await webhooks.of_user(session, user_id)
        pending = await webhooks.count_pending(session, [row.id for row in rows])
        return [webhooks.endpoint_view(row, pending.get(row.id, 0), utcnow()) for row in rows]


async def get(core: Core, user_id: UUID, endpoint_id: UUID) -> EndpointView:
    """Return one endpoint; NotFound when it is not the user's."""
    async with core.db.read() as session:
        return await _view(session, await _owned(session, user_id, endpoint_id))


async def create(core: Core, user_id: UUID, wanted: Wanted) -> Secret:
    """Make an endpoint; it is told what happens from now on.

    Raises:
        PolicyError: 422 for a bad address, name or choice of events, 409 ``too_many_webhooks``.
        NotFound: an account is not the user's.
    """
    wanted = await _checked(core, wanted)
    vault, secret, endpoint_id = await _vault(core), signature.new_secret(), uuid4()
    async with core.db.begin() as session:
        await _check_accounts(session, user_id, wanted.account_ids)
        if len(await webhooks.of_user(session, user_id)) >= MAX_ENDPOINTS:
            raise PolicyError(
                f"There can be {MAX_ENDPOINTS} webhooks.",
                code="too_many_webhooks",
                action="Delete one that is not used.",
                status_code=409,
            )
        row = WebhookEndpoint(
            id=endpoint_id,
            user_id=user_id,
            name=wanted.name,
            url=wanted.url,
            events=list(wanted.events),
            account_ids=_texts(wanted.account_ids),
            format=wanted.format,
            secret=vault.seal(endpoint_id, secret),
        )
        own_headers.sealed(vault, row, own_headers.checked(wanted.headers or {}, {}))
        await webhooks.add(session, row)
        return Secret(await _view(session, row), secret)


async def change(core: Core, user_id: UUID, endpoint_id: UUID, wanted: Wanted) -> EndpointView:
    """Replace an endpoint's name, address, choice, form and headers; what waits goes to the new address at once.

    Headers are kept when ``wanted`` names none.

    Raises:
        PolicyError, NotFound: as for `create`.
        FatalError: ``webhook_key_missing``, a header that should stay as it is cannot be read.
    """
    wanted, vault = await _checked(core, wanted), await _vault(core)
    async with core.db.begin() as session:
        await _check_accounts(session, user_id, wanted.account_ids)
        await _owned(session, user_id, endpoint_id)
        await webhook_lanes.wake_all(session, endpoint_id, utcnow())
        row = await _owned(session, user_id, endpoint_id, lock=True)
        row.name, row.url, row.events = wanted.name, wanted.url, list(wanted.events)
        row.account_ids, row.format = _texts(wanted.account_ids), wanted.format
        if wanted.headers is not None:
            known = own_headers.opened(vault, row) if None in wanted.headers.values() else {}
            own_headers.sealed(vault, row, own_headers.checked(wanted.headers, known))
        await session.flush()
        return await _view(session, row)


async def switch_off(core: Core, user_id: UUID, endpoint_id: UUID) -> EndpointView:
    """Tell an endpoint nothing until it is switched on; from where it was not told is remembered."""
    async with core.db.begin() as session:
        await _owned(session, user_id, endpoint_id)
        await webhooks.switch_off(session, endpoint_id, OffReason.OWNER, utcnow())
        return await _view(session, await _owned(session, user_id, endpoint_id))


async def switch_on(core: Core, user_id: UUID, endpoint_id: UUID, *, replay_missed: bool = True) -> EndpointView:
    """Tell an endpoint everything again.

    Args:
        core: the process's core.
        user_id: who asks.
        endpoint_id: which one.
        replay_missed: begin with what it was not told since it went off, as far as that is kept. That is queued
            `MAX_REPLAY` events at a time; when this ends before all are, the endpoint stays off, and the next call
            goes on from there.
    """
    async with core.db.begin() as session:
        await outbox.hold_places(session)
        row = await _owned(session, user_id, endpoint_id)
        if row.off_reason is not OffReason.NONE:
            # What was spread in the moment in which it went off is among what it missed.
            since = row.resume_from if replay_missed else None
            await webhooks.skip_waiting(session, endpoint_id, utcnow(), since=since)
    while (view := await _go_on(core, user_id, endpoint_id, replay_missed)) is None:
        pass
    return view


async def _go_on(core: Core, user_id: UUID, endpoint_id: UUID, replay_missed: bool) -> EndpointView | None:
    """Queue some of what an endpoint missed, and with the last of it switch it on; None when there may be more."""
    async with core.db.begin() as session:
        # No event gets its place between the look for missed ones and the end of this transaction: it would be spread
        # to those that are on. And two that switch the same endpoint on go on from where the other one is.
        await outbox.hold_places(session)
        row = await _owned(session, user_id, endpoint_id)
        if row.off_reason is OffReason.NONE:
            return await _view(session, row)
        last = await _queue_missed(session, row) if replay_missed else None
        await _no_alert(session, user_id, endpoint_id)
        row = await _owned(session, user_id, endpoint_id, lock=True)
        if last is None:
            row.off_reason, row.off_at, row.resume_from, row.failing_since = OffReason.NONE, None, None, None
        else:
            row.resume_from = last + 1
        await session.flush()
        return await _view(session, row) if last is None else None


async def _queue_missed(session: Transaction, row: WebhookEndpoint) -> int | None:
    """Queue the next events that an endpoint missed; returns the last one's place, None when there are no more."""
    if row.resume_from is None:
        return None
    queued, last = await webhooks.replay(session, row, utcnow(), after=row.resume_from - 1, limit=MAX_REPLAY)
    return last if queued >= MAX_REPLAY else None


async def delete(core: Core, user_id: UUID, endpoint_id: UUID) -> None:
    """Delete an endpoint with all that waits for it and all that is known about it."""
    async with core.db.begin() as session:
        if not await webhooks.delete_endpoint(session, user_id, endpoint_id):
            raise NotFound("webhook")
        await _no_alert(session, user_id, endpoint_id)


async def rotate(core: Core, user_id: UUID, endpoint_id: UUID, overlap: timedelta = OVERLAP) -> Secret:
    """Give an endpoint a new secret. The old one signs beside it until ``overlap`` is over, at most seven days.

    With no overlap the old one counts no more, which is for one that got into wrong hands.
    """
    vault, secret = await _vault(core), signature.new_secret()
    overlap = min(max(overlap, timedelta(0)), LONGEST_OVERLAP)
    async with core.db.begin() as session:
        row = await _owned(session, user_id, endpoint_id, lock=True)
        row.old_secret = row.secret if overlap else None
        row.old_secret_until = utcnow() + overlap if overlap else None
        row.secret = vault.seal(endpoint_id, secret)
        await session.flush()
        return Secret(await _view(session, row), secret)


async def test(core: Core, user_id: UUID, endpoint_id: UUID) -> DeliveryView:
    """Have a test sent, tried once, also to an endpoint that is off; the delivery tells how it went.

    One that still waits is given back instead of another one.
    """
    async with core.db.begin() as session:
        await _owned(session, user_id, endpoint_id, lock=True)
        now = utcnow()
        waiting = await webhooks.deliveries(
            session, endpoint_id, limit=1, status=DeliveryStatus.PENDING, event_type=TEST
        )
        if waiting:
            return waiting[0]
        row = WebhookDelivery(
            endpoint_id=endpoint_id, lane_id=endpoint_id, event_id=uuid4(), event_type=TEST, created_at=now
        )
        await webhooks.add_delivery(session, row)
        await webhook_lanes.wake(session, [(endpoint_id, endpoint_id)], now)
        return await _delivery(session, endpoint_id, row.id)


async def deliveries(
    core: Core,
    user_id: UUID,
    endpoint_id: UUID,
    *,
    limit: int = 50,
    before: int | None = None,
    status: DeliveryStatus | None = None,
    event_type: str | None = None,
    account_id: UUID | None = None,
) -> list[DeliveryView]:
    """Return what was and is to be delivered, newest first, at most 200; ``before``: older than that delivery."""
    async with core.db.read() as session:
        await _owned(session, user_id, endpoint_id)
        return await webhooks.deliveries(
            session,
            endpoint_id,
            limit=max(1, min(limit, MAX_PAGE)),
            before=before,
            status=status,
            event_type=event_type,
            account_id=account_id,
        )


async def delivery(core: Core, user_id: UUID, endpoint_id: UUID, delivery_id: int) -> DeliveryView:
    """Return one delivery with its tries; NotFound when it is not the user's."""
    async with core.db.read() as session:
        await _owned(session, user_id, endpoint_id)
        return await _delivery(session, endpoint_id, delivery_id)


async def replay_one(core: Core, user_id: UUID, endpoint_id: UUID, delivery_id: int) -> DeliveryView:
    """Send the event of a delivery again, with the same id, behind what waits; one that waits is tried now.

    Raises:
        Conflict: 409 ``webhook_off``, or ``webhook_full`` when too much waits already.
    """
    async with core.db.begin() as session:
        endpoint = await _owned(session, user_id, endpoint_id)
        old = await _delivery(session, endpoint_id, delivery_id)
        if old.event_type != TEST:
            _refuse_off(endpoint)
        if old.status is not DeliveryStatus.PENDING:
            await _refuse_full(session, endpoint)
        row = await webhooks.again(session, endpoint_id, delivery_id, utcnow())
        return await _delivery(session, endpoint_id, None if row is None else row.id)


async def skip(core: Core, user_id: UUID, endpoint_id: UUID, delivery_id: int) -> DeliveryView:
    """Give a delivery that waits up, so that the next one of its account has its turn.

    Raises:
        Conflict: 409 ``delivery_done``.
    """
    async with core.db.begin() as session:
        await _owned(session, user_id, endpoint_id)
        skipped = await webhooks.skip(session, endpoint_id, delivery_id, utcnow())
        if skipped is None:
            raise NotFound("delivery")
        if not skipped:
            raise Conflict("This delivery does not wait any more.", code="delivery_done", action="Reload the list.")
        return await _delivery(session, endpoint_id, delivery_id)


async def replay_range(
    core: Core,
    user_id: UUID,
    endpoint_id: UUID,
    *,
    after: int | None = None,
    since: datetime | None = None,
    until: int | None = None,
) -> Replayed:
    """Send the events of a range again that the endpoint is told about, in their order, at most 10,000 at a time.

    Args:
        core: the process's core.
        user_id: who asks.
        endpoint_id: which one.
        after: cursor of the last event that is not to be repeated.
        since: instead of it, a time.
        until: cursor of the last event that is to be repeated; None: up to now.

    Raises:
        Conflict: 409 ``webhook_off``, or ``webhook_full`` when too much waits already.
    """
    async with core.db.begin() as session:
        endpoint = await _owned(session, user_id, endpoint_id)
        _refuse_off(endpoint)
        await _refuse_full(session, endpoint)
        begin = after
        if begin is None and since is not None:
            first = await outbox.position_at(session, since)
            if first is None:
                return Replayed(0, None)
            begin = first - 1
        queued, last = await webhooks.replay(
            session, endpoint, utcnow(), after=max(0, begin or 0), until=until, limit=MAX_REPLAY
        )
        return Replayed(queued, last if queued >= MAX_REPLAY else None)


async def _no_alert(session: Transaction, user_id: UUID, endpoint_id: UUID) -> None:
    """End what its owner was told about it being off."""
    alert_id = await alerts.open_of(session, user_id, AlertKind.WEBHOOK_OFF, str(endpoint_id))
    if alert_id is not None:
        await alerts.resolve(session, [alert_id], utcnow())


def _refuse_off(endpoint: WebhookEndpoint) -> None:
    if endpoint.off_reason is not OffReason.NONE:
        raise Conflict("This webhook is off.", code="webhook_off", action="Switch it on first.")


async def _refuse_full(session: Transaction, endpoint: WebhookEndpoint) -> None:
    waiting = await webhooks.count_pending(session, [endpoint.id])
    if waiting.get(endpoint.id, 0) >= MAX_WAITING:
        raise Conflict(
            "Too much waits for this webhook already.",
            code="webhook_full",
            action="Wait until it has taken what waits.",
        )


async def _owned(session: Transaction, user_id: UUID, endpoint_id: UUID, *, lock: bool = False) -> WebhookEndpoint:
    row = await webhooks.get(session, user_id, endpoint_id, lock=lock)
    if row is None:
        raise NotFound("webhook")
    return row


async def _view(session: Transaction, row: WebhookEndpoint) -> EndpointView:
    pending = await webhooks.count_pending(session, [row.id])
    return webhooks.endpoint_view(row, pending.get(row.id, 0), utcnow())


async def _delivery(session: Transaction, endpoint_id: UUID, delivery_id: int | None) -> DeliveryView:
    found = None if delivery_id is None else await webhooks.delivery(session, endpoint_id, delivery_id)
    if found is None:
        raise NotFound("delivery")
    return found


async def _vault(core: Core) -> Vault:
    settings = core.settings
    return await asyncio.to_thread(open_vault, settings.webhook_keys_text, settings.data_dir.absolute())


def _texts(account_ids: Collection[UUID] | None) -> list[str] | None:
    return None if account_ids is None else sorted({str(account_id) for account_id in account_ids})


async def _check_accounts(session: Transaction, user_id: UUID, account_ids: Sequence[UUID] | None) -> None:
    if account_ids is None:
        return
    if not account_ids:
        raise PolicyError(
            "No account is chosen.", code="bad_webhook_accounts", action="Choose some, or all.", status_code=422
        )
    if await webhooks.owned_accounts(session, user_id, account_ids) != set(account_ids):
        raise NotFound("account")


def chosen_events(patterns: Sequence[str], body_format: BodyFormat = BodyFormat.WHAHOOK) -> tuple[str, ...]:
    """Return a choice of events without repetitions.

    Raises:
        PolicyError: 422 ``bad_webhook_events``.
    """
    events = tuple(dict.fromkeys(patterns))
    if not 0 < len(events) <= MAX_EVENTS or not all(is_pattern(one) and is_known(one, body_format) for one in events):
        raise PolicyError(
            "There is no such event.",
            code="bad_webhook_events",
            action="Choose types, families such as message.*, or *.",
            status_code=422,
        )
    return events


async def _checked(core: Core, wanted: Wanted) -> Wanted:
    events = chosen_events(wanted.events, wanted.format)
    host = await _check_url(core, wanted.url)
    name = " ".join(wanted.name.split()) or host[:MAX_NAME]
    if len(name) > MAX_NAME or not is_storable(name):
        raise PolicyError(
            f"A name has at most {MAX_NAME} characters.",
            code="bad_name",
            action="Choose a shorter one.",
            status_code=422,
        )
    return replace(wanted, events=events, name=name)


async def _check_url(core: Core, url: str) -> str:
    """Refuse what no event will ever be sent to; returns the host."""
    try:
        parsed = httpx.URL(url)
        good = (
            parsed.scheme in {"http", "https"}
            and bool(parsed.host)
            and (parsed.port is None or 0 < parsed.port < 65536)
            and not parsed.userinfo
            and not parsed.fragment
        )
    except (httpx.InvalidURL, ValueError, TypeError):
        good = False
    if not good or len(url) > MAX_URL or _CONTROL.search(url) or not is_storable(url):
        raise PolicyError(
            "This is not an address that events can be sent to.",
            code="bad_webhook_url",
            action="Write https://, a host and a path; no user, password or #.",
            status_code=422,
        )
    try:
        await addresses(parsed.raw_host.decode("ascii"), allow_private=core.settings.webhook_private_targets == "allow")
    except TargetError as error:
        # A name that does not resolve now may do so later; each try asks again.
        if error.problem is Problem.FORBIDDEN:
            raise PolicyError(
                "Events are not sent to private networks or to this machine.",
                code="webhook_address_not_allowed",
                action="Use a public address; the operator can set WHAHOOK_WEBHOOK_PRIVATE_TARGETS=allow.",
                status_code=422,
            ) from error
    return str(parsed.host)
