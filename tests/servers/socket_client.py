"""socket.io-client from npm as programs use it, driven from a test."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from session_core.tasks import spawn

SCRIPT = Path(__file__).with_name("socket_client.js")

PATIENCE = timedelta(seconds=15)
"""Node starts in half a second; on a busy machine in a few."""


@dataclass(frozen=True)
class Heard:
    """Something that the client heard: an event with its payload, or one of its own (connect, disconnect, ...)."""

    name: str
    data: Any
    more: Any = None


class SocketIoClient:
    """One client. What it hears is kept in order; `next` waits for it."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._numbers = itertools.count(1)
        self._arrived = asyncio.Condition()
        self._read = 0
        self.heard: list[Heard] = []

    async def next(self, name: str, timeout: timedelta = PATIENCE) -> Heard:
        """Return the next thing with this name; what came in between is passed over (it stays in ``heard``)."""

        def find() -> int | None:
            return next((at for at in range(self._read, len(self.heard)) if self.heard[at].name == name), None)

        async with self._arrived:
            try:
                async with asyncio.timeout(timeout.total_seconds()):
                    while (at := find()) is None:
                        await self._arrived.wait()
            except TimeoutError:
                raise AssertionError(f"no {name} within {timeout}; heard {self.heard}") from None
            self._read = at + 1
            return self.heard[at]

    async def send(self, event: str, *data: object) -> None:
        """Send an event without waiting for an answer."""
        await self._write({"emit": [event, *data], "ack": next(self._numbers)})

    async def emit(self, event: str, *data: object) -> Any:
        """Send an event and return the server's acknowledgement."""
        number = next(self._numbers)
        await self._write({"emit": [event, *data], "ack": number})

        def find() -> Heard | None:
            return next((line for line in self.heard if line.name == "ack" and line.more == number), None)

        async with self._arrived, asyncio.timeout(PATIENCE.total_seconds()):
            while (answer := find()) is None:
                await self._arrived.wait()
        return answer.data

    def names(self) -> list[str]:
        """Return the names of the product's events that were heard so far, in order."""
        return [line.name for line in self.heard if line.name.startswith("whatsapp:")]

    async def _write(self, line: Mapping[str, Any]) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(line).encode() + b"\n")
        await self._process.stdin.drain()

    async def _collect(self) -> None:
        assert self._process.stdout is not None
        while line := await self._process.stdout.readline():
            async with self._arrived:
                self.heard.append(Heard(**json.loads(line)))
                self._arrived.notify_all()


@asynccontextmanager
async def socket_client(
    url: str,
    *,
    transports: Sequence[str] = ("polling", "websocket"),
    api_key: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> AsyncIterator[SocketIoClient]:
    """Connect a client; it is ended when the block ends.

    Args:
        url: of the server.
        transports: which it may use, in order; the default is the library's own.
        api_key: goes into ``auth.apiKey``.
        headers: sent with every HTTP request, e.g. a cookie.
    """
    process = await asyncio.create_subprocess_exec(
        "node", str(SCRIPT), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    client = SocketIoClient(process)
    collecting = spawn(client._collect(), name="socket-client-output")
    options: dict[str, Any] = {
        "transports": list(transports),
        "extraHeaders": dict(headers or {}),
        "reconnectionDelay": 50,
        "reconnectionDelayMax": 200,
        "forceNew": True,
    }
    if api_key is not None:
        options["auth"] = {"apiKey": api_key}
    try:
        await client._write({"url": url, "options": options})
        yield client
    finally:
        assert process.stdin is not None
        process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), 5)
        except TimeoutError:
            process.kill()
            await process.wait()
        await asyncio.wait([collecting], timeout=5)
