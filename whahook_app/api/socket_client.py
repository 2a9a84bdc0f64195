"""One connected Socket.IO client: who it is, and the task that tells it what happens to its user's accounts."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import structlog

from session_core.domain.events import AccountDeleted, SessionChanged, SessionSnapshot
from session_core.domain.ids import session_id
from session_core.domain.status import SessionStatus
from session_core.services import accounts, live, principal
from session_core.services.health import OUTAGES
from session_core.services.live import AnyEvent, Core, Resync
from session_core.services.principal import Principal
from session_core.settings import Settings
from whahook_app.api import chat_events, session_events
from whahook_app.api.session_events import SocketEvent, Told
from whahook_app.auth.cookie import token_from_cookie_header
from whahook_app.auth.origin import is_own_origin

log = structlog.get_logger(__name__)

RECHECK = timedelta(seconds=3)
"""A revoked key or an ended login keeps its connection for no longer than this."""

Emit = Callable[[SocketEvent], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Credential:
    """What a client proved itself with; asked again and again, because keys are revoked and logins end."""

    api_key: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)

    @classmethod
    def of(cls, environ: Mapping[str, Any], auth: object, settings: Settings) -> Credential:
        """Take it from the payload ``{apiKey}``, the header ``X-API-Key`` or the cookie, in this order.

        A cookie counts only for our own pages: browsers send it along with a connection that any page opens.
        """
        key = auth.get("apiKey") if isinstance(auth, Mapping) else None
        key = key or environ.get("HTTP_X_API_KEY")
        if key is not None:
            return cls(api_key=key if isinstance(key, str) else "")
        names = {"origin": "HTTP_ORIGIN", "sec-fetch-site": "HTTP_SEC_FETCH_SITE"}
        headers = {name: environ[variable] for name, variable in names.items() if variable in environ}
        if not is_own_origin(headers, settings):
            return cls()
        return cls(token=token_from_cookie_header(environ.get("HTTP_COOKIE"), settings))

    async def principal(self, core: Core) -> Principal | None:
        """Return who this is now, None when it does not count (any more)."""
        if self.api_key is not None:
            return await principal.from_api_key(core, self.api_key)
        return await principal.from_cookie(core, self.token)


class Client:
    """Tells one client about the accounts of its user, from its connection to its end."""

    def __init__(self, core: Core, who: Principal, credential: Credential, emit: Emit) -> None:
        self.who = who
        self.credential = credential
        self._core = core
        self._emit = emit
        self._told: dict[UUID, Told] = {}
        self._known: dict[UUID, SessionSnapshot] = {}
        self._one_at_a_time = asyncio.Lock()

    async def is_still_allowed(self) -> bool:
        """Tell whether the credential still counts; when the database is away nobody is thrown out."""
        try:
            who = await self.credential.principal(self._core)
        except OUTAGES as error:
            log.warning("credential_not_checked", error=type(error).__name__)
            return True
        return who is not None and who.user_id == self.who.user_id

    async def watch(self) -> None:
        """Tell the state of every account, then every change; returns when the credential does not count any more."""
        loop = asyncio.get_running_loop()
        with live.subscribe(self._core, self.who.user_id) as events:
            complete = await self._tell_everything()
            recheck_at = loop.time() + RECHECK.total_seconds()
            while True:
                event = await events.get(timeout=timedelta(seconds=max(0.0, recheck_at - loop.time())))
                if event is not None:
                    complete = await self._apply(event) and complete
                if loop.time() < recheck_at:
                    continue
                if not await self.is_still_allowed():
                    return
                complete = complete or await self._tell_everything()
                recheck_at = loop.time() + RECHECK.total_seconds()

    async def repeat(self, account_id: UUID) -> None:
        """Tell where a session is, although the client was told before: it asked."""
        async with self._one_at_a_time:
            session = self._known.get(account_id)
            if session is not None and session.status in {SessionStatus.QR, SessionStatus.READY}:
                for event in session_events.state(session):
                    await self._emit(event)

    async def _apply(self, event: AnyEvent | Resync) -> bool:
        """Handle one event; False when something could not be read and has to be read later."""
        if isinstance(event, Resync):
            return await self._tell_everything()
        if isinstance(event, SessionChanged):
            await self._tell(event.session)
        elif isinstance(event, AccountDeleted):
            await self._forget(event.account_id)
        elif isinstance(event, chat_events.ChatEvent):
            await self._emit(chat_events.told(event))
        return True

    async def _tell_everything(self) -> bool:
        try:
            sessions = await accounts.list_accounts(self._core, self.who.user_id)
        except OUTAGES as error:
            log.warning("accounts_not_readable", error=type(error).__name__)
            return False
        for gone in self._told.keys() - {session.account_id for session in sessions}:
            await self._forget(gone)
        for session in sessions:
            await self._tell(session)
        return True

    async def _tell(self, session: SessionSnapshot) -> None:
        async with self._one_at_a_time:
            before = self._told.get(session.account_id)
            events = session_events.changes(before, session)
            if before is None or session.seq >= before.seq:
                self._told[session.account_id] = session_events.remember(session, before)
                self._known[session.account_id] = session
            for event in events:
                await self._emit(event)

    async def _forget(self, account_id: UUID) -> None:
        async with self._one_at_a_time:
            self._known.pop(account_id, None)
            if self._told.pop(account_id, None) is not None:
                await self._emit(session_events.deleted(session_id(self.who.user_id, account_id)))
