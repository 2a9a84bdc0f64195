"""Requests of other sites and of names that somebody else could own."""

from __future__ import annotations

from typing import Any

import pytest

from session_core.sandbox.guard import SameSiteOnly


async def ask(kind: str, *, allowed: frozenset[str] = frozenset(), **headers: str) -> list[Any]:
    """Send a request through the guard; return what came back, ``["app"]`` when the app was reached."""
    told: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        told.append("app")

    async def receive() -> Any:
        raise AssertionError("the guard reads no body")

    async def send(message: Any) -> None:
        told.append(message.get("status") or message["type"])

    scope = {"type": kind, "headers": [(name.encode(), value.encode()) for name, value in headers.items()]}
    await SameSiteOnly(app, allowed)(scope, receive, send)
    return told


@pytest.mark.parametrize("kind", ["http", "websocket"])
@pytest.mark.parametrize("host", ["localhost:8100", "127.0.0.1:8100", "[::1]:8100", "10.0.0.7", "web.whatsapp.com"])
async def test_own_names_and_addresses(kind: str, host: str) -> None:
    assert await ask(kind, host=host) == ["app"]
    assert await ask(kind, host=host, origin=f"http://{host}") == ["app"]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"host": "evil.example:8100"},
        {"host": "localhost.evil.example"},
        {"host": "localhost:8100", "origin": "https://evil.example"},
        {"host": "localhost:8100", "origin": "null"},
        {"host": "localhost:8100", "origin": "http://localhost:3000"},
        {"host": "localhost:8100", "origin": ""},
    ],
)
async def test_others_are_refused(headers: dict[str, str]) -> None:
    assert (await ask("http", **headers))[0] == 403
    assert await ask("websocket", **headers) == ["websocket.close"]


async def test_a_name_that_was_allowed() -> None:
    assert await ask("http", host="sandbox:8100", allowed=frozenset({"sandbox"})) == ["app"]
