"""Socket.IO with the seed's six events, on the default namespace at ``/socket.io``.

Each client is served by a task of its own (`whahook_app.api.socket_client.Client`), which starts when the client counts
as connected and ends with it. Nothing is ever sent to more than one client, so nothing can reach a stranger.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

import socketio
import structlog
from fastapi import FastAPI
from socketio.exceptions import ConnectionRefusedError as Refused
from starlette.types import ASGIApp

from session_core.domain.ids import parse_session_id, session_id
from session_core.errors import PolicyError, WhahookError
from session_core.services import accounts
from session_core.services.health import OUTAGES
from session_core.tasks import TaskOwner, spawn
from whahook_app.api import session_events
from whahook_app.api.deps import Context
from whahook_app.api.session_events import SocketEvent
from whahook_app.api.socket_client import Client, Credential

log = structlog.get_logger(__name__)

PATH = "/socket.io"
CREATE = "whatsapp:create"
DESTROY = "whatsapp:destroy"

MAX_PACKET_BYTES = 64 * 1024
"""What clients send are two ids."""

MAX_CLIENTS_PER_USER = 100

CLOSE_TIMEOUT = timedelta(seconds=1)
"""A client that is there hears it at once; one that has silently gone is not waited for longer."""

CHECK_ERRORS: tuple[type[Exception], ...] = (WhahookError, *OUTAGES)
"""Why it can be unknown who somebody is."""

Answer = dict[str, Any]
"""What an acknowledgement callback receives: ``{ok, sessionId, ...}``."""


class _Manager(socketio.AsyncManager):
    """Says when a client counts as connected: what is sent before that moment is lost."""

    def __init__(self, on_connected: Callable[[str], None]) -> None:
        super().__init__()
        self._on_connected = on_connected

    async def connect(self, sid: str, namespace: str) -> Any:
        """Note the connection, as the library does, and tell."""
        result = await super().connect(sid, namespace)
        self._on_connected(sid)
        return result


class SocketServer:
    """The Socket.IO side of the application."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._clients: dict[str, Client] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._owner = TaskOwner()
        self._closed = False
        self._sio = socketio.AsyncServer(
            async_mode="asgi",
            client_manager=_Manager(self._start_watching),
            cors_allowed_origins=context.settings.own_origins,
            max_http_buffer_size=MAX_PACKET_BYTES,
        )
        self._sio.on("connect", self._connect)
        self._sio.on("disconnect", self._disconnect)
        self._sio.on(CREATE, self._create)
        self._sio.on(DESTROY, self._destroy)
        self._sio.on("*", self._unknown)

    @property
    def asgi(self) -> ASGIApp:
        """The ASGI application to mount at `PATH`."""
        app: ASGIApp = socketio.ASGIApp(self._sio, socketio_path="")
        return app

    @property
    def clients(self) -> int:
        """How many clients are connected."""
        return len(self._clients)

    async def close(self) -> None:
        """Close every connection and end all tasks; a second time it does nothing."""
        if self._closed:
            return
        self._closed = True
        # All at once: a client that has silently gone keeps its closing waiting.
        drops = [spawn(self._drop(sid), name=f"socket-drop-{sid}", owner=self._owner) for sid in self._clients]
        if drops:
            await asyncio.wait(drops, timeout=CLOSE_TIMEOUT.total_seconds())
        await self._owner.close(CLOSE_TIMEOUT)
        await self._sio.shutdown()

    async def _connect(self, sid: str, environ: dict[str, Any], auth: object) -> None:
        try:
            core = self._context.core()
            credential = Credential.of(environ, auth, self._context.settings)
            who = await credential.principal(core)
        except CHECK_ERRORS as error:
            log.warning("socket_not_checked", error=type(error).__name__)
            raise Refused("temporarily_unavailable", {"code": "temporarily_unavailable"}) from error
        if who is None:
            raise Refused("unauthorized", {"code": "unauthenticated", "action": "Send a valid API key as auth.apiKey."})
        if sum(client.who.user_id == who.user_id for client in self._clients.values()) >= MAX_CLIENTS_PER_USER:
            raise Refused("too_many_connections", {"code": "too_many_connections", "action": "Close some first."})

        async def emit(event: SocketEvent) -> None:
            await self._sio.emit(*event, to=sid)

        self._clients[sid] = Client(core, who, credential, emit)

    def _start_watching(self, sid: str) -> None:
        if sid in self._clients:
            self._tasks[sid] = spawn(self._watch(sid), name=f"socket-{sid}", owner=self._owner)

    async def _watch(self, sid: str) -> None:
        try:
            await self._clients[sid].watch()
        except Exception:
            log.exception("socket_watcher_broke")
            # It would stay connected and hear nothing: better to have it come back.
            await self._drop(sid)
        else:
            await self._throw_out(sid)

    async def _drop(self, sid: str) -> None:
        """Close the transport: a client whose line breaks comes back by itself, one that is told to go does not."""
        transport = self._sio.manager.eio_sid_from_sid(sid, "/")
        # Without an id the library would close everybody's.
        if transport is not None:
            await self._sio.eio.disconnect(transport)

    async def _throw_out(self, sid: str) -> None:
        log.info("socket_credential_ended")
        await self._sio.disconnect(sid)

    async def _disconnect(self, sid: str, _reason: str = "") -> None:
        self._clients.pop(sid, None)
        task = self._tasks.pop(sid, None)
        if task is not None and task is not asyncio.current_task():
            task.cancel()

    async def _create(self, sid: str, *payload: object) -> Answer:
        """``whatsapp:create {accountId}``: want the account connected, and hear where it is."""
        account_id = _uuid(_field(payload, "accountId"))
        if account_id is None:
            return await self._refuse(sid, None, "bad_payload", "Send {accountId} with the id of an account.")
        return await self._act(sid, account_id, accounts.connect)

    async def _destroy(self, sid: str, *payload: object) -> Answer:
        """``whatsapp:destroy {sessionId}``: want the account stopped; it stays linked."""
        ids = parse_session_id(_field(payload, "sessionId"))
        if ids is None:
            return await self._refuse(sid, None, "bad_payload", "Send {sessionId} as it came with the other events.")
        user_id, account_id = ids
        client = self._clients.get(sid)
        if client is not None and client.who.user_id != user_id:
            named = session_id(user_id, account_id)
            return await self._refuse(sid, named, "account_not_found", "There is no such account.")
        return await self._act(sid, account_id, accounts.disconnect)

    async def _unknown(self, event: str, sid: str, *_payload: object) -> Answer:
        return await self._refuse(sid, None, "unknown_event", f"Send {CREATE} or {DESTROY}.")

    async def _act(self, sid: str, account_id: UUID, action: Callable[..., Any]) -> Answer:
        client = self._clients.get(sid)
        if client is None:
            return {"ok": False, "code": "not_connected"}
        name = session_id(client.who.user_id, account_id)
        if not await client.is_still_allowed():
            answer = await self._refuse(sid, name, "unauthenticated", "Sign in again, or send a valid API key.")
            await self._throw_out(sid)
            return answer
        try:
            await action(self._context.core(), client.who.user_id, account_id)
        except WhahookError as error:
            text = f"{error.message} {error.action}" if isinstance(error, PolicyError) else error.message
            return await self._refuse(sid, name, error.code, text.strip())
        except OUTAGES as error:
            log.warning("socket_event_failed_outage", error=type(error).__name__)
            return await self._refuse(sid, name, "temporarily_unavailable", "Try again in a few seconds.")
        except Exception:
            log.exception("socket_event_broke")
            return await self._refuse(sid, name, "internal", "Something broke on our side.")
        if action is accounts.connect:
            await client.repeat(account_id)
        return {"ok": True, "sessionId": name}

    async def _refuse(self, sid: str, name: str | None, code: str, text: str) -> Answer:
        await self._sio.emit(*session_events.error(name, text), to=sid)
        return {"ok": False, "code": code, "sessionId": name, "error": text}


def mount_socket_server(app: FastAPI) -> SocketServer:
    """Mount Socket.IO into an application that `create_api` makes; `socket_relay` ends it."""
    server = SocketServer(app.state.context)
    app.mount(PATH, server.asgi)
    app.state.sockets = server
    return server


@asynccontextmanager
async def socket_relay(app: FastAPI) -> AsyncIterator[SocketServer]:
    """Serve Socket.IO clients for as long as the block lasts, inside `whahook_app.runtime.open_runtime`."""
    server: SocketServer = app.state.sockets
    try:
        yield server
    finally:
        await server.close()


def _field(payload: tuple[object, ...], name: str) -> object:
    first = payload[0] if payload else None
    return first.get(name) if isinstance(first, dict) else None


def _uuid(value: object) -> UUID | None:
    try:
        return UUID(value) if isinstance(value, str) else None
    except ValueError:
        return None
