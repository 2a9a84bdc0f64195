"""The English texts about kinds of messages. The Spanish ones have the same keys."""

from __future__ import annotations

KINDS_EN: dict[str, str] = {
    "error.no_media": "Choose a file first.",
    "error.account_not_ready": "The account is not connected now.",
    "error.already_deleted": "That message is deleted already.",
    "error.bad_emoji": "Choose a single emoji.",
    "error.not_editable": "This kind of message has no text to change.",
    "error.not_our_message": "Somebody else wrote that message.",
    "error.not_sent_yet": "WhatsApp does not have that message yet. Wait until it is sent.",
    "failure.not_our_message": "Somebody else wrote that message.",
    "failure.target_not_found": "That message is not in WhatsApp any more.",
    "failure.too_late_to_delete": "It is too late: WhatsApp does not delete it for everyone any more.",
    "failure.too_late_to_edit": "It is too late: WhatsApp does not let it be changed any more.",
    "chats.revoked": "Message deleted",
    "chats.edited": "edited",
    "activity.call": "Call received",
    "failure.kind_not_supported": "This account's WhatsApp Web cannot send this kind of message.",
}
