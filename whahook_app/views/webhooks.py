"""Webhooks as the page shows them. Words are chosen in the browser: a row says what is so, not how it is called."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from uuid import UUID

from session_core.domain.webhooks import ALL, AttemptView, DeliveryStatus, DeliveryView, EndpointView, OffReason

ON, FAILING = "on", "failing"
"""States of an endpoint that is on; one that is off has its `OffReason` as its state, with ``off_`` before it."""

STATES = (ON, FAILING, *(f"off_{reason.value}" for reason in OffReason if reason is not OffReason.NONE))


@dataclasses.dataclass
class HookRow:
    """An endpoint in the list. ``since`` is when its state began, empty when that says nothing."""

    id: str = ""
    name: str = ""
    url: str = ""
    state: str = ON
    enabled: bool = True
    since: str = ""
    events: str = ""
    accounts: str = ""
    pending: int = 0
    success: str = ""
    old_secret_until: str = ""


@dataclasses.dataclass
class DeliveryRow:
    """A delivery in the list."""

    id: str = ""
    at: str = ""
    type: str = ""
    event_id: str = ""
    cursor: str = ""
    account: str = ""
    status: str = ""
    tries: int = 0
    code: str = ""
    problem: str = ""
    next_try: str = ""
    replay: bool = False
    waits: bool = False


@dataclasses.dataclass
class AttemptRow:
    """One try."""

    at: str = ""
    code: str = ""
    problem: str = ""
    duration: str = ""
    response: str = ""


@dataclasses.dataclass
class Choice:
    """Something that can be ticked or selected."""

    value: str = ""
    label: str = ""
    chosen: bool = False


def state_of(endpoint: EndpointView) -> str:
    """Return the state's name, one of `STATES`."""
    if not endpoint.enabled:
        return f"off_{endpoint.off_reason.value}"
    return FAILING if endpoint.failing_since is not None else ON


def hook_row(endpoint: EndpointView, names: Mapping[UUID, str]) -> HookRow:
    """Show an endpoint; empty ``events`` and ``accounts`` mean all of them."""
    since = endpoint.failing_since if endpoint.enabled else endpoint.off_at
    chosen = endpoint.account_ids
    return HookRow(
        id=str(endpoint.id),
        name=endpoint.name,
        url=endpoint.url,
        state=state_of(endpoint),
        enabled=endpoint.enabled,
        since=since.isoformat() if since is not None else "",
        events="" if ALL in endpoint.events else ", ".join(endpoint.events),
        # An account that was deleted meanwhile has no name any more.
        accounts="" if chosen is None else ", ".join(names.get(account_id, "—") for account_id in chosen),
        pending=endpoint.pending,
        success=endpoint.last_success_at.isoformat() if endpoint.last_success_at is not None else "",
        old_secret_until=endpoint.old_secret_until.isoformat() if endpoint.old_secret_until is not None else "",
    )


def delivery_row(delivery: DeliveryView, names: Mapping[UUID, str]) -> DeliveryRow:
    """Show a delivery."""
    return DeliveryRow(
        id=str(delivery.id),
        at=delivery.created_at.isoformat(),
        type=delivery.event_type,
        event_id=delivery.event_name,
        cursor="" if delivery.cursor is None else str(delivery.cursor),
        account="" if delivery.account_id is None else names.get(delivery.account_id, "—"),
        status=delivery.status.value,
        tries=delivery.tries,
        code="" if delivery.last_status_code is None else str(delivery.last_status_code),
        problem=delivery.last_problem.value,
        next_try=delivery.next_try_at.isoformat() if delivery.next_try_at is not None else "",
        replay=delivery.replay,
        waits=delivery.status is DeliveryStatus.PENDING,
    )


def attempt_rows(attempts: Sequence[AttemptView]) -> list[AttemptRow]:
    """Show tries, the newest one first."""
    return [
        AttemptRow(
            at=attempt.at.isoformat(),
            code="" if attempt.status_code is None else str(attempt.status_code),
            problem=attempt.problem.value,
            duration=f"{attempt.duration_ms} ms",
            response=attempt.response,
        )
        for attempt in reversed(attempts)
    ]
