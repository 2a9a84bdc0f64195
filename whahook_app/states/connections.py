"""The page of the connections: its cards, and the event loop that keeps everything on it up to date."""

from __future__ import annotations

import dataclasses
from typing import Any
from uuid import UUID

import reflex as rx

from session_core.clock import utcnow
from session_core.core import Core
from session_core.services.live import Resync
from whahook_app.live import Batch, Tab, watches
from whahook_app.runtime import get_core
from whahook_app.states.accounts_model import AccountsModel
from whahook_app.states.backups import Backups, read_backups
from whahook_app.states.base import Base
from whahook_app.states.connect_dialog import ConnectDialog
from whahook_app.states.details import Details, details_now, read_messages
from whahook_app.states.guard import language_of
from whahook_app.states.menu import Menu
from whahook_app.states.moving import MoveDialog
from whahook_app.states.upkeep import Upkeep, read_condition
from whahook_app.states.upkeep_model import UpkeepModel
from whahook_app.views.accounts import AccountCard, account_card
from whahook_app.views.alerts import AlertRow, open_alerts
from whahook_app.views.capacity import capacity_line
from whahook_app.views.uptime import Bar, bar


class Connections(ConnectDialog, Details, Upkeep, Backups, Menu, MoveDialog, Base):
    """Cards, dialogs and details of the viewer's accounts."""

    cards: list[AccountCard] = []
    alerts: list[AlertRow] = []
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
            model, upkeep = AccountsModel(core, watch.user_id), UpkeepModel(core, watch.user_id)
            while (batch := await watch.batch()) is not None:
                await self._take_in(core, model, upkeep, batch)
                if upkeep.time_to_look(batch):
                    await self._look_closer(core, model, upkeep)
        return await self._ended(tab)

    async def _take_in(self, core: Core, model: AccountsModel, upkeep: UpkeepModel, batch: Batch) -> None:
        changed = await model.apply(batch)
        changed |= await upkeep.apply(batch)
        if not changed and not batch:
            return
        again = any(isinstance(event, Resync) for event in batch)
        async with self:
            if changed:
                self._show(core, model, upkeep)
            opened = self.opened
            if opened and not again:
                self._add_activity(batch)
        if opened:
            await self._take_in_details(core, model.user_id, opened, batch, again=again)

    async def _take_in_details(self, core: Core, user_id: UUID, opened: str, batch: Batch, *, again: bool) -> None:
        """Bring the open card up to date: all of it after a break, else what the batch tells of."""
        if again:
            details = await details_now(core, user_id, opened)
            async with self:
                if details is not None and self.opened == opened:
                    self._show_details(*details)
            return
        found = await read_messages(core, user_id, opened, batch)
        if not found:
            return
        async with self:
            if self.opened == opened:
                self._add_messages(found)

    async def _look_closer(self, core: Core, model: AccountsModel, upkeep: UpkeepModel) -> None:
        """Bring up to date how the open account is doing."""
        async with self:
            opened = self.opened
        if not opened:
            return
        found = await read_condition(core, model.user_id, opened)
        saved = await read_backups(core, model.user_id, opened)
        async with self:
            if self.opened != opened:
                return
            language, now = language_of(self), utcnow()
            if found is not None:
                self._show_condition(found, language)
            self._show_backups(saved, language)
            snapshot = model.snapshots.get(UUID(opened))
            if snapshot is None:
                return
            day, week = upkeep.day(snapshot, now), upkeep.week(snapshot, now)
            for name, value in (("day", bar(day, language, "24h")), ("week", bar(week, language, "7d"))):
                if getattr(self, name) != value:
                    setattr(self, name, value)

    def _show(self, core: Core, model: AccountsModel, upkeep: UpkeepModel) -> None:
        """Write the cards and the dialog; what is as it was costs nothing on the wire."""
        language, now = language_of(self), utcnow()
        cards = [
            _with_bar(
                account_card(snapshot, language, now, model.queued.get(account_id, 0)),
                bar(upkeep.day(snapshot, now), language, "24h"),
            )
            for account_id, snapshot in model.snapshots.items()
        ]
        settings = core.settings
        fresh = {
            "cards": cards,
            "alerts": open_alerts(upkeep.alerts, language),
            "loaded": True,
            "broken": model.broken,
            "no_host": not model.broken and model.capacity.hosts == 0,
            "several_hosts": model.capacity.hosts > 1,
            "capacity": capacity_line(model.capacity, language),
            "sandbox_offered": settings.sandbox_enabled,
            "sandbox_phone_url": f"{settings.sandbox_url}phone" if settings.sandbox_enabled else "",
        }
        for name, value in fresh.items():
            if getattr(self, name) != value:
                setattr(self, name, value)
        self._show_connecting(model, language, now)
        self._show_moving(model, language)

    def _close_details(self) -> None:
        super()._close_details()
        self._close_condition()
        self.backups = []


def _with_bar(card: AccountCard, shown: Bar) -> AccountCard:
    return dataclasses.replace(card, bar=shown.tones, bar_percent=shown.percent, bar_label=shown.label)
