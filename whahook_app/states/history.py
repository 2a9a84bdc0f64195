"""What one can do with stored messages: erase a person, keep them for a time only."""

from __future__ import annotations

from typing import Any

import reflex as rx

from session_core.errors import PolicyError
from session_core.services import history
from session_core.services.principal import Principal
from whahook_app.i18n import counted, text
from whahook_app.runtime import get_core
from whahook_app.states.guard import as_uuid, field, guarded, language_of

DAYS = ("", "30", "90", "180", "365")
"""What can be chosen on the page; REST takes any number. Empty: for ever."""


class History(rx.State, mixin=True):  # type: ignore[call-arg]
    """Part of the messages' state: two dialogs."""

    asks_to_erase: bool = False
    asks_to_keep: bool = False
    keep_days: str = ""

    @rx.event
    @guarded
    async def ask_to_erase(self, viewer: Principal) -> None:
        """Ask before everything of the open conversation's person is deleted."""
        self.asks_to_erase = bool(self.chat) and not self.group

    @rx.event
    @guarded
    async def erase(self, viewer: Principal) -> Any:
        """Delete everything of the open conversation's person, for good."""
        self.asks_to_erase = False
        if not self.chat or self.group:
            return None
        erased = await history.erase(get_core(), viewer.user_id, as_uuid(self.account), self.chat)
        self._close()
        await self._look(viewer)
        done = counted(language_of(self), "history.erased", erased.messages)
        return [self._tell_address(), rx.toast.success(done)]

    @rx.event
    @guarded
    async def ask_to_keep(self, viewer: Principal) -> None:
        """Ask for how long the account's messages are to be kept."""
        days = await history.retention(get_core(), viewer.user_id, as_uuid(self.account))
        self.keep_days, self.asks_to_keep = str(days or ""), True

    @rx.event
    @guarded
    async def keep(self, viewer: Principal, form: dict[str, Any]) -> Any:
        """Keep the account's messages for as long as was chosen."""
        chosen = field(form, "days")
        if chosen not in DAYS and chosen != self.keep_days:
            raise PolicyError("This is not a number of days.", code="bad_retention", status_code=422)
        days = int(chosen) if chosen.isdecimal() else None
        await history.set_retention(get_core(), viewer.user_id, as_uuid(self.account), days)
        self.keep_days, self.asks_to_keep = chosen, False
        return rx.toast.success(text(language_of(self), "history.kept"))

    @rx.event
    @guarded
    async def ask_nothing(self, viewer: Principal) -> None:
        """Close the dialogs; nothing is done."""
        self.asks_to_erase = self.asks_to_keep = False
