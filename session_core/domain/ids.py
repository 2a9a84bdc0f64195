"""Names of things: session ids, WhatsApp message ids, chat ids, API keys."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from uuid import UUID

_UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_SESSION_ID = re.compile(rf"user_({_UUID})_wa_({_UUID})")
_CHAT_ID = re.compile(r"[0-9]{5,20}(-[0-9]{1,20})?@(c\.us|g\.us|lid|s\.whatsapp\.net)")

WA_KEY_PREFIX = "3EB0"
"""WhatsApp Web's own message ids begin like this (wa-js keeps the habit)."""


def session_id(user_id: UUID, account_id: UUID) -> str:
    """Return the seed's session id, ``user_{userId}_wa_{accountId}``."""
    return f"user_{user_id}_wa_{account_id}"


def parse_session_id(value: object) -> tuple[UUID, UUID] | None:
    """Return ``(user_id, account_id)``, or None when ``value`` is no session id."""
    match = _SESSION_ID.fullmatch(value) if isinstance(value, str) else None
    return None if match is None else (UUID(match[1]), UUID(match[2]))


def new_wa_key() -> str:
    """Choose the id of a message before it is sent: 22 upper-case hex digits as WhatsApp Web makes them."""
    return WA_KEY_PREFIX + secrets.token_hex(9).upper()


def is_chat_id(value: str) -> bool:
    """Tell whether ``value`` names a chat the way WhatsApp does: ``…@c.us``, ``…@lid``, ``…@g.us``."""
    return _CHAT_ID.fullmatch(value) is not None


@dataclass(frozen=True, slots=True)
class WaMessageId:
    """The parts of ``{fromMe}_{chat}_{key}[_{participant}]``."""

    from_me: bool
    chat: str
    key: str
    participant: str | None = None

    @classmethod
    def parse(cls, text: str) -> WaMessageId | None:
        """Split a serialized WhatsApp message id; None when it is not one."""
        parts = text.split("_", 3)
        if len(parts) < 3 or parts[0] not in {"true", "false"}:
            return None
        return cls(parts[0] == "true", parts[1], parts[2], parts[3] if len(parts) > 3 else None)

    def __str__(self) -> str:
        """The id as WhatsApp serializes it."""
        tail = f"_{self.participant}" if self.participant else ""
        return f"{str(self.from_me).lower()}_{self.chat}_{self.key}{tail}"
