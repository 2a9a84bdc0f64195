"""The sandbox's memory: which phones exist, what is linked to them, who is connected now."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Protocol

from session_core.sandbox.config import SandboxConfig
from session_core.sandbox.errors import SandboxError, unknown_phone
from session_core.sandbox.ids import lid_of
from session_core.sandbox.media import Blobs
from session_core.sandbox.model import Contact, Device, Group, Item, Message, Phone
from session_core.sandbox.storage import Storage


class Connection(Protocol):
    """A device's socket, as the rest of the sandbox sees it."""

    def push(self, frame: dict[str, object]) -> None:
        """Send a frame soon, in order; nothing happens when the socket is gone."""

    def end(self, frame: dict[str, object]) -> None:
        """Send a last frame and close."""


def now_ms() -> int:
    """Return the time now in epoch milliseconds."""
    return time.time_ns() // 1_000_000


class World:
    """Everything that the sandbox knows. It changes on one event loop; each change is stored before it is told."""

    def __init__(self, data_dir: Path) -> None:
        """Load what an earlier run left in ``data_dir``."""
        self.storage = Storage(data_dir)
        self.blobs = Blobs(data_dir / "blobs")
        self.config = next(iter(self.storage.load(SandboxConfig)), SandboxConfig())
        self.phones = {phone.number: phone for phone in self.storage.load(Phone)}
        self.devices = {device.key: device for device in self.storage.load(Device)}
        self.messages: dict[str, dict[str, Message]] = {number: {} for number in self.phones}
        for message in sorted(self.storage.load(Message), key=lambda message: message.received_at_ms):
            self.messages[message.phone][message.id] = message
        self.queues: dict[str, dict[int, Item]] = {key: {} for key in self.devices}
        for item in self.storage.load(Item):
            self.queues[item.device_key][item.seq] = item
        self.connections: dict[str, Connection] = {}
        self.numbers_by_lid = {
            lid_of(number): number for phone in self.phones.values() for number in [phone.number, *phone.contacts]
        }
        self._timers: set[asyncio.TimerHandle] = set()

    def configure(self, config: SandboxConfig) -> None:
        """Set and store the faults and latencies; they act from the next event on."""
        self.config = config
        self.storage.put("config", config)

    def phone(self, number: str) -> Phone:
        """Return a phone.

        Raises:
            SandboxError: 404 ``unknown_phone``.
        """
        if number not in self.phones:
            raise unknown_phone(number)
        return self.phones[number]

    def ensure_phone(self, number: str, name: str | None) -> Phone:
        """Return the phone, made or renamed as needed."""
        phone = self.phones.get(number) or Phone(number=number, name=name or f"Phone {number[-4:]}")
        phone.name = name or phone.name
        self.phones[number] = phone
        self.messages.setdefault(number, {})
        self.numbers_by_lid[lid_of(number)] = number
        self.storage.put(number, phone)
        return phone

    def ensure_contact(self, phone: Phone, number: str, name: str | None = None) -> Contact:
        """Return the phone's contact, made or renamed as needed."""
        known = phone.contacts.get(number)
        if known is not None and (not name or name == known.name):
            return known
        contact = Contact(number=number, name=name or (self.phones[number].name if number in self.phones else ""))
        phone.contacts[number] = contact
        self.numbers_by_lid[lid_of(number)] = number
        self.storage.put(phone.number, phone)
        return contact

    def group(self, phone: Phone, group_id: str) -> Group:
        """Return a group of the phone.

        Raises:
            SandboxError: 404 ``unknown_group``.
        """
        if group_id not in phone.groups:
            raise SandboxError(404, "unknown_group", f"+{phone.number} is in no group {group_id}.")
        return phone.groups[group_id]

    def save_phone(self, phone: Phone) -> None:
        """Remember a changed phone."""
        self.storage.put(phone.number, phone)

    def devices_of(self, number: str) -> list[Device]:
        """Return the linked devices of a phone, oldest first."""
        return sorted((d for d in self.devices.values() if d.phone == number), key=lambda device: device.device)

    def chosen_devices(self, number: str, device: int | None) -> list[Device]:
        """Return the phone's devices, or the one that is named.

        Raises:
            SandboxError: 404 ``unknown_phone``; 404 ``unknown_device``; 409 ``no_linked_device``.
        """
        self.phone(number)
        devices = self.devices_of(number)
        if device is not None:
            devices = [one for one in devices if one.device == device]
            if not devices:
                raise SandboxError(404, "unknown_device", f"+{number} has no linked device {device}.")
        if not devices:
            raise SandboxError(409, "no_linked_device", f"+{number} has no linked device. Scan a QR with it first.")
        return devices

    def add_device(self, device: Device) -> None:
        """Remember a new linked device."""
        self.devices[device.key] = device
        self.queues[device.key] = {}
        self.storage.put(device.key, device)

    def remove_device(self, device: Device) -> None:
        """Forget a device and what still waits for it."""
        for item in self.queues.pop(device.key, {}).values():
            self.storage.delete(Item, item.key)
        self.devices.pop(device.key, None)
        self.storage.delete(Device, device.key)

    def save_message(self, message: Message) -> None:
        """Remember a new or changed message."""
        self.messages[message.phone][message.id] = message
        self.storage.put(message.key, message)

    def later(self, delay: timedelta, action: Callable[[], None]) -> None:
        """Run ``action`` on the loop after ``delay``; dropped when the sandbox stops (a start takes acks up again)."""

        def run() -> None:
            self._timers.discard(handle)
            action()

        handle = asyncio.get_running_loop().call_later(delay.total_seconds(), run)
        self._timers.add(handle)

    def close_connections(self) -> None:
        """Stop the timers and end the connections. The devices stay linked."""
        for handle in self._timers:
            handle.cancel()
        self._timers.clear()
        for connection in list(self.connections.values()):
            connection.end({"t": "bye", "reason": "shutdown"})

    def close(self) -> None:
        """Close the file. Call `close_connections` first."""
        self.storage.close()
