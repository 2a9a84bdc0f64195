"""What can become of a message, in the order in which it can."""

from __future__ import annotations

import hashlib
import unicodedata
from enum import IntEnum, StrEnum


class Direction(StrEnum):
    """Seen from the account."""

    IN = "in"
    OUT = "out"


class MessageStatus(StrEnum):
    """Where a message is. ``rank`` orders the values, so that a late event never takes a message back."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    SERVER = "server"
    DEVICE = "device"
    READ = "read"
    FAILED = "failed"
    UNKNOWN = "unknown"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    RECEIVED = "received"

    @property
    def rank(self) -> int:
        """Position on the way; some share one.

        FAILED lies between SENT and SERVER: WhatsApp may refuse what its page had taken, and only its server's
        acknowledgement says more than a failure. CANCELLED and EXPIRED are failures by our own decision. UNKNOWN is as
        far as SENDING, only that nobody works on it any more.
        """
        return _RANK[self]

    @property
    def done(self) -> bool:
        """True when the lane has nothing more to do with the message."""
        return self not in {MessageStatus.QUEUED, MessageStatus.SENDING}

    @property
    def given_up(self) -> bool:
        """True when we have decided that it does not go out; WhatsApp may still prove that it did."""
        return self in {MessageStatus.FAILED, MessageStatus.CANCELLED, MessageStatus.EXPIRED}


_RANK = {
    MessageStatus.QUEUED: 0,
    MessageStatus.SENDING: 1,
    MessageStatus.UNKNOWN: 1,
    MessageStatus.SENT: 2,
    MessageStatus.FAILED: 3,
    MessageStatus.CANCELLED: 3,
    MessageStatus.EXPIRED: 3,
    MessageStatus.SERVER: 4,
    MessageStatus.DEVICE: 5,
    MessageStatus.READ: 6,
    MessageStatus.RECEIVED: 7,
}


class Turn(IntEnum):
    """When a message's turn comes in its lane, the lowest first; within one turn the order is that of acceptance.

    LATER waits for its ``send_at``; then it takes the place that its acceptance gave it among the others.
    """

    REPLY = 0
    NORMAL = 1
    LATER = 2


class Ack(IntEnum):
    """WhatsApp's acknowledgement levels as wa-js reports them (PLAYED counts as read)."""

    ERROR = -1
    PENDING = 0
    SERVER = 1
    DEVICE = 2
    READ = 3
    PLAYED = 4

    @property
    def status(self) -> MessageStatus:
        """The message status that this level proves."""
        return _ACK_STATUS[self]


_ACK_STATUS = {
    Ack.ERROR: MessageStatus.FAILED,
    Ack.PENDING: MessageStatus.SENT,
    Ack.SERVER: MessageStatus.SERVER,
    Ack.DEVICE: MessageStatus.DEVICE,
    Ack.READ: MessageStatus.READ,
    Ack.PLAYED: MessageStatus.READ,
}


def content_hash(text: str) -> str:
    """Hash a text so that what people take for the same has the same hash: case, spacing and form do not count."""
    normal = " ".join(unicodedata.normalize("NFKC", text).casefold().split())
    return hashlib.sha256(normal.encode(errors="surrogatepass")).hexdigest()
