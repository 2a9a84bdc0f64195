"""A real HTTP server that receives webhooks and misbehaves as receivers do."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from session_core.tasks import TaskOwner, spawn

HANG = "hang"
"""Read the request and say nothing."""

RESET = "reset"
"""Read the request and break the connection."""

REDIRECT = "redirect"
"""Send it somewhere else, which is this same server."""

SLOW = "slow"
"""Say yes after a moment."""

DRIP = "drip"
"""Say yes, and begin a body that never ends."""

HUGE = "huge"
"""Say yes with a body of ten megabytes."""

SLOW_SECONDS = 0.3


@dataclass(frozen=True)
class Got:
    """One request that was read to its end; ``answered`` is what it got."""

    path: str
    headers: dict[str, str]
    body: bytes
    answered: int | str

    @property
    def event(self) -> dict[str, Any]:
        """The body as JSON."""
        parsed: dict[str, Any] = json.loads(self.body)
        return parsed


@dataclass
class Receiver:
    """What came, and how the next ones are answered: a status or one of the words above; then 200.

    Attributes:
        by_path: the same for one path only.
        always: how everything is answered once the plans are used up.
        waiting: requests that are being answered now.
    """

    port: int = 0
    scheme: str = "http"
    got: list[Got] = field(default_factory=list)
    plan: list[int | str] = field(default_factory=list)
    by_path: dict[str, list[int | str]] = field(default_factory=dict)
    always: int | str = 200
    headers: dict[str, str] = field(default_factory=dict)
    waiting: int = 0
    most_waiting: int = 0

    def url(self, path: str = "/hook", host: str = "127.0.0.1") -> str:
        """Return an address of the server."""
        return f"{self.scheme}://{host}:{self.port}{path}"

    @property
    def taken(self) -> list[Got]:
        """Requests for which it said yes."""
        return [each for each in self.got if each.answered in (200, SLOW, DRIP, HUGE)]

    def taken_ids(self) -> list[str]:
        """Ids of the events it said yes to, in the order in which they came."""
        return [each.headers["webhook-id"] for each in self.taken]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Read one request and answer it."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.strip().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        path = first.split(" ")[1]
        plan = self.by_path.get(path) or self.plan
        answer = plan.pop(0) if plan else self.always
        self.got.append(Got(path, headers, body, answer))
        self.waiting += 1
        self.most_waiting = max(self.most_waiting, self.waiting)
        try:
            await self._answer(writer, answer)
        finally:
            self.waiting -= 1

    async def _answer(self, writer: asyncio.StreamWriter, answer: int | str) -> None:
        if answer == HANG:
            await asyncio.Event().wait()
        if answer == RESET:
            writer.transport.abort()
            return
        if answer == SLOW:
            await asyncio.sleep(SLOW_SECONDS)
        status = 307 if answer == REDIRECT else answer if isinstance(answer, int) else 200
        more = {**self.headers, **({"Location": self.url("/elsewhere")} if answer == REDIRECT else {})}
        text = b"x" * (10 * 1024**2) if answer == HUGE else b'{"ok": false, "note": "caf\xc3\xa9"}'
        length = 10**9 if answer == DRIP else len(text)
        lines = [f"HTTP/1.1 {status} X", f"Content-Length: {length}", *(f"{k}: {v}" for k, v in more.items())]
        writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + text)
        await writer.drain()
        if answer == DRIP:
            await asyncio.Event().wait()


@asynccontextmanager
async def running_receiver(*, tls: ssl.SSLContext | None = None, port: int = 0) -> AsyncIterator[Receiver]:
    """Run a receiver on a free port of this machine."""
    receiver = Receiver(scheme="http" if tls is None else "https")
    owner = TaskOwner()

    async def connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await receiver.serve(reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            pass  # whoever called hung up, which some tests are about
        finally:
            writer.close()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        spawn(connection(reader, writer), name="receiver-connection", owner=owner)

    server = await asyncio.start_server(accept, "127.0.0.1", port, ssl=tls)
    try:
        receiver.port = server.sockets[0].getsockname()[1]
        yield receiver
    finally:
        server.close()
        await owner.close()
