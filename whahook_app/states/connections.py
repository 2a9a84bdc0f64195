"""The page of the connections: its cards, and the event loop that keeps everything on it up to date."""

from __future__ import annotations

from typing import Any

import reflex as rx

from session_core.clock import utcnow
from session_core.core import Core
from session_core.services.live import Resync
from whahook_app.live import Batch, Tab, watches
from whahook_app.runtime import get_core
from whahook_app.states.accounts_model import AccountsModel
from whahook_app.states.base import Base
from whahook_app.states.connect_dialog import ConnectDialog
from whahook_app.states.details import Details, read_details
from whahook_app.states.guard import language_of, sign_in_address
from whahook_app.states.menu import Menu
from whahook_app.views.accounts import AccountCard, account_card
from whahook_app.views.capacity import capacity_line


class Connections(ConnectDialog, Details, Menu, Base):
    """Cards, dialogs and details of the viewer's accounts."""

    cards: list[AccountCard] = []
    loaded: bool = False
    broken: bool = False
    no_host: bool = False
    capacity: str = ""
    sandbox_offered: bool = False
    sandbox_phone_url: str = ""

    @rx.event(background=True)
    async def watch(self) -> Any:
        """Show the accounts and everything that happens to them, until the tab is closed or the login ends."""
        core = get_core()
        async with self:
            tab = Tab.of(self.router)
        async with watches.open(core, tab) as watch:
            if watch is None:
                return None
            model = AccountsModel(core, watch.user_id)
            while (batch := await watch.batch()) is not None:
                await self._take_in(core, model, batch)
        return await self._ended(tab)

    async def _take_in(self, core: Core, model: AccountsModel, batch: Batch) -> None:
        changed = await model.apply(batch)
        if not changed and not batch:
            return
        again = any(isinstance(event, Resync) for event in batch)
        async with self:
            if changed:
                self._show(core, model)
            self._add_to_details(batch)
            opened = self.opened if again else ""
        if opened:
            lines, found = await read_details(core, model.user_id, opened)
            async with self:
                if self.opened == opened:
                    self._show_details(lines, found)

    def _show(self, core: Core, model: AccountsModel) -> None:
        """Write the cards and the dialog; what is as it was costs nothing on the wire."""
        language, now = language_of(self), utcnow()
        cards = [
            account_card(snapshot, language, now, model.queued.get(account_id, 0))
            for account_id, snapshot in model.snapshots.items()
        ]
        settings = core.settings
        fresh = {
            "cards": cards,
            "loaded": True,
            "broken": model.broken,
            "no_host": not model.broken and model.capacity.hosts == 0,
            "capacity": capacity_line(model.capacity, language),
            "sandbox_offered": settings.sandbox_enabled,
            "sandbox_phone_url": f"{settings.sandbox_url}phone" if settings.sandbox_enabled else "",
        }
        for name, value in fresh.items():
            if getattr(self, name) != value:
                setattr(self, name, value)
        self._show_connecting(model, language, now)

    async def _ended(self, tab: Tab) -> Any:
        """Go to the sign-in when the page is still there but its login is not."""
        if not watches.is_open(tab):
            return None
        async with self:
            self.reset()
            return rx.redirect(sign_in_address(self.router.url.path))
