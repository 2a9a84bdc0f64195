"""Files by their signed addresses. Whoever has one may read: it is made for the owner only, and soon worthless."""

from __future__ import annotations

import re
from datetime import datetime
from urllib.parse import quote

from fastapi import APIRouter, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from session_core.clock import utcnow
from session_core.domain.media import matches
from session_core.services import media
from session_core.services.live import Core
from session_core.services.media import OpenFile, Purpose
from whahook_app.api.deps import CoreDep

router = APIRouter(include_in_schema=False)

SHOWN = ("image/jpeg", "image/png", "image/gif", "image/webp", "audio/*", "video/*", "application/pdf")
"""Types that a browser may show in a page. Everything else is saved: what can hold a script never runs as ours."""

HARMLESS = (*SHOWN, "text/plain", "text/csv", "application/zip", "application/vnd.*", "application/msword")
"""Types that are told as they are; the rest is bytes to a browser."""

POLICY = "sandbox; default-src 'none'; media-src 'self'; img-src 'self'; style-src 'unsafe-inline'"

_RANGE = re.compile(r"bytes=(?:(\d{1,15})-(\d{1,15})?|-(\d{1,15}))")


@router.api_route("/media/{token}", methods=["GET", "HEAD"])
async def open_media(token: str, request: Request, core: CoreDep) -> Response:
    """Send a file, or the part of it that is asked for."""
    file = await media.open_link(core, token)
    tag = f'"{file.view.sha256}"'
    headers = _headers(file, tag)
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    wanted = asked_range(request.headers.get("range"), file.size)
    if request.headers.get("if-range", tag) != tag:
        wanted = None
    if wanted is None:
        return _FileResponse(core, file, 0, file.size, 200, headers)
    start, end = wanted
    if start >= file.size or end <= start:
        return Response(status_code=416, headers={"Content-Range": f"bytes */{file.size}"})
    headers["Content-Range"] = f"bytes {start}-{end - 1}/{file.size}"
    return _FileResponse(core, file, start, end - start, 206, headers)


def asked_range(header: str | None, size: int) -> tuple[int, int] | None:
    """Return first byte and end of the one range that is asked for; None for all of the file.

    What is not understood counts as not asked (RFC 9110, 14.2); several ranges at once are not given.
    """
    match = _RANGE.fullmatch((header or "").replace(" ", ""))
    if match is None:
        return None
    first, last, suffix = match.groups()
    if suffix is not None:
        return (max(0, size - int(suffix)), size) if int(suffix) else (size, size)
    end = size if last is None else min(size, int(last) + 1)
    if last is not None and int(last) < int(first):
        return None
    return int(first), end


def disposition(file: OpenFile) -> str:
    """Return ``Content-Disposition``: shown only where that is safe, with its name in both spellings (RFC 6266)."""
    shows = file.purpose is Purpose.SHOW and matches(file.view.mime, SHOWN)
    way = "inline" if shows else "attachment"
    name = file.view.filename
    if name is None:
        return way
    plain = re.sub(r"[^ !#-\[\]-~]", "_", name)
    return f"{way}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def _headers(file: OpenFile, tag: str) -> dict[str, str]:
    mime = file.view.mime if matches(file.view.mime, HARMLESS) else "application/octet-stream"
    return {
        "Content-Type": mime,
        "Content-Disposition": disposition(file),
        "Accept-Ranges": "bytes",
        "ETag": tag,
        "Cache-Control": f"private, max-age={_seconds_left(file.expires_at)}",
        "Content-Security-Policy": POLICY,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
    }


def _seconds_left(until: datetime) -> int:
    return max(0, int((until - utcnow()).total_seconds()))


class _FileResponse(Response):
    """Sends a part of a file, a piece at a time. Nothing is sent before the store has answered."""

    def __init__(
        self, core: Core, file: OpenFile, start: int, length: int, status: int, headers: dict[str, str]
    ) -> None:
        super().__init__(status_code=status, headers={**headers, "Content-Length": str(length)})
        self._core = core
        self._file = file
        self._start = start
        self._length = length

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        begin = {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers}
        if scope["method"] == "HEAD":
            await send(begin)
            await send({"type": "http.response.body", "body": b""})
            return
        request = Request(scope, receive)
        async with media.reading(self._core, self._file, self._start) as reader:
            await send(begin)
            async for piece in reader.pieces(self._length):
                if await request.is_disconnected():
                    return
                await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
