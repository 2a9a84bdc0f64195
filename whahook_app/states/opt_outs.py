"""The page of the people who want to hear no more: found, noted by hand, undone."""

from __future__ import annotations

from typing import Any

import reflex as rx

from session_core.errors import PolicyError
from session_core.services import accounts, chats, consent
from session_core.services.principal import Principal
from whahook_app.i18n import text
from whahook_app.runtime import get_core
from whahook_app.states.base import Base
from whahook_app.states.guard import as_uuid, error_text, field, guarded, language_of
from whahook_app.views.opt_outs import OptOutRow, opt_out_row

PAGE = 25


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
        core, language = get_core(), language_of(self)
        names = {one.account_id: one.name for one in await accounts.list_accounts(core, viewer.user_id)}
        page = await consent.list_opt_outs(core, viewer.user_id, limit=PAGE, cursor=cursor, search=self.query)
        rows = [opt_out_row(view, names, language) for view in page.items]
        self.rows = [*self.rows, *rows] if cursor else rows
        self.choices = [(str(account_id), name) for account_id, name in names.items()]
        self._cursor, self.more, self.loaded = page.next_cursor or "", page.next_cursor is not None, True
