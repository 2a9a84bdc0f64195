"""What an account's menu does: restart, disconnect, stop by force, unlink, rename, delete. It asks first."""

from __future__ import annotations

import dataclasses
from typing import Any

import reflex as rx

from session_core.errors import PolicyError
from session_core.services import accounts
from session_core.services.principal import Principal
from whahook_app.i18n import text
from whahook_app.runtime import get_core
from whahook_app.states.guard import as_uuid, error_text, field, guarded, language_of

QUESTIONS = ("restart", "disconnect", "force_stop", "unlink", "delete")


@dataclasses.dataclass
class Question:
    """The dialog that asks first. ``kind`` is one of `QUESTIONS` or ``restore``; empty: nothing is asked."""

    kind: str = ""
    account_id: str = ""
    backup_id: str = ""
    title: str = ""
    body: str = ""
    yes: str = ""
    final: bool = False


class Menu(rx.State, mixin=True):  # type: ignore[call-arg]
    """Part of the connections' state."""

    question: Question = Question()
    renaming: bool = False
    rename_name: str = ""
    rename_error: str = ""
    _rename_account: str = ""

    @rx.event
    @guarded
    async def ask(self, viewer: Principal, kind: str, account_id: str) -> None:
        """Ask before something is done to an account."""
        if kind not in QUESTIONS:
            return
        account = await accounts.get(get_core(), viewer.user_id, as_uuid(account_id))
        language = language_of(self)
        self.question = Question(
            kind=kind,
            account_id=str(account.account_id),
            title=text(language, f"confirm.{kind}.title", name=account.name),
            body=text(language, f"confirm.{kind}.body"),
            yes=text(language, f"action.{kind}"),
            final=kind in {"unlink", "delete"},
        )

    @rx.event
    @guarded
    async def answer_yes(self, viewer: Principal) -> Any:
        """Do what was asked."""
        asked, self.question = self.question, Question()
        core, user_id, account_id = get_core(), viewer.user_id, as_uuid(asked.account_id)
        match asked.kind:
            case "restart":
                await accounts.restart(core, user_id, account_id)
            case "disconnect":
                await accounts.disconnect(core, user_id, account_id)
            case "unlink":
                await accounts.disconnect(core, user_id, account_id, logout=True)
            case "delete":
                await accounts.delete(core, user_id, account_id)
            case "restore":
                await self._restore(viewer, asked)
            case "force_stop":
                return type(self).force_stop(asked.account_id)
        return None

    @rx.event
    async def answer_no(self) -> None:
        """Leave everything as it is."""
        self.question = Question()

    @rx.event
    @guarded
    async def ask_name(self, viewer: Principal, account_id: str) -> None:
        """Open the dialog for another name."""
        account = await accounts.get(get_core(), viewer.user_id, as_uuid(account_id))
        self.renaming, self.rename_name, self.rename_error = True, account.name, ""
        self._rename_account = str(account.account_id)

    @rx.event
    @guarded
    async def rename(self, viewer: Principal, form: dict[str, Any]) -> None:
        """Give the account the form's name."""
        try:
            await accounts.rename(get_core(), viewer.user_id, as_uuid(self._rename_account), field(form, "name"))
        except PolicyError as error:
            self.rename_error = error_text(language_of(self), error)
            return
        self._close_menu()

    @rx.event
    async def close_rename(self) -> None:
        """Keep the name."""
        self._close_menu()

    def _close_menu(self) -> None:
        self.question = Question()
        self.renaming = False
        self.rename_name = self.rename_error = self._rename_account = ""
