"""Webhooks as their owner sees them: endpoints, what is delivered to them, and how it went."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

EVENT_TYPES: dict[str, str] = {
    "message.received": "A message came in.",
    "message.queued": "A message of yours was accepted and waits in its lane.",
    "message.sent": "WhatsApp Web took a message of yours, or you wrote one on the phone.",
    "message.ack": "A message of yours went a step further: server, device, read.",
    "message.edited": "A message has another text.",
    "message.revoked": "A message was deleted for everyone.",
    "message.reaction": "Somebody reacted to a message, or took it back.",
    "poll.vote": "Somebody voted in a poll.",
    "presence.update": "Somebody is there, gone, typing or recording, in a chat that you watch.",
    "call.received": "Somebody calls the account.",
    "message.failed": "A message of yours will not go out; failure says why.",
    "message.unknown": "A message of yours went out, or did not: nobody can know.",
    "message.cancelled": "A message of yours was taken back before it went out.",
    "message.expired": "The time of a message of yours was over before its turn came.",
    "consent.opted_out": "Somebody wrote that they want to hear no more.",
    "consent.opted_in": "Somebody who had opted out wants to hear again.",
    "message.media": "The file of a message was fetched, or could not be.",
    "session.reach_out": "WhatsApp lets an account begin no new conversations until a time, or does again.",
    "session.status": "The session of an account changed its status.",
}
"""What an endpoint can be told, beside `TEST`. Never a QR code: whoever has it can link the account."""

TEST = "webhook.test"
"""The event that the test button sends."""

ALL = "*"

WAHA_NAMES: dict[str, tuple[str, ...]] = {
    "message": ("message.received",),
    "message.any": ("message.received", "message.sent"),
}
"""Names by which WAHA's endpoints choose messages, and what each means here. The others are called the same."""

_PATTERN = re.compile(r"[a-z][a-z0-9_.]{0,60}(\.\*)?")


def is_pattern(text: str) -> bool:
    """Tell whether a text can choose events: ``*``, a type, or a family such as ``message.*``."""
    return text == ALL or (_PATTERN.fullmatch(text) is not None and len(text) <= 64)


def family(pattern: str) -> str | None:
    """Return the beginning that the types of a family have, e.g. ``message.``; None for one type."""
    return pattern[:-1] if pattern.endswith(".*") else None


class BodyFormat(StrEnum):
    """In which form an endpoint is told: our own, or the envelope that receivers of WAHA read."""

    WHAHOOK = "whahook"
    WAHA = "waha"


def is_known(pattern: str, body_format: BodyFormat = BodyFormat.WHAHOOK) -> bool:
    """Tell whether a pattern chooses anything that there is."""
    if body_format is BodyFormat.WAHA and pattern in WAHA_NAMES:
        return True
    beginning = family(pattern)
    if pattern == ALL or pattern in EVENT_TYPES:
        return True
    return beginning is not None and any(name.startswith(beginning) for name in EVENT_TYPES)


def in_our_names(patterns: Collection[str]) -> list[str]:
    """Return the patterns with WAHA's names replaced by what they mean."""
    return [ours for pattern in patterns for ours in WAHA_NAMES.get(pattern, (pattern,))]


def chooses(patterns: Collection[str], event_type: str) -> bool:
    """Tell whether an endpoint with these patterns is told about an event of this type."""
    for pattern in in_our_names(patterns):
        beginning = family(pattern)
        if pattern in {ALL, event_type} or (beginning is not None and event_type.startswith(beginning)):
            return True
    return False


def event_name(event_id: UUID) -> str:
    """Return the id of an event as receivers see it."""
    return f"evt_{event_id.hex}"


class OffReason(StrEnum):
    """Why an endpoint gets nothing; empty while it is on."""

    NONE = ""
    OWNER = "owner"
    FAILING = "failing"
    GONE = "gone"


class DeliveryStatus(StrEnum):
    """Where the delivery of one event to one endpoint is."""

    PENDING = "pending"
    DELIVERED = "delivered"
    DEAD = "dead"
    SKIPPED = "skipped"


class Problem(StrEnum):
    """Why a try did not deliver; empty when it did."""

    NONE = ""
    STATUS = "status"
    REDIRECT = "redirect"
    TIMEOUT = "timeout"
    REFUSED = "refused"
    CONNECTION = "connection"
    NAME = "name_not_found"
    TLS = "tls"
    FORBIDDEN = "address_not_allowed"
    KEY_MISSING = "key_missing"


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True)


class EndpointView(_Data):
    """An endpoint. Its secret is shown when it is made and when it is rotated, never here."""

    id: UUID
    name: str
    url: str
    events: Sequence[str] = Field(description="types, families such as message.*, or *")
    account_ids: Sequence[UUID] | None = Field(description="None: all accounts, also those that come later")
    format: BodyFormat = BodyFormat.WHAHOOK
    header_names: Sequence[str] = Field(default=(), description="of its own headers; their values are never shown")
    enabled: bool
    off_reason: OffReason
    off_at: datetime | None
    failing_since: datetime | None = Field(description="since when no delivery has worked; None after one that did")
    last_success_at: datetime | None
    old_secret_until: datetime | None = Field(description="so long both secrets sign; None when there is only one")
    pending: int = Field(description="deliveries that wait")
    created_at: datetime


class AttemptView(_Data):
    """One try to deliver."""

    at: datetime
    duration_ms: int
    status_code: int | None = Field(description="None when there was no answer")
    problem: Problem
    response: str = Field(description="the first kilobyte of the answer's body")


class DeliveryView(_Data):
    """One event on its way to one endpoint."""

    id: int
    endpoint_id: UUID
    account_id: UUID | None = Field(description="None: a test")
    event_id: UUID
    event_type: str
    cursor: int | None = Field(description="place of the event in the order in which programs are told; None: a test")
    status: DeliveryStatus
    replay: bool
    tries: int
    created_at: datetime
    done_at: datetime | None
    next_try_at: datetime | None = Field(description="None when it is done, or waits for the one before it")
    last_status_code: int | None
    last_problem: Problem
    attempts: Sequence[AttemptView] = ()

    @property
    def event_name(self) -> str:
        """The event's id as receivers see it."""
        return event_name(self.event_id)
