"""What can become of a message, in the order in which it can."""

from __future__ import annotations

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
    RECEIVED = "received"

    @property
    def rank(self) -> int:
        """Position on the way; FAILED ends it and is never overtaken by an acknowledgement below SERVER."""
        return _RANK[self]

    @property
    def done(self) -> bool:
        """True when the lane has nothing more to do with the message."""
        return self not in {MessageStatus.QUEUED, MessageStatus.SENDING}


_RANK = {
    MessageStatus.QUEUED: 0,
    MessageStatus.SENDING: 1,
    MessageStatus.FAILED: 2,
    MessageStatus.SENT: 3,
    MessageStatus.SERVER: 4,
    MessageStatus.DEVICE: 5,
    MessageStatus.READ: 6,
    MessageStatus.RECEIVED: 7,
}


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
