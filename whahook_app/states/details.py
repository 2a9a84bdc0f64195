"""What an opened card shows: the account's history, its latest messages, and a form for a test message."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import reflex as rx

from session_core.core import Core
from session_core.domain.events import ActivityAdded, ActivityEntry, MessageChanged, MessageView
from session_core.errors import NotFound, PolicyError
from session_core.services import accounts, chats, messages, outgoing
from session_core.services.principal import Principal
from whahook_app.live import Batch, watches
from whahook_app.runtime import get_core
from whahook_app.states.guard import as_uuid, error_text, field, guarded, language_of
from whahook_app.states.media import written
from whahook_app.views.activity import ActivityRow, activity_row
from whahook_app.views.lists import merged
from whahook_app.views.messages import MessageRow, message_row

ACTIVITY_PAGE = 8
RECENT_MESSAGES = 5


async def read_details(core: Core, user_id: UUID, account_id: str) -> tuple[list[ActivityEntry], list[MessageView]]:
    """Return the newest lines of the history and the newest messages; NotFound when the account is not the user's."""
    wanted = as_uuid(account_id)
    lines = await accounts.history(core, user_id, wanted, limit=ACTIVITY_PAGE)
    return lines, await messages.list_messages(core, user_id, wanted, limit=RECENT_MESSAGES)


async def details_now(
    core: Core, user_id: UUID, account_id: str
) -> tuple[list[ActivityEntry], list[MessageView]] | None:
    """Return what `read_details` does; None when the account was deleted meanwhile."""
    try:
        return await read_details(core, user_id, account_id)
    except NotFound:
        return None


async def read_messages(core: Core, user_id: UUID, account_id: str, batch: Batch) -> list[MessageView]:
    """Return the account's messages of which the batch tells, as they are now; none when the account is gone.

    What an event says is how its message was then, and the events of several processes come in any order.
    """
    ids = [
        event.message.id
        for event in batch
        if isinstance(event, MessageChanged) and str(event.message.account_id) == account_id
    ]
    if not ids:
        return []
    try:
        return await chats.as_now(core, user_id, as_uuid(account_id), ids)
    except NotFound:
        return []


class Details(rx.State, mixin=True):  # type: ignore[call-arg]
    """Part of the connections' state: one card at a time is open."""

    opened: str = ""
    activity: list[ActivityRow] = []
    more_activity: bool = False
    recent: list[MessageRow] = []
    send_error: str = ""
    duplicate: bool = False
    test_to: str = ""

    _tested: str = ""

    @rx.event
    @guarded
    async def toggle(self, viewer: Principal, account_id: str) -> None:
        """Open a card, or close the one that is open."""
        was_open = self.opened
        self._close_details()
        if was_open == account_id:
            return
        lines, found = await read_details(get_core(), viewer.user_id, account_id)
        self.opened = account_id
        self._show_details(lines, found)
        # How the account is doing is looked at where everything else is: in the page's own loop.
        watches.resync(self.router.session.client_token)

    @rx.event
    @guarded
    async def older_activity(self, viewer: Principal) -> None:
        """Show the lines before the oldest one that is shown."""
        if not self.activity:
            return
        lines = await accounts.history(
            get_core(), viewer.user_id, as_uuid(self.opened), limit=ACTIVITY_PAGE, before=self.activity[-1].id
        )
        language = language_of(self)
        self.activity = self.activity + [activity_row(line, language) for line in lines]
        self.more_activity = len(lines) == ACTIVITY_PAGE

    @rx.event
    @guarded
    async def send_test(self, viewer: Principal, form: dict[str, Any]) -> Any:
        """Queue the form's text; its way to the phone shows up in the list below the form."""
        to, said = field(form, "to"), field(form, "text") + "\0" + field(form, "media")
        force = self.duplicate and (to, said) == (self.test_to, self._tested)
        self.test_to, self._tested = to, said
        self.send_error, self.duplicate = "", False
        try:
            await outgoing.send(
                get_core(), viewer.user_id, as_uuid(self.opened), to=to, content=written(form), force=force
            )
        except PolicyError as error:
            self.send_error = error_text(language_of(self), error)
            self.duplicate = error.code == "duplicate_message"
            return None
        self._tested = ""
        return [rx.set_value("test-text", ""), rx.call_script("window.whahookAttachClear()")]

    def _show_details(self, lines: list[ActivityEntry], found: list[MessageView]) -> None:
        language = language_of(self)
        self.activity = [activity_row(line, language) for line in lines]
        self.more_activity = len(lines) == ACTIVITY_PAGE
        self.recent = [message_row(message, language) for message in found]

    def _add_activity(self, batch: Batch) -> None:
        """Add what just happened to the history of the open card."""
        language, opened = language_of(self), self.opened
        lines = [
            activity_row(event.entry, language)
            for event in batch
            if isinstance(event, ActivityAdded) and str(event.entry.account_id) == opened
        ]
        if lines:
            self.activity = merged(self.activity, lines)

    def _add_messages(self, found: list[MessageView]) -> None:
        """Show messages as they are now; the older ones make room."""
        language = language_of(self)
        self.recent = merged(self.recent, [message_row(message, language) for message in found])[:RECENT_MESSAGES]

    def _close_details(self) -> None:
        self.opened = self.send_error = self.test_to = self._tested = ""
        self.activity, self.recent = [], []
        self.more_activity = self.duplicate = False
