"""A message as a line of a list."""

from __future__ import annotations

import dataclasses

from session_core.domain.events import MessageView
from session_core.domain.message import Direction, MessageStatus
from session_core.domain.phone import format_phone
from whahook_app.i18n import TEXTS, Language, message_status, text

M = MessageStatus

ICON: dict[MessageStatus, str] = {
    M.QUEUED: "clock",
    M.SENDING: "loader",
    M.SENT: "sent",
    M.SERVER: "check",
    M.DEVICE: "checks",
    M.READ: "read",
    M.FAILED: "alert",
    M.UNKNOWN: "alert",
    M.CANCELLED: "stop",
    M.EXPIRED: "stop",
    M.RECEIVED: "in",
}


@dataclasses.dataclass
class MessageRow:
    """One message.

    Attributes:
        hold, hold_code: what holds it back, in words and as a code; empty when nothing does.
        hold_until: until about when, ISO 8601; empty when nobody knows.
        cancellable: it can be taken back.
    """

    id: str = ""
    account_id: str = ""
    out: bool = False
    who: str = ""
    text: str = ""
    at: str = ""
    status: str = ""
    word: str = ""
    icon: str = ""
    failure: str = ""
    hold: str = ""
    hold_code: str = ""
    hold_until: str = ""
    cancellable: bool = False
    replayed: bool = False


def message_row(message: MessageView, language: Language) -> MessageRow:
    """Make the line of a message."""
    hold, hold_code, hold_until = held(message, language)
    return MessageRow(
        id=str(message.id),
        account_id=str(message.account_id),
        out=message.direction is Direction.OUT,
        who=who(message, language),
        text=message.text or text(language, "messages.not_text", kind=message.kind),
        at=message.created_at.isoformat(),
        status=message.status.value,
        word=message_status(language, message.status),
        icon=ICON[message.status],
        failure=failure(message.failure, language),
        hold=hold,
        hold_code=hold_code,
        hold_until=hold_until,
        cancellable=message.status is M.QUEUED,
        replayed=message.replayed,
    )


def held(message: MessageView, language: Language) -> tuple[str, str, str]:
    """Return what holds a message back in words and as a code, and until about when; empty when nothing does."""
    hold = message.hold if message.status is M.QUEUED else None
    if hold is None:
        return "", "", ""
    return text(language, f"hold.{hold.code.value}"), hold.code.value, hold.until.isoformat() if hold.until else ""


def who(message: MessageView, language: Language) -> str:
    """Return the other side: a number as people write it, with the sender's name in front when it is known."""
    number = chat_name(message.chat_id, language)
    if message.direction is Direction.IN and message.sender_name:
        return f"{message.sender_name} · {number}" if number else message.sender_name
    return number or message.chat_id


def chat_name(chat_id: str, language: Language) -> str:
    """Return how people call a chat: a number, or "Group"; empty for a hidden number (LID)."""
    user, _, server = chat_id.partition("@")
    if server == "g.us":
        return text(language, "messages.group")
    return "" if server == "lid" else format_phone(user)


def failure(code: str | None, language: Language) -> str:
    """Return why a message did not go out, in the viewer's language when it is one of our codes."""
    if not code:
        return ""
    return TEXTS[language].get(f"failure.{code}", code)
