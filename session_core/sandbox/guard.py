"""Keeps other web sites away from the sandbox.

The phone's API and page have no login: they are a test surface, meant for the machine itself. A web page that a person
happens to have open must not reach them all the same, neither by a cross-site request nor by DNS rebinding. So a
request with a foreign ``Origin`` is refused, and so is a ``Host`` that is a name somebody else could own.
"""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

OWN_NAMES = frozenset({"localhost", "web.whatsapp.com"})
"""``web.whatsapp.com``: Chromium maps the name to us; nobody else can point it here."""


class SameSiteOnly:
    """ASGI middleware for HTTP and websockets."""

    def __init__(self, app: ASGIApp, allowed_hosts: frozenset[str] = frozenset()) -> None:
        """Wrap ``app``.

        Args:
            app: what is protected.
            allowed_hosts: further host names under which the sandbox may be reached, e.g. its name in a container
                network.
        """
        self._app = app
        self._names = OWN_NAMES | allowed_hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer 403."""
        if scope["type"] in ("http", "websocket"):
            headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
            problem = self._problem(headers)
            if problem:
                if scope["type"] == "websocket":
                    await send({"type": "websocket.close", "code": 1008, "reason": "cross-site"})
                else:
                    await JSONResponse({"error": "cross_site", "message": problem}, 403)(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _problem(self, headers: dict[str, str]) -> str:
        host = headers.get("host", "")
        if not self._own(urlsplit(f"//{host}").hostname or ""):
            return f"The sandbox is not known as '{host}'. Use localhost or its IP address."
        origin = headers.get("origin")
        if origin is not None and urlsplit(origin).netloc != host:
            return f"Requests from another site ({origin}) are refused: the sandbox has no login."
        return ""

    def _own(self, name: str) -> bool:
        if name in self._names:
            return True
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return True
