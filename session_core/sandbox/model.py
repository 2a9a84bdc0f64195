"""What the sandbox remembers: phones, the devices linked to them, and messages."""

from __future__ import annotations

import time
from typing import Any, Literal

from pydantic import Field

from session_core.sandbox.config import Camel
from session_core.sandbox.media import Media

ACK_NAMES = {1: "server", 2: "device", 3: "read"}
MAX_DEVICES = 4
"""Companions a phone can have at once, as on the real service."""


class Device(Camel):
    """A linked device (a browser profile). Its private keys never leave the browser.

    Attributes:
        device: number within the phone, from 1; never used again after an unlink.
        offline: the phone's API keeps it away from the network.
        next_seq: number of the next item of its queue.
    """

    phone: str
    device: int
    noise_pub: str
    identity_pub: str
    platform: str
    browser: str
    linked_at_ms: int
    last_seen_ms: int
    offline: bool = False
    next_seq: int = 1

    @property
    def key(self) -> str:
        """Name of the device in the store."""
        return f"{self.phone}:{self.device}"


class Message(Camel):
    """A message between a phone's account and one contact or group.

    Attributes:
        text: of a message with a file: its caption.
        id: chosen by the sender; unique within the phone.
        contact: number of the contact, or id of the group.
        author: number of who wrote into the group; None for the account itself.
        content: what the kind carries beside its text, see `session_core.sandbox.contents`.
        reactions: emoji by who reacted: a number, or ``me`` for the account.
        votes: of a poll: the local ids of the options, by voter.
        edits: earlier texts.
        revoked: deleted for everyone.
        direction: ``out`` was written on a linked device, ``in`` by a contact.
        ack: 0 nothing, 1 server, 2 the other's device, 3 read.
        acks: when each ack came, by name, in epoch milliseconds.
        arrivals_ms: each time a send with this id came from a linked device; more than one means that a client sent
            twice.
        retransmits: times that the page repeated it by itself after a broken connection; the other side sees none of
            these.
    """

    id: str
    phone: str
    contact: str
    direction: Literal["in", "out"]
    text: str
    type: str = "chat"
    media: Media | None = None
    quoted_id: str | None = None
    device: int | None = None
    sent_at_ms: int
    received_at_ms: int
    ack: int = 0
    acks: dict[str, int] = Field(default_factory=dict)
    arrivals_ms: list[int] = Field(default_factory=list)
    retransmits: int = 0
    author: str | None = None
    content: dict[str, Any] = Field(default_factory=dict)
    reactions: dict[str, str] = Field(default_factory=dict)
    votes: dict[str, list[int]] = Field(default_factory=dict)
    edits: list[str] = Field(default_factory=list)
    revoked: bool = False

    @property
    def key(self) -> str:
        """Name of the message in the store."""
        return f"{self.phone}:{self.id}"


class Contact(Camel):
    """Somebody who writes with a phone's account."""

    number: str
    name: str


class Group(Camel):
    """A group that the account is in. ``members``: the numbers of the others."""

    id: str
    subject: str
    members: list[str] = Field(default_factory=list)


class Phone(Camel):
    """A simulated phone with its account.

    Attributes:
        watched: what the account is seen doing in a chat: ``composing``, ``recording`` or ``paused``, by contact.
        reach_out_until_ms: until then WhatsApp lets the account begin no conversations.
        reach_out_told: whether its pages are told of that.
    """

    number: str
    name: str
    next_device: int = 1
    contacts: dict[str, Contact] = Field(default_factory=dict)
    groups: dict[str, Group] = Field(default_factory=dict)
    watched: dict[str, str] = Field(default_factory=dict)
    reach_out_until_ms: int | None = None
    reach_out_told: bool = True

    @property
    def limited(self) -> bool:
        """Whether the account may begin no conversations now."""
        return self.reach_out_until_ms is not None and self.reach_out_until_ms > time.time_ns() // 1_000_000


class Item(Camel):
    """Something that a device gets exactly once: it stays in the device's queue until the device has stored it."""

    device_key: str
    seq: int
    kind: Literal["msg", "ack", "change"]
    data: dict[str, object]

    @property
    def key(self) -> str:
        """Name of the item in the store; sorts by sequence within a device."""
        return f"{self.device_key}:{self.seq:012d}"
