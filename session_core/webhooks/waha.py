"""Events in WAHA's envelope, for programs that were written for it.

Names and fields are those of WAHA's own documentation of its webhooks. ``_data``, which WAHA fills with whatever its
engine has, is what our own form calls ``data``: nothing is lost. What WAHA has no word for goes out under our name.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from session_core.domain.message import MessageStatus
from session_core.domain.status import PublicStatus, SessionStatus
from session_core.domain.webhooks import event_name
from session_core.webhooks.body import Told, data

ENGINE = "WPP"
"""WAHA's word for an engine on @wppconnect/wa-js, which ours is."""

_ACKS = {
    MessageStatus.FAILED: (-1, "ERROR"),
    MessageStatus.SERVER: (1, "SERVER"),
    MessageStatus.DEVICE: (2, "DEVICE"),
    MessageStatus.READ: (3, "READ"),
    # It is on this device, that much is sure.
    MessageStatus.RECEIVED: (2, "DEVICE"),
}
_PENDING = (0, "PENDING")

_STATUSES = {
    PublicStatus.INITIALIZING: "STARTING",
    PublicStatus.AUTHENTICATED: "STARTING",
    PublicStatus.QR: "SCAN_QR_CODE",
    PublicStatus.READY: "WORKING",
    PublicStatus.ERROR: "FAILED",
}
_DISCONNECTED = {SessionStatus.RECONNECTING: "STARTING", SessionStatus.ACTION_REQUIRED: "FAILED"}

Payload = dict[str, Any]


def envelope(told: Told, chosen: Collection[str]) -> dict[str, Any]:
    """Return an event as WAHA tells it.

    Args:
        told: the event.
        chosen: what the endpoint wants; one that chose ``message.any`` and not ``message`` reads the former.
    """
    ours = data(told.event_type, told.payload)
    name, payload = _translated(told, ours, chosen)
    return {
        "id": event_name(told.event_id),
        "timestamp": _milliseconds(told.at),
        "event": name,
        "session": told.session,
        "metadata": {} if told.account_id is None else {"accountId": str(told.account_id)},
        "me": _me(told),
        "payload": payload,
        "engine": ENGINE,
        "environment": {"engine": ENGINE, "browser": "chromium"},
        "cursor": told.cursor,
    }


def _translated(told: Told, ours: Payload, chosen: Collection[str]) -> tuple[str, Payload]:
    try:
        match told.event_type:
            case "message.received":
                any_only = "message.any" in chosen and "message" not in chosen
                return "message.any" if any_only else "message", _message(told, ours)
            case "message.sent":
                return "message.any", _message(told, ours)
            case "message.ack" | "message.failed":
                return "message.ack", _ack(told, ours)
            case "message.edited":
                return "message.edited", {**_message(told, ours), "editedMessageId": _key(ours["waMessageId"])}
            case "message.revoked":
                after = _message(told, ours)
                return "message.revoked", {"before": None, "after": after, "revokedMessageId": _key(after["id"])}
            case "message.reaction":
                return "message.reaction", _reaction(told, ours)
            case "poll.vote":
                return "poll.vote", _vote(told, ours)
            case "presence.update":
                return "presence.update", _presence(ours)
            case "call.received":
                return "call.received", _call(ours)
            case "session.status":
                return "session.status", _status(told, ours)
    except (KeyError, TypeError, ValueError):
        # Another version of the host wrote something newer: as it is it holds up nothing that is behind it.
        pass
    return told.event_type, ours


def _me(told: Told) -> Payload | None:
    if told.phone_number is None:
        return None
    return {"id": _own_id(told), "pushName": told.push_name}


def _own_id(told: Told) -> str | None:
    return None if told.phone_number is None else f"{told.phone_number}@c.us"


def _message(told: Told, ours: Payload) -> Payload:
    content: Mapping[str, Any] = ours.get("content") or {}
    media = content if "mediaId" in content else None
    return {
        "id": ours["waMessageId"],
        "timestamp": _seconds(ours["sentAt"] or ours["createdAt"]),
        **_between(told, ours["direction"] == "out", ours["chatId"], told.payload.get("author")),
        "body": ours["text"],
        "hasMedia": media is not None,
        "media": None if media is None else _media(media),
        "ack": _level(ours["status"])[0],
        "ackName": _level(ours["status"])[1],
        "replyTo": None if ours["quotedId"] is None else {"id": ours["quotedId"]},
        "_data": ours,
    }


def _between(told: Told, from_me: bool, chat_id: str, author: str | None) -> Payload:
    """Say who wrote to whom; in a group ``from`` and ``to`` name the group, and ``participant`` who wrote."""
    own = _own_id(told)
    return {
        "from": own if from_me else chat_id,
        "fromMe": from_me,
        "to": chat_id if from_me else own,
        "participant": author,
    }


def _media(content: Mapping[str, Any]) -> Payload:
    # The address is ours to sign when somebody asks for it; "message.media" says when the file is here.
    return {"url": None, "mimetype": content["mime"], "filename": content["filename"], "error": None}


def _ack(told: Told, ours: Payload) -> Payload:
    ack, ack_name = _level(ours["status"])
    between = _between(told, ours["direction"] == "out", ours["chatId"], told.payload.get("author"))
    return {"id": ours["waMessageId"], **between, "ack": ack, "ackName": ack_name, "_data": ours}


def _reaction(told: Told, ours: Payload) -> Payload:
    return {
        "timestamp": _seconds(ours["at"]),
        **_between(told, ours["fromMe"], ours["chatId"], ours["sender"]),
        "reaction": {"text": ours["emoji"], "messageId": ours["waMessageId"]},
        "_data": ours,
    }


def _vote(told: Told, ours: Payload) -> Payload:
    between = _between(told, ours["fromMe"], ours["chatId"], ours["voter"])
    vote = {**between, "selectedOptions": ours["options"], "timestamp": _milliseconds(_time(ours["at"]))}
    return {"vote": vote, "poll": {"id": ours["waMessageId"]}, "_data": ours}


def _presence(ours: Payload) -> Payload:
    one = {"participant": ours["participant"] or ours["chatId"], "lastKnownPresence": ours["state"]}
    return {"id": ours["chatId"], "presences": [{**one, "lastSeen": _seconds(ours["at"])}], "_data": ours}


def _call(ours: Payload) -> Payload:
    return {
        "id": ours["callId"],
        "from": ours["caller"],
        "timestamp": _seconds(ours["at"]),
        "isVideo": ours["video"],
        "isGroup": ours["group"],
        "_data": ours,
    }


def _status(told: Told, ours: Payload) -> Payload:
    phase = SessionStatus(ours["phase"])
    word = _STATUSES.get(phase.public) or _DISCONNECTED.get(phase, "STOPPED")
    at = _milliseconds(told.at)
    return {"name": told.session, "status": word, "statuses": [{"status": word, "timestamp": at}], "data": ours}


def _level(status: str) -> tuple[int, str]:
    return _ACKS.get(MessageStatus(status), _PENDING)


def _key(wa_message_id: str | None) -> str | None:
    """Return the part of a message's id that the same message has in every chat: ``true_<chat>_<KEY>[_<author>]``."""
    parts = (wa_message_id or "").split("_")
    return parts[2] if len(parts) > 2 else wa_message_id


def _time(at: str) -> datetime:
    return datetime.fromisoformat(at)


def _seconds(at: str) -> int:
    return int(_time(at).timestamp())


def _milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000)
