"""Layers around the API's own paths: no body without an end, no answer without a shape."""

from __future__ import annotations

import structlog
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from session_core.services.media import MediaTooLarge
from whahook_app.api.problems import MAX_BODY_BYTES, body_too_large, from_error, unknown_error, without_secrets
from whahook_app.api.uploads import OVERHEAD

log = structlog.get_logger(__name__)

OWN_PATHS = ("/api/", "/auth/", "/media/", "/healthz", "/readyz")
"""The pages are mounted in the same application; they have their own limits and their own errors."""

UPLOAD_PATH = "/api/v1/media"


def _is_ours(scope: Scope) -> bool:
    return scope["type"] == "http" and scope["path"].startswith(OWN_PATHS)


def _file_limit(scope: Scope, headers: Headers) -> int | None:
    """Return how long a file in the body may be; None when there is none in it."""
    form = headers.get("content-type", "").lower().startswith("multipart/form-data")
    if not form or scope["method"] != "POST" or scope["path"] != UPLOAD_PATH:
        return None
    size: int = scope["app"].state.context.settings.media_max_size
    return size


class BodyLimit:
    """Refuses bodies that are too long: announced ones before they are read, others as soon as they get there.

    `MAX_BODY_BYTES` for everything but files, which have a limit of their own (``WHAHOOK_MEDIA_MAX_SIZE``).

    Starlette has such a layer, but it answers with plain text.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if not _is_ours(scope):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        file_limit = _file_limit(scope, headers)
        limit = MAX_BODY_BYTES if file_limit is None else file_limit + OVERHEAD
        announced = headers.get("content-length", "0")
        if announced.isdecimal() and int(announced) > limit:
            refusal = body_too_large() if file_limit is None else from_error(MediaTooLarge(file_limit))
            await refusal(scope, receive, send)
            return
        read = 0

        async def counting_receive() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > limit:
                # Whoever reads the body hands this one on to the error handlers.
                raise HTTPException(413) if file_limit is None else MediaTooLarge(file_limit)
            return message

        await self._app(scope, counting_receive, send)


class LastResort:
    """Answers 500 for what nobody expected, and writes it into the log once, without the request's contents."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if not _is_ours(scope):
            await self._app(scope, receive, send)
            return
        answering = False

        async def watching_send(message: Message) -> None:
            nonlocal answering
            answering = True
            await send(message)

        try:
            await self._app(scope, receive, watching_send)
        except Exception:
            log.exception("request_broke", method=scope["method"], path=without_secrets(scope["path"]))
            if answering:
                raise
            await unknown_error()(scope, receive, send)
