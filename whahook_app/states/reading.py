"""Read marks: who looks at a conversation on the page has read it."""

from __future__ import annotations

import reflex as rx
import structlog

from session_core.errors import WhahookError
from session_core.services import chat_actions
from session_core.services.principal import Principal
from whahook_app.runtime import get_core
from whahook_app.states.guard import as_uuid, guarded, guarded_in_background

log = structlog.get_logger(__name__)

ON, OFF = "on", "off"


class Reading(rx.State, mixin=True):  # type: ignore[call-arg]
    """Part of the messages' state. That somebody looks is known to the browser alone (``assets/messages.js``).

    Whether looking tells the other side is chosen by each person for their own browser.
    """

    unread: int = 0
    read_marks: str = rx.LocalStorage(ON, name="whahook-read-marks")

    @rx.event(background=True)
    @guarded_in_background
    async def read_opened(self, viewer: Principal) -> None:
        """Tell WhatsApp that the open conversation was read; the page is not held up, and goes on when it fails."""
        async with self:
            account, chat, ready = self.account, self.chat, self.ready
            wanted = self.read_marks != OFF and not self.past
        if not chat or not ready or not wanted:
            return
        try:
            await chat_actions.mark_read(get_core(), viewer.user_id, as_uuid(account), chat)
        except WhahookError as error:
            # It stays unread, here and there, and the next look tries again.
            log.info("chat_not_marked_read", reason=error.code)

    @rx.event
    @guarded
    async def switch_read_marks(self, viewer: Principal) -> None:
        """Mark conversations as read when somebody looks at them, or not any more."""
        self.read_marks = ON if self.read_marks == OFF else OFF
