"""The sandbox's server: one app behind two listeners.

HTTP is for our own driver, HTTPS for libraries that insist on ``https://web.whatsapp.com``.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import ssl
from collections.abc import AsyncIterator, Generator
from datetime import timedelta
from pathlib import Path

import structlog
import uvicorn
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.websockets import WebSocket

from session_core.sandbox.certificate import server_context
from session_core.sandbox.changes import Changes
from session_core.sandbox.changes_api import changes_router
from session_core.sandbox.delivery import Delivery
from session_core.sandbox.errors import SandboxError
from session_core.sandbox.guard import SameSiteOnly
from session_core.sandbox.linking import Linking
from session_core.sandbox.media_api import media_router
from session_core.sandbox.pages import page_router
from session_core.sandbox.phone_api import phone_router, refuse, refuse_invalid
from session_core.sandbox.reach_out import ReachOut
from session_core.sandbox.reach_out_api import reach_out_router
from session_core.sandbox.socket import DeviceSocket
from session_core.sandbox.world import World
from session_core.tasks import spawn

log = structlog.get_logger(__name__)

SHUTDOWN_TIMEOUT = timedelta(seconds=3)
START_TIMEOUT = timedelta(seconds=10)
MAX_FRAME_BYTES = 1024 * 1024


def create_app(world: World, allowed_hosts: frozenset[str] = frozenset()) -> FastAPI:
    """Return the app over a world. Needs a running loop: acks of an earlier run are taken up.

    Args:
        world: phones, devices and messages; the caller closes it.
        allowed_hosts: host names under which the sandbox may be reached, besides IP addresses, localhost and
            web.whatsapp.com.
    """
    app = FastAPI(title="WhaHook sandbox", docs_url=None, redoc_url=None, openapi_url=None)
    linking, delivery = Linking(world), Delivery(world)
    changes, reach_out = Changes(world, delivery), ReachOut(world, delivery)
    delivery.resume()
    app.add_exception_handler(SandboxError, refuse)
    app.add_exception_handler(RequestValidationError, refuse_invalid)
    app.add_middleware(SameSiteOnly, allowed_hosts=allowed_hosts)

    @app.get("/healthz")
    async def healthz() -> dict[str, object]:
        return {"status": "ok", "phones": len(world.phones), "connected": len(world.connections)}

    @app.websocket("/ws/device")
    async def device(websocket: WebSocket) -> None:
        await DeviceSocket(websocket, world, linking, delivery, changes, reach_out).run()

    app.include_router(page_router(world))
    app.include_router(media_router(world, delivery))
    app.include_router(changes_router(changes))
    app.include_router(reach_out_router(reach_out))
    app.include_router(phone_router(world, linking, delivery))
    return app


class _Server(uvicorn.Server):
    """A uvicorn server that leaves the signals to its caller."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


class Sandbox:
    """A running sandbox.

    Attributes:
        http_port: where HTTP listens.
        https_port: where HTTPS listens.
        world: what it knows.
    """

    def __init__(self, world: World, http_port: int, https_port: int) -> None:
        self.world = world
        self.http_port = http_port
        self.https_port = https_port


@contextlib.asynccontextmanager
async def sandbox(host: str, port: int, https_port: int, data_dir: Path) -> AsyncIterator[Sandbox]:
    """Run a sandbox inside the block.

    Args:
        host: address to bind, ``127.0.0.1`` unless you know better.
        port: port of HTTP; 0 takes a free one.
        https_port: port of HTTPS; 0 takes a free one.
        data_dir: where phones, linked devices and messages are kept.

    Raises:
        OSError: a port is taken.
    """
    with contextlib.ExitStack() as stack:
        plain, secure = (stack.enter_context(_bound(host, number)) for number in (port, https_port))
        world = World(data_dir)
        app = create_app(world, frozenset({host}))
        servers = [_server(app, None), _server(app, server_context())]
        runs = [
            spawn(server.serve(sockets=[sock]), name=f"sandbox-{name}")
            for server, sock, name in zip(servers, (plain, secure), ("http", "https"), strict=True)
        ]
        try:
            await _until_started(servers, runs)
            yield Sandbox(world, plain.getsockname()[1], secure.getsockname()[1])
        finally:
            world.close_connections()
            for server in servers:
                server.should_exit = True
            await asyncio.wait(runs, timeout=SHUTDOWN_TIMEOUT.total_seconds() * 2)
            world.close()


def _bound(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((host, port))
    except OSError:
        sock.close()
        raise
    return sock


def _server(app: FastAPI, tls: ssl.SSLContext | None) -> _Server:
    config = uvicorn.Config(
        app,
        lifespan="off",
        ws="wsproto",
        ws_max_size=MAX_FRAME_BYTES,
        log_config=None,
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=int(SHUTDOWN_TIMEOUT.total_seconds()),
        server_header=False,
    )
    config.load()
    config.ssl = tls
    return _Server(config)


async def _until_started(servers: list[_Server], runs: list[asyncio.Task[None]]) -> None:
    async with asyncio.timeout(START_TIMEOUT.total_seconds()):
        while not all(server.started for server in servers):
            if any(run.done() for run in runs):
                raise RuntimeError("The sandbox's server stopped while it was starting.")
            await asyncio.sleep(0.01)  # uvicorn tells by this attribute only


async def run_sandbox(host: str, port: int, https_port: int, data_dir: Path) -> None:
    """Serve the sandbox until SIGTERM or SIGINT, then stop gracefully. Arguments and errors as for `sandbox`."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with sandbox(host, port, https_port, data_dir) as running:
        log.info(
            "sandbox_ready", url=f"http://{host}:{running.http_port}/", phones="/phone", https_port=running.https_port
        )
        await stop.wait()
    log.info("sandbox_stopped")
