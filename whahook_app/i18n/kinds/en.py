"""The English texts about kinds of messages. The Spanish ones have the same keys."""

from __future__ import annotations

KINDS_EN: dict[str, str] = {
    "error.no_media": "Choose a file first.",
    "failure.kind_not_supported": "This account's WhatsApp Web cannot send this kind of message.",
}
