"""Messages as the page tells them: which are messages at all, and what they are to us."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from session_core.domain.chats import one_chat
from session_core.domain.content import CONTENTS, AnyContent
from session_core.domain.message import Ack
from session_core.whatsapp.contents import KINDS, read
from session_core.whatsapp.driver import MessageSeen

# What WhatsApp keeps among the messages of a chat though nobody wrote it (seen in wa-js's MSG_TYPE). A list of what is
# left out, not of what is taken: an unknown kind is still somebody's message. A ciphertext comes again, decrypted.
_NOT_MESSAGES = frozenset(
    {
        "broadcast_notification",
        "call_log",
        "ciphertext",
        "debug",
        "e2e_notification",
        "gp2",
        "keep_in_chat",
        "newsletter_notification",
        "notification",
        "notification_template",
        "pin_message",
        "poll_update",
        "protocol",
        "reaction",
        "reaction_enc",
        "revoked",
        "unknown",
    }
)
_END_OF_TIME_MS = 4e12
_CLOCK_SKEW = timedelta(seconds=1)
"""WhatsApp's times are whole seconds, rounded down."""


class PageMessage(BaseModel):
    """A message as ``bridge.js`` serializes it; ``t`` in seconds since 1970."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str
    chat: str
    from_me: bool = Field(alias="fromMe")
    other: str | None = None
    author: str | None = None
    author_other: str | None = Field(default=None, alias="authorOther")
    name: str | None = None
    kind: str
    text: str = Field(repr=False)
    t: float
    ack: int
    media: dict[str, Any] | None = Field(default=None, repr=False)
    said: dict[str, Any] | None = Field(default=None, repr=False)
    quoted: str | None = None
    edited: bool = False
    limited: bool = False


def seen(message: PageMessage, *, live_since: datetime) -> MessageSeen | None:
    """Turn a message of the page into the event, or into None when nobody wrote it to this account.

    Args:
        message: from the page.
        live_since: when the page became usable; what is older was missed by us and is marked as replayed.
    """
    if message.kind in _NOT_MESSAGES or message.chat.endswith(("@broadcast", "@newsletter")):
        return None
    at = datetime.fromtimestamp(message.t, UTC)
    kind = KINDS.get(message.kind, message.kind)
    content = _media(kind, message) if message.media else read(kind, message.text, message.said)
    author = one_chat(message.author, message.author_other) if message.author else None
    return MessageSeen(
        wa_message_id=message.id,
        chat_id=message.chat,
        from_me=message.from_me,
        author=author if message.author != message.chat else None,
        author_lid=message.author if author != message.author else None,
        sender_name=None if message.from_me else message.name,
        kind=kind,
        text=message.text if content is None or message.media else content.plain_text,
        content=content,
        kept_as=one_chat(message.chat, message.other),
        quoted_id=message.quoted,
        edited=message.edited,
        limited=message.limited,
        at=at,
        ack=ack_of(message.ack),
        replayed=at < live_since - _CLOCK_SKEW,
    )


def _media(kind: str, message: PageMessage) -> AnyContent | None:
    """Return what a message with a file says; None when it does not say what it should."""
    if message.media is None:
        return None
    told = {name: value for name, value in message.media.items() if value is not None}
    told["filename"] = str(told.get("filename") or "")[:200] or None
    try:
        content: AnyContent = CONTENTS.validate_python({"type": kind, "caption": message.text, **told})
    except ValidationError:
        return None
    return content


def instant(ms: float | None) -> datetime | None:
    """Return the time for milliseconds since 1970 that a page says; None for what is none, or beyond all sense."""
    if ms is None or not 0 < ms < _END_OF_TIME_MS:
        return None
    return datetime.fromtimestamp(ms / 1000, UTC)


def ack_of(value: int) -> Ack:
    """Return the level for WhatsApp's number; numbers beyond the known range mean its nearest end."""
    return Ack(max(Ack.ERROR, min(Ack.PLAYED, value)))
