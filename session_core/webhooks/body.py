"""What is sent about an event: JSON in camelCase, the same bytes at every try."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic.alias_generators import to_camel

from session_core.domain.ids import session_id
from session_core.domain.status import SessionStatus
from session_core.domain.webhooks import event_name

_INTERNAL = frozenset({"user_id", "host_id", "qr"})
"""What a status holds for ourselves."""


@dataclass(frozen=True, slots=True)
class Told:
    """An event on its way to an endpoint.

    Attributes:
        event_id: its own.
        event_type: dotted name.
        at: when it happened.
        payload: as the outbox has it.
        account_id: whose event; None for a test.
        user_id: the account's owner.
        cursor: its place in the order of all events; a replay can begin behind it.
        phone_number: digits of the account's number; None before its first login.
        push_name: the name that the phone's owner chose.
    """

    event_id: UUID
    event_type: str
    at: datetime
    payload: Mapping[str, Any]
    account_id: UUID | None = None
    user_id: UUID | None = None
    cursor: int | None = None
    phone_number: str | None = None
    push_name: str | None = None

    @property
    def session(self) -> str | None:
        """The seed's session id."""
        if self.user_id is None or self.account_id is None:
            return None
        return session_id(self.user_id, self.account_id)


def envelope(told: Told) -> dict[str, Any]:
    """Return an event as it is told in our own form."""
    return {
        "id": event_name(told.event_id),
        "type": told.event_type,
        "timestamp": told.at.isoformat().replace("+00:00", "Z"),
        "cursor": told.cursor,
        "accountId": str(told.account_id) if told.account_id is not None else None,
        "sessionId": told.session,
        "data": data(told.event_type, told.payload),
    }


def written(whole: Mapping[str, Any]) -> bytes:
    """Return a body: always the same bytes for the same event."""
    return json.dumps(whole, ensure_ascii=False, separators=(",", ":")).encode()


def data(event_type: str, payload: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an event is about, in the shape that the REST API has for it."""
    shown: dict[str, Any] = _camel({name: value for name, value in payload.items() if name not in _INTERNAL})
    try:
        return _shaped(event_type, payload, shown)
    except (KeyError, ValueError):
        # Another version of the host wrote something newer: as it is it holds up nothing that is behind it.
        return shown


def _shaped(event_type: str, payload: Mapping[str, Any], shown: dict[str, Any]) -> dict[str, Any]:
    if event_type == "session.status":
        return _status(shown)
    # A file has a direction and no chat, a reaction a chat and no direction; a message has both.
    if event_type.startswith("message.") and {"chat_id", "direction"} <= payload.keys():
        return _message(shown)
    return shown


def _status(shown: dict[str, Any]) -> dict[str, Any]:
    phase = SessionStatus(shown["status"])
    return {**shown, "status": phase.public.value, "phase": phase.value}


def _message(shown: dict[str, Any]) -> dict[str, Any]:
    out = shown["direction"] == "out"
    return {
        **{name: value for name, value in shown.items() if name != "author"},
        "to": shown["chatId"] if out else None,
        "from": None if out else shown.get("author") or shown["chatId"],
    }


def _camel(value: Any) -> Any:
    if isinstance(value, dict):
        return {to_camel(name): _camel(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_camel(item) for item in value]
    return value
