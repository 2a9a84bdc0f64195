"""Layers around the API's own paths: no body without an end, no answer without a shape."""

from __future__ import annotations

import structlog
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from whahook_app.api.problems import MAX_BODY_BYTES, body_too_large, unknown_error

log = structlog.get_logger(__name__)

OWN_PATHS = ("/api/", "/auth/", "/healthz", "/readyz")
"""The pages are mounted in the same application; they have their own limits and their own errors."""


def _is_ours(scope: Scope) -> bool:
    return scope["type"] == "http" and scope["path"].startswith(OWN_PATHS)


class BodyLimit:
    """Refuses bodies over `MAX_BODY_BYTES`: announced ones before they are read, others as soon as they get there.

    Starlette has such a layer, but it answers with plain text.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if not _is_ours(scope):
            await self._app(scope, receive, send)
            return
        announced = Headers(scope=scope).get("content-length", "0")
        if announced.isdecimal() and int(announced) > MAX_BODY_BYTES:
            await body_too_large()(scope, receive, send)
            return
        read = 0

        async def counting_receive() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > MAX_BODY_BYTES:
                # Whoever reads the body hands this one on to the error handlers.
                raise HTTPException(413)
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
            log.exception("request_broke", method=scope["method"], path=scope["path"])
            if answering:
                raise
            await unknown_error()(scope, receive, send)
