"""What happens to messages after they were written, and around them: reactions, votes, edits, who types, calls."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from session_core.sandbox.delivery import Delivery
from session_core.sandbox.errors import SandboxError
from session_core.sandbox.ids import new_group_id, new_message_id
from session_core.sandbox.model import Device, Group, Message
from session_core.sandbox.world import World, now_ms

ME = "me"
STATES = ("composing", "recording", "paused", "available", "unavailable")
MAX_TEXT = 65_536

Frame = dict[str, object]


class Changes:
    """Applies them and tells every linked device, except the one that they come from."""

    def __init__(self, world: World, delivery: Delivery) -> None:
        self._world = world
        self._delivery = delivery

    # from a linked device; the answer tells it whether it was done

    def handle(self, device: Device, frame: Frame) -> None:
        """Carry out ``react``, ``edit`` or ``revoke``; the device gets ``done`` with ``ok``."""
        message = self._world.messages[device.phone].get(str(frame.get("id", "")))
        ok = message is not None and self._done(device, message, frame)
        self._delivery.push(device, {"t": "done", "req": frame.get("req"), "ok": ok})

    def _done(self, device: Device, message: Message, frame: Frame) -> bool:
        kind, own = frame.get("t"), message.direction == "out"
        if kind == "react":
            self._react(message, ME, str(frame.get("emoji", ""))[:40], source=device)
        elif kind == "edit" and own and not message.revoked:
            self._edit(message, str(frame.get("text", ""))[:MAX_TEXT], source=device)
        elif kind == "revoke" and own:
            self._revoke(message, source=device)
        else:
            return False
        return True

    def chatstate(self, device: Device, frame: Frame) -> None:
        """Note what the account is seen doing in a chat."""
        key, state = self._delivery.chat_key(device.phone, str(frame.get("chat", ""))), str(frame.get("state"))
        phone = self._world.phone(device.phone)
        if key is not None and state in STATES:
            phone.watched[key] = state
            self._world.save_phone(phone)

    # from a contact

    def react(self, number: str, sender: str, message_id: str, emoji: str) -> None:
        """Let a contact react; an empty emoji takes it back."""
        self._react(self._message(number, message_id), sender, emoji)

    def vote(self, number: str, voter: str, message_id: str, options: list[str]) -> None:
        """Let a contact vote, by the options' names; none takes the vote back.

        Raises:
            SandboxError: 422 ``unknown_option``.
        """
        message = self._message(number, message_id)
        ids = {option["name"]: option["localId"] for option in message.content.get("pollOptions", [])}
        if not set(options) <= set(ids):
            raise SandboxError(422, "unknown_option", "The poll has no such option.")
        message.votes[voter] = [ids[option] for option in options]
        self._world.save_message(message)
        self._tell(message, {"change": "vote", "by": self._person(voter), "options": message.votes[voter]})

    def edit(self, number: str, message_id: str, text: str) -> None:
        """Let the contact who wrote it give a message another text."""
        self._edit(self._message(number, message_id, written="in"), text)

    def revoke(self, number: str, message_id: str) -> None:
        """Let the contact who wrote it delete a message for everyone."""
        self._revoke(self._message(number, message_id, written="in"))

    def presence(self, number: str, contact: str, state: str, group: str | None = None) -> None:
        """Show what a contact does; who is not connected never hears of it.

        Raises:
            SandboxError: 422 ``unknown_state``; 404 for a group that the account is not in.
        """
        if state not in STATES:
            raise SandboxError(422, "unknown_state", f"Use one of {', '.join(STATES)}.")
        phone = self._world.phone(number)
        if group is not None:
            self._world.group(phone, group)
        self._world.ensure_contact(phone, contact)
        frame = {"chat": self._delivery.chat_of(number, group or contact), "by": self._person(contact), "state": state}
        for device in self._world.devices_of(number):
            self._delivery.push(device, {"t": "presence", **frame})

    def call(self, number: str, caller: str, *, video: bool) -> str:
        """Let a contact call; nobody picks up. Returns the call's id."""
        self._world.ensure_contact(self._world.phone(number), caller)
        call_id = uuid4().hex.upper()
        for device in self._world.devices_of(number):
            frame: Frame = {"t": "call", "id": call_id, "by": self._person(caller), "video": video, "tMs": now_ms()}
            self._delivery.push(device, frame)
        return call_id

    def new_group(self, number: str, subject: str, members: list[str]) -> Group:
        """Put the account into a new group."""
        phone = self._world.phone(number)
        for member in members:
            self._world.ensure_contact(phone, member)
        group = Group(id=new_group_id(), subject=subject, members=members)
        phone.groups[group.id] = group
        self._world.save_phone(phone)
        return group

    # what all have in common

    def _message(self, number: str, message_id: str, written: str | None = None) -> Message:
        self._world.phone(number)
        message = self._world.messages[number].get(message_id)
        if message is None or (written is not None and message.direction != written):
            raise SandboxError(404, "unknown_message", f"There is no such message {message_id}.")
        return message

    def _react(self, message: Message, sender: str, emoji: str, source: Device | None = None) -> None:
        if emoji:
            message.reactions[sender] = emoji
        else:
            message.reactions.pop(sender, None)
        self._world.save_message(message)
        self._tell(message, {"change": "reaction", "by": self._person(sender), "emoji": emoji}, source)

    def _edit(self, message: Message, text: str, source: Device | None = None) -> None:
        message.edits.append(message.text)
        message.text = text
        self._world.save_message(message)
        self._tell(message, {"change": "edit", "text": text}, source)

    def _revoke(self, message: Message, source: Device | None = None) -> None:
        message.revoked = True
        message.text, message.content, message.media = "", {}, None
        self._world.save_message(message)
        self._tell(message, {"change": "revoke"}, source)

    def _person(self, number: str) -> dict[str, str | None] | None:
        return None if number == ME else self._delivery.person(number)

    def _tell(self, message: Message, change: dict[str, Any], source: Device | None = None) -> None:
        facts = {
            "id": message.id,
            "fromMe": message.direction == "out",
            "chat": self._delivery.chat_of(message.phone, message.contact),
            "author": self._delivery.person(message.author) if message.author else None,
            "key": new_message_id(),
            "tMs": now_ms(),
        }
        for device in self._world.devices_of(message.phone):
            if source is None or device.device != source.device:
                self._delivery.enqueue(device, "change", facts | change)
