"""The page on which people see and choose how an account sends."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import reflex as rx
import structlog

from session_core.clock import utcnow
from session_core.core import Core
from session_core.domain.events import AccountDeleted, MessageChanged, SessionChanged, SessionSnapshot
from session_core.domain.pacing import SendingSettings
from session_core.domain.status import SessionStatus
from session_core.errors import NotFound, PolicyError
from session_core.services import accounts, history, lane
from session_core.services.live import Resync
from session_core.services.principal import Principal
from whahook_app.live import Batch, Watch
from whahook_app.runtime import get_core
from whahook_app.states.base import Base
from whahook_app.states.guard import as_uuid, error_text, field, guarded, language_of
from whahook_app.states.sending_form import WRONG_FIELD, keeps_less, merged, wanted_days, wanted_settings
from whahook_app.views.sending import LaneNow, SendingForm, form_of, lane_now

LOOK_EVERY = timedelta(seconds=1)
"""How often a stream of messages has the lane read again; without any it is read every few seconds."""

log = structlog.get_logger(__name__)


class Sending(Base):
    """One account at a time. The form is written when it is opened and after saving, never while somebody types.

    Attributes:
        version: changes when the form has to begin anew.
        saved: changes when what the form says is stored.
        stored: nothing else happened since.
    """

    choices: list[tuple[str, str]] = []
    account: str = ""
    name: str = ""
    now: LaneNow = LaneNow()
    form: SendingForm = SendingForm()
    version: int = 0
    saved: int = 0
    stored: bool = False
    form_error: str = ""
    wrong: str = ""
    asks_to_keep_less: bool = False
    default_window: str = ""

    loaded: bool = False
    broken: bool = False

    _shown: str = ""
    _began: SendingSettings | None = None
    _began_days: int | None = None
    _pending: dict[str, str] = {}

    @rx.event(background=True)
    async def watch(self) -> Any:
        """Show what the lane does, until the tab is closed."""
        async with self:
            self._shown, asked = "", str(self.router.url.query_parameters.get("account", ""))
            self.account = asked or self.account
            self.form_error = self.wrong = ""
            self.asks_to_keep_less = self.stored = False
        looked_at = utcnow()

        async def take_in(watch: Watch, batch: Batch) -> None:
            nonlocal looked_at
            listed = self.broken or any(isinstance(one, Resync | AccountDeleted | SessionChanged) for one in batch)
            if listed or not batch or (_moves(batch) and utcnow() - looked_at >= LOOK_EVERY):
                await self._read(get_core(), watch.user_id)
                looked_at = utcnow()

        return await self._follow(take_in)

    @rx.event
    @guarded
    async def choose(self, viewer: Principal, account_id: str) -> Any:
        """Show another account."""
        core, found = get_core(), await accounts.get(get_core(), viewer.user_id, as_uuid(account_id))
        self.account, self.form_error, self.wrong, self.stored = str(found.account_id), "", "", False
        self._show_now(core, found, await lane.lane(core, viewer.user_id, found.account_id))
        await self._begin(core, viewer.user_id)
        return rx.call_script(f'window.whahookAddress("{found.account_id}", "")')

    @rx.event
    @guarded
    async def discard(self, viewer: Principal) -> None:
        """Write the form anew, as the settings are."""
        self.form_error, self.wrong, self.stored = "", "", False
        await self._begin(get_core(), viewer.user_id)
        self.version += 1

    @rx.event
    @guarded
    async def save(self, viewer: Principal, form: dict[str, Any]) -> Any:
        """Store what the form says; ask first when that deletes messages."""
        if field(form, "account") != self.account:
            raise NotFound("account")
        try:
            wanted_settings(form)
            fewer = keeps_less(self._began_days, wanted_days(form))
        except PolicyError as error:
            return self._refuse(error)
        if fewer:
            self._pending = {name: value for name, value in form.items() if isinstance(value, str)}
            self.asks_to_keep_less = True
            return None
        return await self._store(viewer, form)

    @rx.event
    @guarded
    async def save_and_keep_less(self, viewer: Principal) -> Any:
        """Store what was asked about."""
        form, self._pending, self.asks_to_keep_less = self._pending, {}, False
        if field(form, "account") != self.account:
            raise NotFound("account")
        return await self._store(viewer, form)

    @rx.event
    async def keep(self) -> None:
        """Store nothing; the form stays as it is."""
        self._pending, self.asks_to_keep_less = {}, False

    async def _store(self, viewer: Principal, form: dict[str, Any]) -> Any:
        core, account_id = get_core(), as_uuid(self.account)
        before = (await lane.lane(core, viewer.user_id, account_id)).settings
        try:
            wanted, days = wanted_settings(form), wanted_days(form)
            settings = merged(before, self._began or before, wanted)
            if days != self._began_days:
                await history.set_retention(core, viewer.user_id, account_id, days)
            if settings != before:
                await lane.choose(core, viewer.user_id, account_id, settings)
        except PolicyError as error:
            return self._refuse(error)
        self.form_error = self.wrong = ""
        await self._begin(core, viewer.user_id)
        self.saved, self.stored = self.saved + 1, True
        view = await lane.lane(core, viewer.user_id, account_id)
        self._show_now(core, await accounts.get(core, viewer.user_id, account_id), view)
        return None

    def _refuse(self, error: PolicyError) -> Any:
        self.stored = False
        self.form_error, self.wrong = error_text(language_of(self), error), WRONG_FIELD.get(error.code, "")
        return rx.set_focus(f"sending-{self.wrong}") if self.wrong else None

    async def _begin(self, core: Core, user_id: UUID) -> None:
        """Write the form as the settings of the account are."""
        account_id = as_uuid(self.account)
        settings = (await lane.lane(core, user_id, account_id)).settings
        self._take(settings, await history.retention(core, user_id, account_id))

    def _take(self, settings: SendingSettings, days: int | None) -> None:
        self._began, self._began_days, self._shown = settings, days, self.account
        self.form = form_of(settings, days)

    async def _read(self, core: Core, user_id: UUID) -> None:
        """Read the accounts and the chosen one's lane; whatever the reason, the page says it when that fails."""
        async with self:
            asked, shown = self.account, self._shown
        try:
            found = {str(one.account_id): one for one in await accounts.list_accounts(core, user_id)}
            chosen = found.get(asked) or next(iter(found.values()), None)
            view = await lane.lane(core, user_id, chosen.account_id) if chosen is not None else None
            opens = chosen is not None and str(chosen.account_id) != shown
            days = await history.retention(core, user_id, chosen.account_id) if opens and chosen is not None else None
        except Exception as error:
            log.warning("lane_not_readable", error=repr(error))
            async with self:
                self.broken = True
            return
        async with self:
            if self.account != asked:
                # Another one was chosen meanwhile: it has been shown by that.
                return
            choices = [(name, one.name) for name, one in found.items()]
            if choices != self.choices:
                self.choices = choices
            self.account = str(chosen.account_id) if chosen is not None else ""
            if chosen is not None and view is not None:
                self._show_now(core, chosen, view)
                if opens:
                    self._take(view.settings, days)
            self.loaded, self.broken = True, False

    def _show_now(self, core: Core, account: SessionSnapshot, view: lane.LaneView) -> None:
        """Write what the lane does; what is as it was costs nothing on the wire."""
        now = lane_now(view, language_of(self), ready=account.status is SessionStatus.READY)
        if now != self.now:
            self.now = now
        self.name = account.name
        self.default_window = f"{core.settings.duplicate_window.total_seconds() / 60:g}"


def _moves(batch: Batch) -> bool:
    return any(isinstance(event, MessageChanged) for event in batch)
