"""What one can do about a single message: take it back, or say what became of it."""

from __future__ import annotations

from typing import Any

import reflex as rx

from session_core.services import lane
from session_core.services.principal import Principal
from whahook_app.runtime import get_core
from whahook_app.states.base import Base
from whahook_app.states.guard import as_uuid, guarded


class LaneActions(Base):
    """The buttons of a message; what they change comes back as an event to whoever shows it."""

    @rx.event
    @guarded
    async def cancel(self, viewer: Principal, account_id: str, message_id: str) -> Any:
        """Take a message back that is still queued."""
        await lane.cancel(get_core(), viewer.user_id, as_uuid(account_id), as_uuid(message_id, "message"))

    @rx.event
    @guarded
    async def was_sent(self, viewer: Principal, account_id: str, message_id: str) -> Any:
        """Somebody has seen the message on the phone."""
        await lane.resolve(get_core(), viewer.user_id, as_uuid(account_id), as_uuid(message_id, "message"), "sent")

    @rx.event
    @guarded
    async def send_again(self, viewer: Principal, account_id: str, message_id: str) -> Any:
        """Somebody has seen that the message is not on the phone."""
        await lane.resolve(get_core(), viewer.user_id, as_uuid(account_id), as_uuid(message_id, "message"), "not_sent")
