"""The backups of the account whose card is open: made, proved whole, put back."""

from __future__ import annotations

from uuid import UUID

import reflex as rx
import structlog

from session_core.core import Core
from session_core.domain.backup import BackupView
from session_core.errors import NotFound
from session_core.services import accounts, backups, health
from session_core.services.principal import Principal
from whahook_app.i18n import Language, text
from whahook_app.live import watches
from whahook_app.runtime import get_core
from whahook_app.states.guard import as_uuid, guarded, language_of
from whahook_app.states.menu import Question
from whahook_app.views.backups import BackupRow, backup_row

log = structlog.get_logger(__name__)

SHOWN = 6
"""The newest ones; what is kept of the others is a matter of the server."""


async def read_backups(core: Core, user_id: UUID, account_id: str) -> list[BackupView] | None:
    """Return the newest backups; None when nothing can be read now: what is shown stays then."""
    try:
        return (await backups.list_backups(core, user_id, as_uuid(account_id)))[:SHOWN]
    except NotFound:
        return None
    except health.OUTAGES as error:
        log.info("backups_not_readable", error=repr(error))
        return None


class Backups(rx.State, mixin=True):  # type: ignore[call-arg]
    """Part of the connections' state; the account is always the one whose card is open."""

    backups: list[BackupRow] = []

    @rx.event
    @guarded
    async def back_up(self, viewer: Principal) -> None:
        """Have a backup made now; the list shows how it goes."""
        await backups.request(get_core(), viewer.user_id, as_uuid(self.opened))
        self._look_again()

    @rx.event
    @guarded
    async def verify_backup(self, viewer: Principal, backup_id: str) -> None:
        """Have a backup read back, decrypted and checked."""
        await backups.verify(get_core(), viewer.user_id, as_uuid(self.opened), as_uuid(backup_id, "backup"))
        self._look_again()

    @rx.event
    @guarded
    async def ask_restore(self, viewer: Principal, backup_id: str) -> None:
        """Ask before a backup takes the place of what is there."""
        core, account_id = get_core(), as_uuid(self.opened)
        account = await accounts.get(core, viewer.user_id, account_id)
        backup = await backups.get(core, viewer.user_id, account_id, as_uuid(backup_id, "backup"))
        language = language_of(self)
        self.question = Question(
            kind="restore",
            account_id=str(account_id),
            backup_id=str(backup.id),
            title=text(language, "confirm.restore.title", name=account.name),
            body=text(language, "confirm.restore.body"),
            yes=text(language, "action.restore"),
            final=True,
        )

    async def _restore(self, viewer: Principal, asked: Question) -> None:
        await backups.restore(get_core(), viewer.user_id, as_uuid(asked.account_id), as_uuid(asked.backup_id, "backup"))
        self._look_again()

    def _look_again(self) -> None:
        watches.resync(self.router.session.client_token)

    def _show_backups(self, found: list[BackupView] | None, language: Language) -> None:
        if found is None:
            return
        rows = [backup_row(backup, language) for backup in found]
        if self.backups != rows:
            self.backups = rows
