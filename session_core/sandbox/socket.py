"""The page's websocket: login or QR, then messages. One `DeviceSocket` per open page."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import timedelta

import structlog
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from session_core.sandbox.changes import Changes
from session_core.sandbox.delivery import Delivery
from session_core.sandbox.errors import SandboxError
from session_core.sandbox.ids import is_group, lid_of, parse_number
from session_core.sandbox.linking import Candidate, Linking
from session_core.sandbox.model import Device
from session_core.sandbox.proofs import LoginChallenge
from session_core.sandbox.reach_out import ReachOut
from session_core.sandbox.world import World, now_ms
from session_core.tasks import TaskOwner, spawn

log = structlog.get_logger(__name__)

HELLO_TIMEOUT = timedelta(seconds=15)

Frame = dict[str, object]


class Refused(Exception):
    """The page did not keep to the protocol; the socket is closed."""


class DeviceSocket:
    """Serves one page from its first frame to its last."""

    def __init__(
        self,
        websocket: WebSocket,
        world: World,
        linking: Linking,
        delivery: Delivery,
        changes: Changes,
        reach_out: ReachOut,
    ) -> None:
        self._websocket = websocket
        self._world = world
        self._linking = linking
        self._delivery = delivery
        self._changes = changes
        self._reach_out = reach_out
        self._outbox: asyncio.Queue[Frame | None] = asyncio.Queue()
        self._tasks = TaskOwner()
        self._candidate: Candidate | None = None
        self._device: Device | None = None

    def push(self, frame: Frame) -> None:
        """Send a frame soon, in order."""
        if self._world.config.mute and self._device is not None:
            return
        self._outbox.put_nowait(frame)

    def end(self, frame: Frame) -> None:
        """Send a last frame and close."""
        self._outbox.put_nowait(frame)
        self._outbox.put_nowait(None)

    async def run(self) -> None:
        """Accept, greet, then handle frames until the page goes away."""
        await self._websocket.accept()
        writer = spawn(self._write(), name="sandbox-socket-writer", owner=self._tasks)
        try:
            await asyncio.wait_for(self._greet(), HELLO_TIMEOUT.total_seconds())
            while not writer.done():
                await self._handle(await self._receive())
        except (WebSocketDisconnect, Refused, TimeoutError):
            log.debug("sandbox_socket_closed", device=self._device.key if self._device else None)
        finally:
            self._forget()
            await self._tasks.close()

    async def _write(self) -> None:
        try:
            while (frame := await self._outbox.get()) is not None:
                await self._websocket.send_text(json.dumps(frame))
            if self._websocket.application_state is WebSocketState.CONNECTED:
                await self._websocket.close(1000)
        except (WebSocketDisconnect, RuntimeError):
            return  # the page went away in the middle; the reader notices it too

    async def _receive(self) -> Frame:
        try:
            frame = json.loads(await self._websocket.receive_text())
        except (ValueError, KeyError, RecursionError) as error:
            raise Refused("not JSON text") from error
        if not isinstance(frame, dict):
            raise Refused("not an object")
        return frame

    async def _greet(self) -> None:
        hello = await self._receive()
        noise_pub, identity_pub = str(hello.get("noisePub", "")), str(hello.get("identityPub", ""))
        challenge = LoginChallenge()
        self.push({"t": "challenge", **challenge.message()})
        answer = await self._receive()
        if not challenge.verify(noise_pub, str(answer.get("proof", ""))):
            self.end({"t": "failure", "reason": "bad_proof"})
            return
        account = hello.get("account")
        if account is None:
            self._candidate = Candidate(
                self, noise_pub, identity_pub, str(hello.get("platform", ""))[:40], str(hello.get("browser", ""))[:80]
            )
            self._linking.add(self._candidate)
            spawn(self._linking.rotate(self._candidate), name="sandbox-qr-rotation", owner=self._tasks)
        else:
            self._log_in(str(account), noise_pub)

    def _log_in(self, key: str, noise_pub: str) -> None:
        device = self._world.devices.get(key)
        if device is None or device.noise_pub != noise_pub:
            self.end({"t": "failure", "reason": "device_removed"})
        elif device.offline:
            self.end({"t": "failure", "reason": "offline"})
        else:
            self._connect(device, first=False)

    def _connect(self, device: Device, *, first: bool) -> None:
        if (gate := self._world.config.gate) in {"limited", "banned", "terms"}:
            self.end({"t": "failure", "reason": gate})
            return
        older = self._world.connections.get(device.key)
        if older is not None:
            older.end({"t": "conflict"})
        self._device = device
        self._world.connections[device.key] = self
        self._touch()
        phone = self._world.phone(device.phone)
        me = {"pn": phone.number, "lid": lid_of(phone.number), "device": device.device, "name": phone.name}
        history = self._delivery.history(phone.number) if first else []
        self.push({"t": "success", "me": me, "history": history, "first": first})
        self._reach_out.greet(device)
        self.push({"t": "offline-end", "count": self._delivery.flush(device)})

    def _forget(self) -> None:
        if self._candidate is not None:
            self._linking.remove(self._candidate)
        if self._device is not None and self._world.connections.get(self._device.key) is self:
            del self._world.connections[self._device.key]
            self._touch()

    def _touch(self) -> None:
        if self._device is not None and self._device.key in self._world.devices:
            self._device.last_seen_ms = now_ms()
            self._world.storage.put(self._device.key, self._device)

    async def _handle(self, frame: Frame) -> None:
        if self._world.config.mute and self._device is not None:
            return
        kind = str(frame.get("t"))
        linked, waiting = self._linked_frames().get(kind), self._waiting_frames().get(kind)
        if self._device is not None and self._device.key in self._world.devices and linked is not None:
            linked(self._device, frame)
        elif self._candidate is not None and waiting is not None:
            waiting(self._candidate, frame)
        elif kind == "ping":
            self.push({"t": "pong"})

    def _linked_frames(self) -> dict[str, Callable[[Device, Frame], None]]:
        return {
            "send": self._delivery.send,
            "got": lambda device, frame: self._delivery.got(device, _integer(frame.get("seq"))),
            "seen": lambda device, frame: self._delivery.seen(device, str(frame.get("chat", ""))),
            "find": self._find,
            "react": self._changes.handle,
            "edit": self._changes.handle,
            "revoke": self._changes.handle,
            "chatstate": self._changes.chatstate,
            "logout": lambda device, _: self._log_out(device),
        }

    def _waiting_frames(self) -> dict[str, Callable[[Candidate, Frame], None]]:
        return {
            "refresh": lambda candidate, _: candidate.refresh.set(),
            "pair-answer": self._answer,
            "paired": lambda candidate, _: self._paired(candidate),
            "code": self._code,
        }

    def _find(self, device: Device, frame: Frame) -> None:
        wid = str(frame.get("wid", ""))
        number = self._delivery.chat_key(device.phone, wid)
        found: Frame = {"t": "found", "req": frame.get("req"), "exists": False}
        if number is not None and is_group(number):
            chat = self._delivery.chat_of(device.phone, number)
            found |= {"exists": True, "chat": chat, "name": chat["subject"]}
        elif number is not None and number not in self._world.config.not_on_whatsapp:
            contact = self._world.ensure_contact(self._world.phone(device.phone), number)
            found |= {"exists": True, "chat": self._delivery.person(number), "name": contact.name}
        self.push(found)

    def _log_out(self, device: Device) -> None:
        self._world.remove_device(device)
        self.end({"t": "logged-out"})

    def _answer(self, candidate: Candidate, frame: Frame) -> None:
        if candidate.answer is not None and not candidate.answer.done():
            candidate.answer.set_result(frame)

    def _paired(self, candidate: Candidate) -> None:
        """Go on as a linked device: the page has stored its login and says so."""
        if candidate.device is not None and candidate.device.key in self._world.devices:
            self._candidate = None
            self._connect(candidate.device, first=True)

    def _code(self, candidate: Candidate, frame: Frame) -> None:
        try:
            phone = parse_number(str(frame.get("phone", "")))
        except SandboxError as error:
            self.push({"t": "code-refused", "req": frame.get("req"), "message": error.message})
            return
        life_ms = self._linking.offer_code(candidate, phone, str(frame.get("salt", "")), str(frame.get("digest", "")))
        self.push({"t": "code-shown", "req": frame.get("req"), "lifeMs": life_ms})


def _integer(value: object) -> int:
    return value if isinstance(value, int) else -1
