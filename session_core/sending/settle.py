"""Writing down what becomes of a message while it is sent: row and event for programs in one transaction, then told."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from session_core.clock import utcnow
from session_core.core import Core
from session_core.domain.events import MessageChanged, MessageView
from session_core.store import messages, outbox
from session_core.store.models import Message


async def claim(
    core: Core, user_id: UUID, message: Message, token: str, now: datetime, until: datetime
) -> Message | None:
    """Make ``token`` the only one that may send the message until ``until``; None when somebody else was faster.

    Returns:
        The row as it is now.
    """
    async with core.db.begin() as session:
        if not await messages.claim(session, message.id, token, now, until):
            return None
        claimed = await messages.get(session, message.account_id, message.id)
    if claimed is None:
        return None
    await _tell(core, user_id, messages.view(claimed))
    return claimed


async def release(core: Core, user_id: UUID, message: Message, token: str, *, counts: bool) -> None:
    """Put a message that proved not to be out back to the head of its lane; ``counts``: it was a real try."""
    async with core.db.begin() as session:
        if not await messages.release(session, message.id, token, utcnow(), counts=counts):
            return
        released = await messages.get(session, message.account_id, message.id)
    if released is not None:
        await _tell(core, user_id, messages.view(released))


async def end_lease(core: Core, message: Message, token: str, pause: timedelta) -> None:
    """Let the next try begin after ``pause``: this one is over, though nobody knows how it ended."""
    now = utcnow()
    async with core.db.begin() as session:
        await messages.end_lease(session, message.id, token, now + pause, now)


async def fail(core: Core, user_id: UUID, message: Message, token: str, failure: str) -> None:
    """End a message that will not go out; nothing happens when ``token`` no longer owns it."""
    async with core.db.begin() as session:
        if not await messages.mark_failed(session, message.id, token, failure, utcnow()):
            return
        failed = await messages.get(session, message.account_id, message.id)
        if failed is None:
            return
        view = messages.view(failed)
        await outbox.add(session, message.account_id, "message.failed", view.model_dump(mode="json"))
    await _tell(core, user_id, view)


async def _tell(core: Core, user_id: UUID, view: MessageView) -> None:
    await core.publisher.publish(MessageChanged(user_id=user_id, message=view))
