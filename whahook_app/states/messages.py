"""The page of the messages: what came in and went out of one account, live."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import reflex as rx
import structlog

from session_core.core import Core
from session_core.domain.events import AccountDeleted, MessageChanged, MessageView, SessionChanged
from session_core.errors import NotFound
from session_core.services import accounts, messages
from session_core.services.live import Resync
from session_core.services.principal import Principal
from whahook_app.live import Batch, Tab, watches
from whahook_app.runtime import get_core
from whahook_app.states.base import Base
from whahook_app.states.guard import as_uuid, guarded, language_of, sign_in_address
from whahook_app.views.lists import merged
from whahook_app.views.messages import MessageRow, message_row

log = structlog.get_logger(__name__)

PAGE = 30
LIMIT_LIVE = 300
"""Lines that a page keeps while messages stream in; older ones come back with "show older ones"."""


class Messages(Base):
    """The newest messages of the chosen account."""

    choices: list[tuple[str, str]] = []
    account: str = ""
    rows: list[MessageRow] = []
    more: bool = False
    loaded: bool = False
    broken: bool = False

    @rx.event(background=True)
    async def watch(self) -> Any:
        """Show the messages of the chosen account while they come and go, until the tab is closed."""
        core = get_core()
        async with self:
            tab = Tab.of(self.router)
        async with watches.open(core, tab) as watch:
            if watch is None:
                return None
            while (batch := await watch.batch()) is not None:
                if self.broken or _list_changed(batch):
                    await self._read(core, watch.user_id)
                elif batch:
                    async with self:
                        self._add(batch)
        if not watches.is_open(tab):
            return None
        async with self:
            self.reset()
            return rx.redirect(sign_in_address(self.router.url.path))

    @rx.event
    @guarded
    async def choose(self, viewer: Principal, account_id: str) -> None:
        """Show another account's messages."""
        found = await messages.list_messages(get_core(), viewer.user_id, as_uuid(account_id), limit=PAGE)
        self.account = account_id
        self._show(found)

    @rx.event
    @guarded
    async def older(self, viewer: Principal) -> None:
        """Show the messages before the oldest one that is shown."""
        if not self.rows:
            return
        oldest = as_uuid(self.rows[-1].id, "message")
        found = await messages.list_messages(
            get_core(), viewer.user_id, as_uuid(self.account), limit=PAGE, before=oldest
        )
        language = language_of(self)
        self.rows = self.rows + [message_row(message, language) for message in found]
        self.more = len(found) == PAGE

    async def _read(self, core: Core, user_id: UUID) -> None:
        """Read accounts and messages outside of the lock, then show them."""
        wanted = self.account
        try:
            known = await accounts.list_accounts(core, user_id)
            ids = [str(account.account_id) for account in known]
            chosen = wanted if wanted in ids else next(iter(ids), "")
            found = await messages.list_messages(core, user_id, UUID(chosen), limit=PAGE) if chosen else []
        except NotFound:
            # Deleted in this very moment; the event of it comes and reads again.
            return
        except Exception as error:
            log.warning("page_not_readable", error=repr(error))
            async with self:
                self.broken, self.loaded = True, True
            return
        async with self:
            self.choices = [(str(account.account_id), account.name) for account in known]
            if self.account in ("", wanted):
                self.account = chosen
                self._show(found)
            self.broken, self.loaded = False, True

    def _show(self, found: list[MessageView]) -> None:
        language = language_of(self)
        self.rows = [message_row(message, language) for message in found]
        self.more = len(found) == PAGE

    def _add(self, batch: Batch) -> None:
        language = language_of(self)
        news = [
            message_row(event.message, language)
            for event in batch
            if isinstance(event, MessageChanged) and str(event.message.account_id) == self.account
        ]
        if news:
            rows = merged(self.rows, news)
            self.more = self.more or len(rows) > LIMIT_LIVE
            self.rows = rows[:LIMIT_LIVE]


def _list_changed(batch: Batch) -> bool:
    """Tell whether the accounts have to be read again: after a break, or because one came, went or was renamed."""
    return any(isinstance(event, Resync | AccountDeleted | SessionChanged) for event in batch)
