"""A wire that can be cut: TCP on one side, a server's Unix socket on the other; or the other way round."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from session_core.tasks import TaskOwner, spawn

PIECE = 64 * 1024


class Relay:
    """Carries bytes both ways until it is cut. A cut is silent: connections stay open and nothing passes."""

    def __init__(self, server: Path | int) -> None:
        """Prepare. ``server``: the path of its socket, or its port on this machine."""
        self._server = server
        self._whole = asyncio.Event()
        self._whole.set()
        self._tasks = TaskOwner()
        self.port = 0

    def cut(self) -> None:
        """Let nothing through any more; whoever is connected is not told."""
        self._whole.clear()

    def mend(self) -> None:
        """Let everything through again, first what has waited."""
        self._whole.set()

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Connect a client with the server."""
        try:
            await self._whole.wait()
            inner = await self._open()
        except OSError:
            writer.close()
            return
        ways = [
            spawn(self._copy(source, sink), name="relay", owner=self._tasks)
            for source, sink in ((reader, inner[1]), (inner[0], writer))
        ]
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for sink in (writer, inner[1]):
            sink.close()

    async def _open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if isinstance(self._server, int):
            return await asyncio.open_connection("127.0.0.1", self._server)
        return await asyncio.open_unix_connection(self._server)

    async def _copy(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while piece := await source.read(PIECE):
                await self._whole.wait()
                sink.write(piece)
                await sink.drain()

    async def close(self) -> None:
        """End all connections."""
        await self._tasks.close()


@asynccontextmanager
async def running_relay(socket: Path, *, address: str = "127.0.0.1", port: int = 0) -> AsyncIterator[Relay]:
    """Give a wire to the server behind ``socket`` until the block ends; ``port`` 0: a free one."""
    relay = Relay(socket)
    server = await asyncio.start_server(relay.carry, address, port)
    relay.port = server.sockets[0].getsockname()[1]
    try:
        yield relay
    finally:
        server.close()
        await relay.close()


@asynccontextmanager
async def socket_to(port: int, socket: Path) -> AsyncIterator[None]:
    """Let what listens on a port of this machine be behind a Unix socket too, until the block ends."""
    relay = Relay(port)
    server = await asyncio.start_unix_server(relay.carry, socket)
    try:
        yield
    finally:
        server.close()
        await relay.close()
