"""The last layer around the API's own paths: no answer without a shape."""

from __future__ import annotations

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from whahook_app.api.problems import unknown_error

log = structlog.get_logger(__name__)

OWN_PATHS = ("/api/", "/auth/", "/healthz", "/readyz")
"""The pages are mounted in the same application; they have their own errors."""


class LastResort:
    """Answers 500 for what nobody expected, and writes it into the log once, without the request's contents."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http" or not scope["path"].startswith(OWN_PATHS):
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
