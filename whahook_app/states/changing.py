"""What one can do with a message that is out: react, give it other words, delete it for everyone."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import reflex as rx

from session_core.clock import utcnow
from session_core.domain.content import ACTIONS
from session_core.domain.events import MessageView
from session_core.domain.message import Direction, MessageStatus
from session_core.errors import NotFound, PolicyError
from session_core.services import changing
from session_core.services.principal import Principal
from whahook_app.i18n import Language, text
from whahook_app.runtime import get_core
from whahook_app.states.guard import as_uuid, error_text, field, guarded, language_of
from whahook_app.views.chats import Bubble
from whahook_app.views.messages import failure

EMOJIS = {"👍": "thumb", "❤️": "heart", "😂": "laugh", "😮": "wow", "😢": "sad", "🙏": "thanks"}
"""What one can react with here, by what it is called; REST takes any emoji."""

EDIT_WINDOW = timedelta(minutes=15)
"""For how long WhatsApp lets a text be changed (facts: whatsapp-web.md)."""


class Changing(rx.State, mixin=True):  # type: ignore[call-arg]
    """Part of the messages' state: a menu for each message, and two dialogs."""

    editing: str = ""
    edit_text: str = ""
    edit_error: str = ""
    deleting: str = ""

    @rx.event
    @guarded
    async def react(self, viewer: Principal, message_id: str, emoji: str) -> None:
        """React to a message; an empty emoji takes the reaction back."""
        if emoji not in ("", *EMOJIS):
            raise PolicyError("This is not offered here.", code="bad_emoji", status_code=422)
        await changing.react(get_core(), viewer.user_id, as_uuid(self.account), as_uuid(message_id, "message"), emoji)

    @rx.event
    @guarded
    async def ask_to_edit(self, viewer: Principal, message_id: str) -> Any:
        """Open the dialog for other words."""
        row = self._shown(message_id)
        if not row.changeable:
            raise NotFound("message")
        if too_late_to_edit(row.sent_at):
            return rx.toast.error(text(language_of(self), "failure.too_late_to_edit"))
        self.editing, self.edit_text, self.edit_error, self.deleting = row.id, row.text, "", ""
        return None

    @rx.event
    @guarded
    async def edit(self, viewer: Principal, form: dict[str, Any]) -> None:
        """Give the message the form's words."""
        row, language = self._shown(self.editing), language_of(self)
        self.edit_text, self.edit_error = field(form, "text"), ""
        if too_late_to_edit(row.sent_at):
            self.edit_error = text(language, "failure.too_late_to_edit")
            return
        try:
            await changing.edit(
                get_core(), viewer.user_id, as_uuid(self.account), as_uuid(row.id, "message"), self.edit_text
            )
        except PolicyError as error:
            self.edit_error = error_text(language, error)
            return
        self._stop_changing()

    @rx.event
    @guarded
    async def ask_to_delete(self, viewer: Principal, message_id: str) -> None:
        """Ask before a message is deleted for everyone."""
        row = self._shown(message_id)
        if not row.deletable:
            raise NotFound("message")
        self.deleting, self.editing = row.id, ""

    @rx.event
    @guarded
    async def delete_for_everyone(self, viewer: Principal) -> None:
        """Delete the message for everyone."""
        chosen, self.deleting = self.deleting, ""
        await changing.revoke(get_core(), viewer.user_id, as_uuid(self.account), as_uuid(chosen, "message"))

    @rx.event
    @guarded
    async def change_nothing(self, viewer: Principal) -> None:
        """Close the dialogs."""
        self._stop_changing()

    def _shown(self, message_id: str) -> Bubble:
        row = next((row for row in self.bubbles if row.id == message_id), None)
        if row is None:
            raise NotFound("message")
        return row

    def _stop_changing(self) -> None:
        self.editing = self.edit_text = self.edit_error = self.deleting = ""


def too_late_to_edit(at: str) -> bool:
    """Tell whether WhatsApp would refuse other words for a message of that time (ISO 8601)."""
    return utcnow() - datetime.fromisoformat(at) > EDIT_WINDOW


def refused(news: list[MessageView], chat_id: str, language: Language) -> str:
    """Return why the newest change to a message of this chat was not made; empty when none was refused.

    Changes are no messages of their own on the page: without this nobody would hear of it.
    """
    failed = [
        one
        for one in news
        if one.kind in ACTIONS
        and one.chat_id == chat_id
        and one.direction is Direction.OUT
        and one.status is MessageStatus.FAILED
    ]
    if not failed:
        return ""
    return f"{text(language, f'chats.not_done.{failed[-1].kind}')} {failure(failed[-1].failure, language)}".strip()
