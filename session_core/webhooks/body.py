"""What is sent about an event: JSON in camelCase, the same bytes at every try."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic.alias_generators import to_camel

from session_core.domain.ids import session_id
from session_core.domain.status import SessionStatus
from session_core.domain.webhooks import event_name

_INTERNAL = frozenset({"user_id", "host_id", "qr"})
"""What a status holds for ourselves."""


def compose(
    *,
    event_id: UUID,
    event_type: str,
    at: datetime,
    payload: Mapping[str, Any],
    account_id: UUID | None = None,
    user_id: UUID | None = None,
    cursor: int | None = None,
) -> bytes:
    """Return the body.

    Args:
        event_id: the event's own.
        event_type: dotted name.
        at: when it happened.
        payload: as the outbox has it.
        account_id: whose event; None for a test.
        user_id: the account's owner.
        cursor: its place in the order of all events; a replay can begin behind it.
    """
    whole = {
        "id": event_name(event_id),
        "type": event_type,
        "timestamp": at.isoformat().replace("+00:00", "Z"),
        "cursor": cursor,
        "accountId": str(account_id) if account_id is not None else None,
        "sessionId": session_id(user_id, account_id) if user_id is not None and account_id is not None else None,
        "data": data(event_type, payload),
    }
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
