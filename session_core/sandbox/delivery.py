"""Messages and acks: from linked devices to contacts, from contacts to every linked device, each exactly once."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from pydantic import ValidationError

from session_core.sandbox.contents import checked
from session_core.sandbox.errors import SandboxError
from session_core.sandbox.ids import is_group, lid_of, new_message_id, split_wid
from session_core.sandbox.media import KEY_NAMES, Media
from session_core.sandbox.model import ACK_NAMES, Device, Item, Message
from session_core.sandbox.world import World, now_ms

_MESSAGE_ID = re.compile(r"[A-Za-z0-9_.-]{1,128}")
REACH_OUT_CODE = 463
"""WhatsApp's answer to a message that begins a conversation while the account must not."""

HISTORY = 200
"""Messages that a newly linked device gets as history."""


class Delivery:
    """Moves messages between contacts and linked devices."""

    def __init__(self, world: World) -> None:
        self._world = world

    def resume(self) -> None:
        """Take up the acks that were under way when the sandbox stopped. Needs a running loop."""
        for messages in self._world.messages.values():
            for message in messages.values():
                if message.direction == "out" and message.ack < 3:
                    self._schedule_ack(message, message.ack + 1)

    # from a linked device

    def send(self, device: Device, frame: dict[str, object]) -> None:
        """Take a message that a linked device sends; refusals go back as ``nack``."""
        message_id, text = str(frame.get("id", "")), frame.get("text")
        if not _MESSAGE_ID.fullmatch(message_id) or not isinstance(text, str) or len(text) > 65_536:
            return self._nack(device, message_id, "ERROR_UNKNOWN")
        known = self._world.messages[device.phone].get(message_id)
        if known is not None:
            return self._repeated(device, known, bool(frame.get("retransmit")))
        number = self.chat_key(device.phone, str(frame.get("to", "")))
        if number is None or number in self._world.config.not_on_whatsapp:
            return self._nack(device, message_id, "ERROR_UNKNOWN")
        kind, media = str(frame.get("type") or "chat")[:40], self._media(frame)
        if (kind in KEY_NAMES) != (media is not None):
            return self._nack(device, message_id, "ERROR_UNKNOWN")
        try:
            content = checked(kind, frame.get("content"))
        except SandboxError:
            return self._nack(device, message_id, "ERROR_UNKNOWN")
        reason = self._planned_failure()
        if reason:
            return self._nack(device, message_id, reason)
        if self._begins_too_much(device.phone, number):
            return self._nack(device, message_id, "ERROR_UNKNOWN", REACH_OUT_CODE)
        if not is_group(number):
            self._world.ensure_contact(self._world.phone(device.phone), number)
        quoted, sent_at, now = frame.get("quotedId"), frame.get("sentAtMs"), now_ms()
        message = Message(
            id=message_id,
            phone=device.phone,
            contact=number,
            direction="out",
            text=text,
            type=kind,
            content=content,
            media=media,
            quoted_id=str(quoted) if quoted else None,
            device=device.device,
            sent_at_ms=sent_at if isinstance(sent_at, int) else now,
            received_at_ms=now,
            arrivals_ms=[now],
        )
        self._world.save_message(message)
        self._schedule_ack(message, 1)
        for other in self._world.devices_of(device.phone):
            if other.device != device.device:
                self.enqueue(other, "msg", self.wire(message))

    def _media(self, frame: dict[str, object]) -> Media | None:
        """Return what a message says about its file; None without one, or when the bytes were never uploaded."""
        try:
            media = Media.model_validate(frame.get("media"))
            self._world.blobs.path(self._world.blobs.name_of(media.direct_path))
        except (ValidationError, SandboxError):
            return None
        return media

    def _repeated(self, device: Device, message: Message, by_the_page: bool) -> None:
        if message.direction == "in":
            return self._nack(device, message.id, "ERROR_UNKNOWN")
        if by_the_page:
            message.retransmits += 1
        else:
            message.arrivals_ms.append(now_ms())
        self._world.save_message(message)
        if message.ack:
            self.push(device, {"t": "ack", "id": message.id, "ack": message.ack})

    def recipient(self, wid: str) -> str | None:
        """Return the number behind an id; None when it is malformed or a hidden id that nobody knows."""
        try:
            user, server = split_wid(wid)
        except SandboxError:
            return None
        return user if server == "c.us" else self._world.numbers_by_lid.get(user)

    def chat_key(self, phone: str, wid: str) -> str | None:
        """Return the number of a contact, or the id of a group of the account; None when there is no such chat."""
        if is_group(wid):
            return wid if wid in self._world.phone(phone).groups else None
        return self.recipient(wid)

    def _planned_failure(self) -> str | None:
        plan = self._world.config.fail_sends
        if plan.mode == "none":
            return None
        if plan.mode == "next":
            left = (
                plan.model_copy(update={"count": plan.count - 1})
                if plan.count > 1
                else plan.model_copy(update={"mode": "none"})
            )
            self._world.configure(self._world.config.model_copy(update={"fail_sends": left}))
        return plan.reason

    def _begins_too_much(self, phone: str, number: str) -> bool:
        """Tell whether a message would begin a conversation that WhatsApp does not let the account begin now."""
        if is_group(number) or not self._world.phone(phone).limited:
            return False
        return not any(
            message.contact == number and (message.direction == "in" or message.ack > 0)
            for message in self._world.messages[phone].values()
        )

    def _nack(self, device: Device, message_id: str, reason: str, code: int | None = None) -> None:
        told = {} if code is None else {"code": code}
        self.push(device, {"t": "nack", "id": message_id, "reason": reason, **told})

    # acks

    def _schedule_ack(self, message: Message, ack: int) -> None:
        config = self._world.config
        delay = {1: config.ack_server_ms, 2: config.ack_device_ms, 3: config.ack_read_ms}[ack]
        if delay is not None:
            self._world.later(timedelta(milliseconds=delay), lambda: self._step(message, ack))

    def _step(self, message: Message, ack: int) -> None:
        if message.ack < ack:
            self.acknowledge(message, ack)
        if ack < 3:
            self._schedule_ack(message, ack + 1)

    def acknowledge(self, message: Message, ack: int) -> None:
        """Move an outgoing message to ``ack``, never backwards, and tell every linked device."""
        for level in range(message.ack + 1, ack + 1):
            message.acks[ACK_NAMES[level]] = now_ms()
        message.ack = max(message.ack, ack)
        self._world.save_message(message)
        for device in self._world.devices_of(message.phone):
            self.enqueue(device, "ack", {"id": message.id, "ack": message.ack})

    def read(self, number: str, contact: str) -> int:
        """Let a contact read everything that was sent to it; return how many messages moved.

        Raises:
            SandboxError: 404 when the phone has no chat with the contact.
        """
        phone = self._world.phone(number)
        if contact not in phone.contacts and contact not in phone.groups:
            raise SandboxError(404, "unknown_chat", f"+{number} has no chat with +{contact}.")
        unread = [
            m
            for m in self._world.messages[number].values()
            if m.contact == contact and m.direction == "out" and m.ack < 3
        ]
        for message in unread:
            self.acknowledge(message, 3)
        return len(unread)

    def seen(self, device: Device, wid: str) -> None:
        """Note that a linked device has read a chat."""
        number = self.chat_key(device.phone, wid)
        for message in self._world.messages[device.phone].values():
            if message.contact == number and message.direction == "in" and message.ack < 3:
                message.ack = 3
                message.acks["read"] = now_ms()
                self._world.save_message(message)

    # from a contact

    def incoming(
        self,
        number: str,
        sender: str,
        text: str,
        *,
        name: str | None = None,
        quoted_id: str | None = None,
        kind: str = "chat",
        media: Media | None = None,
        content: dict[str, Any] | None = None,
        group: str | None = None,
    ) -> Message:
        """Let ``sender`` write to the phone; every linked device gets it, at once or when it is back.

        Raises:
            SandboxError: 404 ``unknown_phone``, ``unknown_group`` or ``unknown_message`` (the quoted one); 422 when the
                phone writes to itself, or for a content that its kind does not have.
        """
        phone = self._world.phone(number)
        if sender == number:
            raise SandboxError(
                422, "same_number", "A phone does not write to itself here. Choose another number as the sender."
            )
        if quoted_id is not None and quoted_id not in self._world.messages[number]:
            raise SandboxError(404, "unknown_message", f"There is no message {quoted_id} to quote.")
        content = checked(kind, content)
        self._world.ensure_contact(phone, sender, name)
        if group is not None:
            self._world.group(phone, group)
        message = Message(
            id=new_message_id(),
            phone=number,
            contact=group or sender,
            author=sender if group else None,
            direction="in",
            text=text,
            type=kind,
            media=media,
            content=content,
            quoted_id=quoted_id,
            sent_at_ms=now_ms(),
            received_at_ms=now_ms(),
        )
        self._world.save_message(message)
        for device in self._world.devices_of(number):
            self.enqueue(device, "msg", self.wire(message))
        return message

    # queues

    def wire(self, message: Message) -> dict[str, object]:
        """Return a message as the page gets it."""
        phone = self._world.phone(message.phone)
        author = message.author or (message.contact if message.direction == "in" else None)
        contact = phone.contacts.get(author or message.contact)
        quoted = self._world.messages[message.phone].get(message.quoted_id or "")
        return {
            "id": message.id,
            "fromMe": message.direction == "out",
            "chat": self.chat_of(message.phone, message.contact),
            "author": self.person(message.author) if message.author else None,
            "name": contact.name if contact else "",
            "text": message.text,
            "type": "revoked" if message.revoked else message.type,
            "content": message.content,
            "edited": bool(message.edits),
            "ack": message.ack,
            "media": message.media and message.media.model_dump(by_alias=True, exclude_none=True),
            "tMs": message.sent_at_ms,
            "quoted": quoted
            and {"id": quoted.id, "fromMe": quoted.direction == "out", "text": quoted.text, "type": quoted.type},
        }

    def chat_of(self, phone: str, key: str) -> dict[str, Any]:
        """Return the ids of a contact or group; ``wid`` is the one that new chats with it get."""
        if is_group(key):
            group = self._world.phone(phone).groups[key]
            return {"wid": key, "subject": group.subject, "members": [self.person(number) for number in group.members]}
        return self.person(key)

    def person(self, number: str) -> dict[str, str | None]:
        """Return the ids of a number's account, as far as pages are told."""
        config, lid = self._world.config, f"{lid_of(number)}@lid"
        pn = None if number in config.hidden_numbers else f"{number}@c.us"
        return {"wid": lid if config.lid or pn is None else pn, "pn": pn, "lid": lid}

    def history(self, number: str) -> list[dict[str, object]]:
        """Return the last messages of a phone, oldest first, for a device that was linked just now."""
        return [self.wire(message) for message in list(self._world.messages[number].values())[-HISTORY:]]

    def enqueue(self, device: Device, kind: str, data: dict[str, object]) -> None:
        """Have a linked device get something exactly once, now or when it is back."""
        item = Item.model_validate({"deviceKey": device.key, "seq": device.next_seq, "kind": kind, "data": data})
        device.next_seq += 1
        self._world.queues[device.key][item.seq] = item
        self._world.storage.put(item.key, item)
        self._world.storage.put(device.key, device)
        self.push(device, {"t": "item", **item.model_dump(include={"seq", "kind", "data"})})

    def flush(self, device: Device) -> int:
        """Push everything that the device has not stored yet; return how many messages (not acks) that were."""
        items = list(self._world.queues[device.key].values())
        for item in items:
            self.push(device, {"t": "item", **item.model_dump(include={"seq", "kind", "data"})})
        return sum(item.kind == "msg" for item in items)

    def got(self, device: Device, seq: int) -> None:
        """Forget an item that the device has stored."""
        item = self._world.queues[device.key].pop(seq, None)
        if item is not None:
            self._world.storage.delete(Item, item.key)

    def push(self, device: Device, frame: dict[str, object]) -> None:
        """Send a frame to a device that is connected; others never hear of it."""
        connection = self._world.connections.get(device.key)
        if connection is not None:
            connection.push(frame)
