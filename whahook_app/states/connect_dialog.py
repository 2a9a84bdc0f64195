"""The dialog that connects an account: name, QR or code, linking, done."""

from __future__ import annotations

import dataclasses
from datetime import datetime
from typing import Any
from uuid import UUID

import reflex as rx

from session_core.clock import utcnow
from session_core.domain.events import SessionSnapshot
from session_core.domain.status import AccountKind
from session_core.errors import PolicyError, WhahookError
from session_core.services import accounts, health
from session_core.services.principal import Principal
from whahook_app.i18n import Language
from whahook_app.runtime import get_core
from whahook_app.states.accounts_model import AccountsModel
from whahook_app.states.guard import as_uuid, error_text, field, guarded, guarded_in_background, language_of
from whahook_app.views.connecting import Connecting, connecting

NOT_ASKED = -1
"""No state is older than this: a dialog that was opened to look shows the state as it is."""


class ConnectDialog(rx.State, mixin=True):  # type: ignore[call-arg]
    """Part of the connections' state. The QR is in it only while the dialog shows it to its owner."""

    dialog_open: bool = False
    connecting: Connecting = Connecting()
    by_code: bool = False
    pairing_code: str = ""
    pairing_busy: bool = False
    pairing_error: str = ""
    form_error: str = ""
    new_kind: str = AccountKind.LIVE.value
    _dialog_account: str = ""
    _asked_at_seq: int = NOT_ASKED

    @rx.event
    @guarded
    async def open_new(self, viewer: Principal, kind: str) -> None:
        """Open the dialog for a new account; ``kind`` is what is chosen at first."""
        self._close_dialog()
        self.connecting = Connecting()
        self.new_kind = kind if kind in set(AccountKind) else AccountKind.LIVE.value
        self.dialog_open = True

    @rx.event
    @guarded
    async def create(self, viewer: Principal, form: dict[str, Any]) -> None:
        """Make the account of the form and connect it."""
        core = get_core()
        kind = AccountKind.SANDBOX if field(form, "kind") == AccountKind.SANDBOX.value else AccountKind.LIVE
        try:
            made = await accounts.create(core, viewer.user_id, name=field(form, "name"), kind=kind)
        except PolicyError as error:
            self.form_error = error_text(language_of(self), error)
            return
        await self._connect(viewer, made.account_id, by_code=False)

    @rx.event
    @guarded
    async def connect(self, viewer: Principal, account_id: str) -> None:
        """Connect an account again, and show how it goes."""
        await self._connect(viewer, as_uuid(account_id), by_code=False)

    @rx.event
    @guarded
    async def connect_by_code(self, viewer: Principal, account_id: str) -> None:
        """Connect an account with a code instead of a QR."""
        await self._connect(viewer, as_uuid(account_id), by_code=True)

    @rx.event
    @guarded
    async def try_again(self, viewer: Principal) -> None:
        """Connect the dialog's account once more, e.g. when its codes have expired."""
        await self._connect(viewer, as_uuid(self._dialog_account), by_code=False)

    @rx.event
    @guarded
    async def show(self, viewer: Principal, account_id: str) -> None:
        """Open the dialog of an account that is on its way."""
        core = get_core()
        snapshot = await accounts.get(core, viewer.user_id, as_uuid(account_id))
        self._open_dialog(snapshot, NOT_ASKED, (await health.capacity(core)).hosts)

    @rx.event
    @guarded
    async def use_code(self, viewer: Principal, wanted: bool) -> None:
        """Change between the QR and the code."""
        self.by_code = wanted is True
        self.pairing_code = self.pairing_error = ""

    @rx.event(background=True)
    @guarded_in_background
    async def ask_code(self, viewer: Principal, form: dict[str, Any]) -> None:
        """Ask WhatsApp for a pairing code; it takes a second or two, so the page is not held up."""
        async with self:
            account_id, language = self._dialog_account, language_of(self)
            self.pairing_busy, self.pairing_error, self.pairing_code = True, "", ""
        code = problem = ""
        try:
            code = await accounts.pairing_code(
                get_core(), viewer.user_id, as_uuid(account_id), phone=field(form, "phone")
            )
        except WhahookError as error:
            problem = error_text(language, error)
        finally:
            async with self:
                self.pairing_busy = False
                if self._dialog_account == account_id:
                    self.pairing_code, self.pairing_error = spaced(code), problem

    @rx.event
    async def close_dialog(self) -> None:
        """Close the dialog; the account goes on by itself."""
        self._close_dialog()

    async def _connect(self, viewer: Principal, account_id: UUID, *, by_code: bool) -> None:
        core = get_core()
        snapshot = await accounts.connect(core, viewer.user_id, account_id)
        self._open_dialog(snapshot, snapshot.seq, (await health.capacity(core)).hosts)
        self.by_code = by_code

    def _open_dialog(self, snapshot: SessionSnapshot, asked_at_seq: int, hosts: int) -> None:
        self._close_dialog()
        self._dialog_account, self._asked_at_seq = str(snapshot.account_id), asked_at_seq
        self.dialog_open = True
        self._describe(snapshot, hosts, language_of(self), utcnow())

    def _show_connecting(self, model: AccountsModel, language: Language, now: datetime) -> None:
        """Bring the open dialog up to date; an account that is gone takes its dialog with it."""
        if not self._dialog_account:
            return
        snapshot = model.snapshots.get(UUID(self._dialog_account))
        if snapshot is None:
            self._close_dialog()
            return
        self._describe(snapshot, model.capacity.hosts, language, now)

    def _describe(self, snapshot: SessionSnapshot, hosts: int, language: Language, now: datetime) -> None:
        view = connecting(snapshot, language, now, asked_at_seq=self._asked_at_seq, hosts=hosts)
        if view != self.connecting:
            self.connecting = view
        if view.step != "qr" and self.pairing_code:
            self.pairing_code = ""

    def _close_dialog(self) -> None:
        """Close it and drop its secrets; the rest of the view stays while the dialog fades away."""
        self.dialog_open = False
        self.connecting = dataclasses.replace(self.connecting, qr_png="", qr_text="")
        self.by_code = self.pairing_busy = False
        self.pairing_code = self.pairing_error = self.form_error = ""
        self._dialog_account, self._asked_at_seq = "", NOT_ASKED


def spaced(code: str) -> str:
    """Write a pairing code as the phone shows it: ``ABCD-1234``."""
    return f"{code[:4]}-{code[4:]}" if code else ""
