"""WhatsApp's limit on new conversations, its "reach-out time-lock": an account may answer, and begin nothing."""

from __future__ import annotations

from datetime import timedelta

from session_core.sandbox.delivery import Delivery
from session_core.sandbox.model import Device, Phone
from session_core.sandbox.world import World, now_ms

Frame = dict[str, object]


class ReachOut:
    """Sets and lifts the limit of phones, and tells the linked devices, as WhatsApp's notification does."""

    def __init__(self, world: World, delivery: Delivery) -> None:
        self._world = world
        self._delivery = delivery

    def limit(self, number: str, until_ms: int | None, *, told: bool) -> Phone:
        """Let an account begin no conversations until a time.

        Args:
            number: whose.
            until_ms: epoch milliseconds; None lifts the limit.
            told: whether its pages are told; without that they hear of it only when a send is refused.

        Raises:
            SandboxError: 404 ``unknown_phone``.
        """
        phone = self._world.phone(number)
        phone.reach_out_until_ms, phone.reach_out_told = until_ms, told
        self._world.save_phone(phone)
        for device in self._world.devices_of(number):
            self._delivery.push(device, self.frame(phone))
        if until_ms is not None:
            self._world.later(timedelta(milliseconds=max(0, until_ms - now_ms())), lambda: self._over(phone, until_ms))
        return phone

    def greet(self, device: Device) -> None:
        """Tell a device that has just connected how things stand."""
        self._delivery.push(device, self.frame(self._world.phone(device.phone)))

    def frame(self, phone: Phone) -> Frame:
        """Return what the page is told."""
        known = phone.limited and phone.reach_out_told
        return {"t": "timelock", "endsMs": phone.reach_out_until_ms if known else None}

    def _over(self, phone: Phone, until_ms: int) -> None:
        if phone.reach_out_until_ms == until_ms:
            self.limit(phone.number, None, told=True)
