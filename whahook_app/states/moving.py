"""Moving an account to another host: choose one, then see how far it has come."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

import reflex as rx

from session_core.errors import PolicyError
from session_core.services import accounts, hosts
from session_core.services.principal import Principal
from whahook_app.i18n import Language
from whahook_app.runtime import get_core
from whahook_app.states.accounts_model import AccountsModel
from whahook_app.states.guard import as_uuid, error_text, field, guarded, language_of
from whahook_app.views.moving import Moving, begun, choosing, progress


class MoveDialog(rx.State, mixin=True):  # type: ignore[call-arg]
    """Part of the connections' state."""

    several_hosts: bool = False
    move: Moving = Moving()
    _move_seq: int = 0

    @rx.event
    @guarded
    async def ask_move(self, viewer: Principal, account_id: str) -> None:
        """Open the dialog with the hosts as they are now."""
        core, wanted = get_core(), as_uuid(account_id)
        account = await accounts.get(core, viewer.user_id, wanted)
        listed = await hosts.list_hosts(core, viewer.user_id, wanted)
        self.move = choosing(account, listed, language_of(self))

    @rx.event
    @guarded
    async def start_move(self, viewer: Principal, form: dict[str, Any]) -> None:
        """Move the account to the host that was chosen."""
        language, host_id = language_of(self), field(form, "host")[:64]
        try:
            account = await hosts.move(get_core(), viewer.user_id, as_uuid(self.move.account_id), host_id)
        except PolicyError as error:
            self.move = replace(self.move, error=error_text(language, error))
            return
        self._move_seq = account.seq
        self.move = begun(self.move, host_id, language)

    @rx.event
    async def close_move(self) -> None:
        """Close the dialog; a move that was begun goes on."""
        self.move = Moving()

    def _show_moving(self, model: AccountsModel, language: Language) -> None:
        if self.move.step != "moving":
            return
        account = model.snapshots.get(UUID(self.move.account_id))
        if account is None:
            self.move = Moving()
        elif account.seq >= self._move_seq:
            fresh = progress(self.move, account, language)
            if fresh != self.move:
                self.move = fresh
