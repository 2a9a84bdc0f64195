"""What travels about webhooks."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Self
from uuid import UUID

from pydantic import Field, model_validator

from session_core.domain.webhooks import (
    ALL,
    AttemptView,
    BodyFormat,
    DeliveryStatus,
    DeliveryView,
    EndpointView,
    OffReason,
    Problem,
)
from session_core.services.webhooks import MAX_EVENTS, MAX_HEADERS, MAX_URL, Replayed, Secret, Wanted
from whahook_app.api.schema_base import Incoming, Outgoing
from whahook_app.api.schemas import Line

MAX_ACCOUNTS = 1000


class NewWebhook(Incoming):
    """An endpoint to be made, or as it should be from now on."""

    url: Line = Field(max_length=MAX_URL, examples=["https://example.org/whahook"])
    events: list[Line] = Field(
        default=[ALL],
        max_length=MAX_EVENTS,
        description="types, families such as message.*, or *; with the format waha also message and message.any",
    )
    account_ids: list[UUID] | None = Field(
        default=None, max_length=MAX_ACCOUNTS, description="null: all accounts, also those that come later"
    )
    name: Line = Field(default="", max_length=100, description="empty: the address's host", examples=["Orders"])
    format: BodyFormat = Field(default=BodyFormat.WHAHOOK, description="waha: the envelope that programs for WAHA read")
    headers: dict[str, str | None] | None = Field(
        default=None,
        max_length=MAX_HEADERS,
        repr=False,
        description="sent with every event, never shown again; a null value stays as it is, without the field all do",
        examples=[{"Authorization": "Bearer token-of-the-receiver"}],
    )

    def wanted(self) -> Wanted:
        """Return it as the service takes it."""
        return Wanted(self.url, self.events, self.account_ids, self.name, self.format, self.headers)


class SwitchOn(Incoming):
    """How to switch on."""

    replay_missed: bool = Field(default=True, description="begin with what was missed while it was off")


class Rotation(Incoming):
    """How to rotate a secret."""

    overlap_hours: float = Field(
        default=24, ge=0, le=168, description="so long the old secret signs beside the new one; 0: not any more"
    )

    @property
    def overlap(self) -> timedelta:
        """The same as a duration."""
        return timedelta(hours=self.overlap_hours)


class Range(Incoming):
    """Events to be sent again: behind a cursor or since a time, up to another cursor or now."""

    after: int | None = Field(default=None, ge=0, le=2**62, description="cursor of the last event that you have")
    since: datetime | None = Field(default=None, description="instead of it, a time with its zone")
    until: int | None = Field(default=None, ge=0, le=2**62, description="cursor of the last event to be repeated")

    @model_validator(mode="after")
    def _one_beginning(self) -> Self:
        if (self.after is None) == (self.since is None):
            raise ValueError("needs after or since, and not both")
        if self.since is not None and self.since.tzinfo is None:
            raise ValueError("since needs a time zone")
        return self


class Webhook(Outgoing):
    """An endpoint."""

    id: UUID
    name: str
    url: str
    events: list[str]
    account_ids: list[UUID] | None
    format: BodyFormat
    header_names: list[str] = Field(description="of its own headers; their values are never shown")
    enabled: bool
    off_reason: OffReason = Field(description="owner, failing (for days) or gone (it answered 410); empty while on")
    off_at: datetime | None
    failing_since: datetime | None = Field(description="since when nothing was taken; null after something was")
    last_success_at: datetime | None
    old_secret_until: datetime | None = Field(description="so long two secrets sign; null when there is one")
    pending: int = Field(description="deliveries that wait")
    created_at: datetime

    @classmethod
    def of(cls, endpoint: EndpointView) -> Webhook:
        """Show an endpoint."""
        return cls.model_validate(endpoint, from_attributes=True)


class WebhookWithSecret(Outgoing):
    """An endpoint and its fresh secret. It is shown this once."""

    webhook: Webhook
    secret: str = Field(repr=False, examples=["whsec_…"])

    @classmethod
    def of(cls, made: Secret) -> WebhookWithSecret:
        """Show both."""
        return cls(webhook=Webhook.of(made.endpoint), secret=made.secret)


class Attempt(Outgoing):
    """One try."""

    at: datetime
    duration_ms: int
    status_code: int | None
    problem: Problem
    response: str = Field(description="the first kilobyte of the answer's body")

    @classmethod
    def of(cls, attempt: AttemptView) -> Attempt:
        """Show a try."""
        return cls.model_validate(attempt, from_attributes=True)


class Delivery(Outgoing):
    """One event on its way to one endpoint."""

    id: int
    webhook_id: UUID
    account_id: UUID | None = Field(description="null: a test")
    event_id: str = Field(description="the id that the receiver sees, the same at every try", examples=["evt_…"])
    type: str = Field(examples=["message.received"])
    cursor: int | None
    status: DeliveryStatus
    replay: bool
    tries: int
    created_at: datetime
    done_at: datetime | None
    next_try_at: datetime | None = Field(description="null when it is done, or waits for the one before it")
    status_code: int | None = Field(description="of the last try")
    problem: Problem = Field(description="of the last try")

    @classmethod
    def of(cls, delivery: DeliveryView) -> Delivery:
        """Show a delivery."""
        return cls(**_fields(delivery))


class DeliveryDetail(Delivery):
    """A delivery with its tries, oldest first."""

    attempts: list[Attempt]

    @classmethod
    def of(cls, delivery: DeliveryView) -> DeliveryDetail:
        """Show a delivery with its tries."""
        return cls(**_fields(delivery), attempts=[Attempt.of(attempt) for attempt in delivery.attempts])


def _fields(delivery: DeliveryView) -> dict[str, object]:
    return {
        "id": delivery.id,
        "webhook_id": delivery.endpoint_id,
        "account_id": delivery.account_id,
        "event_id": delivery.event_name,
        "type": delivery.event_type,
        "cursor": delivery.cursor,
        "status": delivery.status,
        "replay": delivery.replay,
        "tries": delivery.tries,
        "created_at": delivery.created_at,
        "done_at": delivery.done_at,
        "next_try_at": delivery.next_try_at,
        "status_code": delivery.last_status_code,
        "problem": delivery.last_problem,
    }


class ReplayAnswer(Outgoing):
    """What a replay queued."""

    queued: int
    next_after: int | None = Field(description="there is more: the next replay begins after this cursor")

    @classmethod
    def of(cls, replayed: Replayed) -> ReplayAnswer:
        """Show it."""
        return cls(queued=replayed.queued, next_after=replayed.next_after)
