"""The API over real HTTP, in the test's own loop: uvicorn instead of granian, no pages, everything else as it is."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

import uvicorn

from session_core.core import Core, open_core
from session_core.settings import Settings
from session_core.tasks import spawn
from tests.waiting import eventually
from whahook_app.api.app import create_api
from whahook_app.api.security import SecurityHeaders
from whahook_app.api.socket import SocketServer, socket_relay


@dataclass(frozen=True)
class RunningApi:
    """A server that answers at ``url``; ``core`` is the one that it uses, ``sockets`` its Socket.IO side."""

    url: str
    core: Core
    sockets: SocketServer


class _Server(uvicorn.Server):
    """Leaves the signals of the test run alone."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def running_api(settings: Settings, *, started: bool = True, port: int = 0) -> AsyncIterator[RunningApi]:
    """Serve the API on a free port until the block ends; ``settings`` get that port.

    Args:
        settings: whose database and bus to use.
        started: False is a server in the moment before it has opened its core.
        port: one that is known to be free; 0 is any.
    """
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        port = listener.getsockname()[1]
        settings = settings.model_copy(update={"port": port, "host": "127.0.0.1"})
        async with open_core(settings) as core:
            await core.hub.start()

            def get_core() -> Core:
                if not started:
                    raise RuntimeError("not yet")
                return core

            api = create_api(get_core, settings)
            config = uvicorn.Config(
                SecurityHeaders(api),
                ws="wsproto",
                lifespan="off",
                log_config=None,
                access_log=False,
                proxy_headers=False,
                timeout_graceful_shutdown=5,
            )
            server = _Server(config)
            async with socket_relay(api) as sockets:
                task = spawn(server.serve(sockets=[listener]), name="api-under-test")
                try:
                    await eventually(lambda: server.started or task.done(), what="the server starts")
                    assert server.started
                    yield RunningApi(f"http://127.0.0.1:{port}", core, sockets)
                finally:
                    await sockets.close()
                    server.should_exit = True
                    await asyncio.wait([task], timeout=15)
