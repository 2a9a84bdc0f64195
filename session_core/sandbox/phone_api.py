"""The phone's API: JSON over HTTP.

It has no login. It is bound to the loopback interface by default and refuses requests of other web sites (see `guard`);
it belongs on no public network. Every refusal is a 4xx with ``{"error", "message"}`` that says why and what to do.
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import Field, field_validator, model_validator

from session_core.sandbox.config import Camel, SandboxConfig
from session_core.sandbox.contents import KINDS
from session_core.sandbox.decode import decode_qr
from session_core.sandbox.delivery import Delivery
from session_core.sandbox.errors import SandboxError
from session_core.sandbox.ids import is_group, parse_number, split_wid
from session_core.sandbox.linking import Linking
from session_core.sandbox.model import Device
from session_core.sandbox.pages import phone_page
from session_core.sandbox.views import Json, device_view, phone_view, received_view, summary_view
from session_core.sandbox.world import World

MESSAGE_TYPES = frozenset({"chat", "image", "video", "audio", "ptt", "document", "sticker"}) | frozenset(KINDS)


class PhoneBody(Camel):
    """Names a phone."""

    phone: str = Field(max_length=40)

    @field_validator("phone")
    @classmethod
    def _digits(cls, value: str) -> str:
        return parse_number(value)


class ScanBody(PhoneBody):
    """Body of `POST /phone/scan`."""

    qr: str = Field(max_length=2000)
    name: str | None = Field(default=None, max_length=80)


class PairBody(PhoneBody):
    """Body of `POST /phone/pair`."""

    code: str = Field(max_length=20)
    name: str | None = Field(default=None, max_length=80)


class DeviceBody(PhoneBody):
    """Body of the calls that act on one linked device, or on all when ``device`` is missing."""

    device: int | None = Field(default=None, ge=1)


class MessageBody(PhoneBody):
    """Body of `POST /phone/messages`: ``from`` writes ``text`` to the account of ``phone``."""

    sender: str = Field(alias="from", max_length=40)
    text: str = Field(default="", max_length=65_536)
    name: str | None = Field(default=None, max_length=80)
    quoted_id: str | None = Field(default=None, max_length=128)
    type: str = "chat"
    content: dict[str, Any] = Field(default_factory=dict)
    group: str | None = Field(default=None, max_length=60)

    @field_validator("sender")
    @classmethod
    def _digits_of_sender(cls, value: str) -> str:
        return parse_number(value)

    @model_validator(mode="after")
    def _sendable(self) -> MessageBody:
        if self.type not in MESSAGE_TYPES:
            raise SandboxError(
                422, "unknown_type", f"'{self.type}' is no message type. Use one of {', '.join(sorted(MESSAGE_TYPES))}."
            )
        if self.type == "chat" and not self.text.strip():
            raise SandboxError(422, "empty_text", "The text is empty. Write something.")
        return self


class ReadBody(PhoneBody):
    """Body of `POST /phone/read`: the contact ``chat`` (number or id) reads what it was sent."""

    chat: str = Field(max_length=60)


def phone_router(world: World, linking: Linking, delivery: Delivery) -> APIRouter:
    """Return the routes under ``/phone``."""
    router = APIRouter(prefix="/phone")

    def linked(device: Device) -> Json:
        phone = world.phone(device.phone)
        return {"phone": phone.number, "name": phone.name, **device_view(world, device)}

    @router.post("/scan")
    async def scan(body: ScanBody) -> Json:
        return linked(await linking.scan(body.qr, body.phone, body.name))

    @router.post("/pair")
    async def pair(body: PairBody) -> Json:
        return linked(await linking.pair(body.code, body.phone, body.name))

    @router.post("/messages", status_code=201)
    async def messages(body: MessageBody) -> Json:
        message = delivery.incoming(
            body.phone,
            body.sender,
            body.text,
            name=body.name,
            quoted_id=body.quoted_id,
            kind=body.type,
            content=body.content,
            group=body.group,
        )
        return {
            "id": message.id,
            "phone": message.phone,
            "from": message.author or message.contact,
            "devices": len(world.devices_of(body.phone)),
            "sentAtMs": message.sent_at_ms,
        }

    @router.post("/read")
    async def read(body: ReadBody) -> Json:
        hidden = is_group(body.chat) or ("@" in body.chat and split_wid(body.chat)[1] == "lid")
        number = delivery.chat_key(body.phone, body.chat) if hidden else parse_number(body.chat)
        return {"moved": delivery.read(body.phone, number or "")}

    @router.post("/unlink")
    async def unlink(body: DeviceBody) -> Json:
        devices = world.chosen_devices(body.phone, body.device)
        for device in devices:
            connection = world.connections.get(device.key)
            world.remove_device(device)
            if connection is not None:
                connection.end({"t": "removed"})
        return {"phone": body.phone, "unlinked": [device.device for device in devices]}

    def set_offline(body: DeviceBody, offline: bool) -> Json:
        devices = world.chosen_devices(body.phone, body.device)
        for device in devices:
            device.offline = offline
            world.storage.put(device.key, device)
            connection = world.connections.get(device.key)
            if offline and connection is not None:
                connection.end({"t": "bye", "reason": "offline"})
        return {"phone": body.phone, "devices": [device_view(world, device) for device in devices]}

    @router.post("/offline")
    async def offline(body: DeviceBody) -> Json:
        return set_offline(body, True)

    @router.post("/online")
    async def online(body: DeviceBody) -> Json:
        return set_offline(body, False)

    @router.post("/conflict")
    async def conflict(body: DeviceBody) -> Json:
        devices = [
            device for device in world.chosen_devices(body.phone, body.device) if device.key in world.connections
        ]
        if not devices:
            raise SandboxError(409, "not_connected", "No linked device is connected, so none can be in conflict.")
        for device in devices:
            world.connections[device.key].end({"t": "conflict"})
        return {"phone": body.phone, "conflict": [device.device for device in devices]}

    @router.get("/config")
    async def get_config() -> SandboxConfig:
        return world.config

    @router.post("/config")
    async def set_config(request: Request) -> SandboxConfig:
        changes = await _json_object(request)
        try:
            config = SandboxConfig.model_validate(world.config.model_dump(by_alias=True) | changes)
        except ValueError as error:
            raise SandboxError(422, "invalid_config", _first_error(error)) from error
        world.configure(config)
        return config

    @router.delete("/config")
    async def reset_config() -> SandboxConfig:
        world.configure(SandboxConfig())
        return world.config

    @router.post("/decode")
    async def decode(request: Request) -> Json:
        return {"qr": await decode_qr(request)}

    @router.get("", response_model=None)
    async def phones(request: Request) -> Json | Response:
        if "text/html" in request.headers.get("accept", ""):
            return phone_page()
        return {"phones": [summary_view(world, phone) for phone in world.phones.values()]}

    @router.get("/{phone}/received")
    async def received(phone: str) -> Json:
        number = world.phone(parse_number(phone)).number
        return {"received": [received_view(m) for m in world.messages[number].values() if m.direction == "out"]}

    @router.get("/{phone}")
    async def one(phone: str) -> Json:
        return phone_view(world, delivery, world.phone(parse_number(phone)))

    return router


async def _json_object(request: Request) -> dict[str, object]:
    try:
        body = await request.json()
    except (ValueError, RecursionError) as error:
        raise SandboxError(422, "invalid_json", "The body is not JSON.") from error
    if not isinstance(body, dict):
        raise SandboxError(422, "invalid_json", "The body must be a JSON object.")
    return body


def _first_error(error: Exception) -> str:
    errors = getattr(error, "errors", None)
    if errors is None:
        return str(error)
    first = errors()[0]
    place = ".".join(str(part) for part in first["loc"] if part != "body")
    return f"{place}: {first['msg']}" if place else str(first["msg"])


async def refuse(_request: Request, error: Exception) -> JSONResponse:
    """Turn a `SandboxError` into its response."""
    if not isinstance(error, SandboxError):
        raise TypeError(error)
    return JSONResponse({"error": error.error, "message": error.message}, error.status)


async def refuse_invalid(_request: Request, error: Exception) -> JSONResponse:
    """Turn a body that does not fit into a 422 that names the first field at fault."""
    if not isinstance(error, RequestValidationError):
        raise TypeError(error)
    return JSONResponse({"error": "invalid_body", "message": _first_error(error)}, 422)
