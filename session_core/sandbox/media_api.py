"""The media server, and what phones do with it: send a file, open one that they received."""

from __future__ import annotations

import asyncio
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Query, Request
from fastapi.responses import FileResponse, Response

from session_core.sandbox import media
from session_core.sandbox.delivery import Delivery
from session_core.sandbox.errors import SandboxError
from session_core.sandbox.ids import parse_number
from session_core.sandbox.views import Json
from session_core.sandbox.world import World, now_ms

SHOWN = ("image/jpeg", "image/png", "image/gif", "image/webp", "audio/", "video/")


def media_router(world: World, delivery: Delivery) -> APIRouter:
    """Return the routes of the media server and of the phones' files."""
    router = APIRouter()

    @router.post("/mms/{kind}/{token}")
    async def upload(kind: str, token: str, request: Request) -> Json:
        if kind not in media.KEY_NAMES:
            raise SandboxError(404, "unknown_type", f"'{kind}' is no kind of media.")
        if world.config.fail_uploads:
            raise SandboxError(503, "upload_refused", "The media server takes nothing now (see fail_uploads).")
        content = await _body(request)
        await asyncio.sleep(world.config.upload_ms / 1000)
        name = await asyncio.to_thread(world.blobs.put, content)
        if name != token:
            raise SandboxError(400, "bad_hash", "The bytes are not those that the address speaks of.")
        return {"url": f"/v/{name}", "direct_path": f"/v/{name}", "handle": None}

    @router.get("/v/{name}")
    async def download(name: str) -> Response:
        if world.config.media_gone:
            raise SandboxError(404, "media_gone", "The file is not on the media server any more (see media_gone).")
        return FileResponse(world.blobs.path(name), media_type="application/octet-stream")

    @router.post("/phone/{phone}/media", status_code=201)
    async def send(
        phone: str,
        request: Request,
        sender: Annotated[str, Query(alias="from", max_length=40)],
        kind: Annotated[str, Query(alias="type")] = "document",
        filename: Annotated[str | None, Query(max_length=255)] = None,
        caption: Annotated[str, Query(max_length=65_536)] = "",
        name: Annotated[str | None, Query(max_length=80)] = None,
        seconds: Annotated[float | None, Query(ge=0)] = None,
    ) -> Json:
        if kind not in media.KEY_NAMES:
            raise SandboxError(422, "unknown_type", f"'{kind}' is none of {', '.join(sorted(media.KEY_NAMES))}.")
        content = await _body(request)
        mimetype = request.headers.get("content-type", "application/octet-stream")
        packed = await asyncio.to_thread(
            media.pack,
            world.blobs,
            content,
            kind,
            mimetype,
            filename,
            seconds=seconds,
            media_key_timestamp=now_ms() // 1000,
        )
        message = delivery.incoming(
            parse_number(phone), parse_number(sender), caption, name=name, kind=kind, media=packed
        )
        return {"id": message.id, "phone": message.phone, "from": message.contact, "sha256": packed.filehash}

    @router.get("/phone/{phone}/messages/{message_id}/media")
    async def opened(phone: str, message_id: str) -> Response:
        number = world.phone(parse_number(phone)).number
        message = world.messages[number].get(message_id)
        if message is None or message.media is None:
            raise SandboxError(404, "no_media", f"There is no file in a message {message_id}.")
        found, kind = message.media, message.type
        path = world.blobs.path(world.blobs.name_of(found.direct_path))
        content = await asyncio.to_thread(lambda: media.decrypt(path.read_bytes(), found, kind))
        shown = found.mimetype.startswith(SHOWN)
        way = "inline" if shown else f"attachment; filename*=UTF-8''{quote(found.filename or 'file', safe='')}"
        headers = {"Content-Disposition": way, "X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}
        return Response(content, media_type=found.mimetype if shown else "application/octet-stream", headers=headers)

    return router


async def _body(request: Request) -> bytes:
    content = bytearray()
    async for piece in request.stream():
        content += piece
        if len(content) > media.MAX_BYTES:
            raise SandboxError(413, "too_large", f"A file has at most {media.MAX_BYTES} bytes here.")
    return bytes(content)
