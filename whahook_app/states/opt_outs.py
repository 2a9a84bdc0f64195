"""The page of the people who want to hear no more: found, noted by hand, undone."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import reflex as rx
import structlog

from session_core.core import Core
from session_core.errors import PolicyError
from session_core.services import accounts, chats, consent
from session_core.services.health import OUTAGES
from session_core.services.principal import Principal
from whahook_app.i18n import Language, text
from whahook_app.live import Batch, Watch
from whahook_app.runtime import get_core
from whahook_app.states.base import Base
from whahook_app.states.guard import as_uuid, error_text, field, guarded, language_of
from whahook_app.views.opt_outs import OptOutRow, opt_out_row

PAGE = 25

LOOK_SECONDS = 0.5
"""How long events are gathered before the list is read anew; without any it is read every few seconds."""

UNREADABLE: tuple[type[Exception], ...] = (*OUTAGES, PolicyError)
"""Why the list may not be readable now: an outage, or a search that was refused already."""

log = structlog.get_logger(__name__)


class OptOuts(Base):
    """The viewer's opt-outs, newest first, as far as they were looked at."""

    rows: list[OptOutRow] = []
    choices: list[tuple[str, str]] = []
    query: str = ""
    more: bool = False
    loaded: bool = False
    adding: bool = False
    form_error: str = ""
    undoing: str = ""
    undoing_name: str = ""

    _cursor: str = ""

    @rx.event
    @guarded
    async def load(self, viewer: Principal) -> None:
        """Show the first page."""
        self.query = self.form_error = self.undoing = ""
        self.adding = False
        await self._read(viewer)

    @rx.event(background=True)
    async def watch(self) -> Any:
        """Keep the list up to date, until the tab is closed or the login ends."""

        async def take_in(watch: Watch, batch: Batch) -> None:
            if batch:
                await asyncio.sleep(LOOK_SECONDS)
            try:
                await self._refresh(get_core(), watch.user_id)
            except UNREADABLE:
                log.warning("opt_outs_page_not_refreshed")

        return await self._follow(take_in)

    @rx.event
    @guarded
    async def search(self, viewer: Principal, query: str) -> None:
        """Show who matches."""
        self.query = query[: chats.MAX_QUERY] if isinstance(query, str) else ""
        await self._read(viewer)

    @rx.event
    @guarded
    async def show_more(self, viewer: Principal) -> None:
        """Show the next page below."""
        if self._cursor:
            await self._read(viewer, self._cursor)

    @rx.event
    @guarded
    async def open_form(self, viewer: Principal) -> None:
        """Open the dialog in which one is noted by hand."""
        self.adding, self.form_error = True, ""

    @rx.event
    async def close_form(self) -> None:
        """Note nobody."""
        self.adding, self.form_error = False, ""

    @rx.event
    @guarded
    async def add(self, viewer: Principal, form: dict[str, Any]) -> Any:
        """Note that a person wants to hear no more."""
        chosen = field(form, "account")
        account_id = as_uuid(chosen) if chosen else None
        try:
            await consent.opt_out(get_core(), viewer.user_id, to=field(form, "to"), account_id=account_id)
        except PolicyError as error:
            self.form_error = error_text(language_of(self), error)
            return None
        self.adding, self.form_error, self.query = False, "", ""
        await self._read(viewer)
        return rx.toast.success(text(language_of(self), "opt_outs.added"))

    @rx.event
    @guarded
    async def ask(self, viewer: Principal, opt_out_id: str) -> None:
        """Ask before a person is written to again."""
        wanted = as_uuid(opt_out_id, "opt_out")
        view = await consent.get(get_core(), viewer.user_id, wanted)
        row = opt_out_row(view, {}, language_of(self))
        self.undoing, self.undoing_name = row.id, row.name

    @rx.event
    @guarded
    async def undo(self, viewer: Principal) -> Any:
        """Forget the opt-out that was asked about."""
        wanted, self.undoing = self.undoing, ""
        await consent.undo(get_core(), viewer.user_id, as_uuid(wanted, "opt_out"))
        self.rows = [row for row in self.rows if row.id != wanted]
        return rx.toast.success(text(language_of(self), "opt_outs.undone"))

    @rx.event
    async def keep(self) -> None:
        """Undo nothing."""
        self.undoing = ""

    async def _read(self, viewer: Principal, cursor: str | None = None) -> None:
        found = await _found(get_core(), viewer.user_id, language_of(self), PAGE, self.query, cursor)
        if cursor:
            found = replace(found, rows=[*self.rows, *found.rows])
        self._show(found)

    async def _refresh(self, core: Core, user_id: UUID) -> None:
        """Read what is shown anew; what is as it was costs nothing on the wire."""
        async with self:
            language, query, count = language_of(self), self.query, max(PAGE, len(self.rows))
        if count > chats.MAX_PAGE:
            # Whoever went back that far is not looking for news.
            return
        found = await _found(core, user_id, language, count, query)
        async with self:
            # Otherwise another list was asked for meanwhile.
            if (self.query, max(PAGE, len(self.rows))) == (query, count):
                self._show(found)

    def _show(self, found: _Found) -> None:
        fresh = {"rows": found.rows, "choices": found.choices, "more": found.next_cursor != "", "loaded": True}
        for name, value in fresh.items():
            if getattr(self, name) != value:
                setattr(self, name, value)
        self._cursor = found.next_cursor


@dataclass(frozen=True)
class _Found:
    """Opt-outs as lines, and the accounts by id and name; ``next_cursor`` is empty at the end of the list."""

    rows: list[OptOutRow]
    choices: list[tuple[str, str]]
    next_cursor: str


async def _found(
    core: Core, user_id: UUID, language: Language, limit: int, search: str, cursor: str | None = None
) -> _Found:
    names = {one.account_id: one.name for one in await accounts.list_accounts(core, user_id)}
    page = await consent.list_opt_outs(core, user_id, limit=limit, cursor=cursor, search=search)
    return _Found(
        rows=[opt_out_row(view, names, language) for view in page.items],
        choices=[(str(account_id), name) for account_id, name in names.items()],
        next_cursor=page.next_cursor or "",
    )
