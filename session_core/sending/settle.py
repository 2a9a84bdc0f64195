"""Writing down what becomes of a message while it is sent: row and event for programs in one transaction, then told."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from uuid import UUID

from session_core.clock import utcnow
from session_core.core import Core
from session_core.domain.events import MessageChanged, MessageView
from session_core.domain.lane import Hold
from session_core.domain.message import MessageStatus
from session_core.store import consent, messages, opting_out, outbox, sending, waiting
from session_core.store.engine import Transaction
from session_core.store.models import Message

_Mark = Callable[[Transaction, UUID, str, datetime], Awaitable[bool]]
"""Writes how a try ended into the row that its token owns; False when it owns it no longer."""


async def claim(
    core: Core, user_id: UUID, message: Message, token: str, now: datetime, until: datetime
) -> Message | None:
    """Make ``token`` the only one that may send the message until ``until``.

    Returns:
        The row as it is now. None when it may not be sent: somebody else was faster, its time is over, or the person
        has opted out, which ends it.
    """
    claimed = None
    async with core.db.begin() as session:
        told = await _opted_out(session, user_id, message, now)
        if told is None and await messages.claim(session, message.id, token, now, until):
            claimed = await messages.get(session, message.account_id, message.id)
            told = messages.view(claimed) if claimed is not None else None
    if told is not None:
        await _tell(core, user_id, told)
    return claimed


async def _opted_out(session: Transaction, user_id: UUID, message: Message, now: datetime) -> MessageView | None:
    """End a message that waits for somebody who has opted out. One that may be out already is looked for, as ever.

    What was sent can be taken back from anybody.
    """
    if message.status is not MessageStatus.QUEUED or message.kind == "revoke":
        return None
    if await consent.refused(session, user_id, message.account_id, message.chat_id) is None:
        return None
    return await opting_out.end(session, message, now)


async def release(core: Core, user_id: UUID, message: Message, token: str, *, counts: bool) -> None:
    """Put a message that proved not to be out back to the head of its lane; ``counts``: it was a real try."""
    async with core.db.begin() as session:
        if not await messages.release(session, message.id, token, utcnow(), counts=counts):
            return
        released = await messages.get(session, message.account_id, message.id)
    if released is not None:
        await _tell(core, user_id, messages.view(released))


async def end_lease(
    core: Core, message: Message, token: str, pause: timedelta, *, began: datetime, counts: bool = True
) -> None:
    """Let the next try begin after ``pause``: this one is over, though nobody knows how it or the one before ended.

    Args:
        core: store and bus.
        message: which.
        token: of this try.
        pause: until the next one.
        began: when the try began that may have sent it.
        counts: this was a try at all.
    """
    async with core.db.begin() as session:
        await messages.end_lease(session, message.id, token, utcnow() + pause, began, counts=counts)


async def begin_anew(core: Core, message: Message, until: datetime) -> None:
    """Let the lease of the try that is under way end at ``until``; nothing happens when another one began meanwhile."""
    async with core.db.begin() as session:
        await messages.shorten_lease(session, message.id, message.lease_token, until)


async def fail(core: Core, user_id: UUID, message: Message, token: str, failure: str) -> None:
    """End a message that will not go out; nothing happens when ``token`` no longer owns it."""
    async with core.db.begin() as session:
        if not await messages.mark_failed(session, message.id, token, failure, utcnow()):
            return
        if failure == opting_out.OPTED_OUT:
            await sending.count_opted_out(session, message.account_id)
        view = await _ended(session, message)
    if view is not None:
        await _tell(core, user_id, view)


async def unknown(core: Core, user_id: UUID, message: Message, token: str) -> None:
    """Say that nobody can know whether a message went out; nothing happens when ``token`` no longer owns it."""
    await _end_try(core, user_id, message, token, messages.mark_unknown)


async def expire_tried(core: Core, user_id: UUID, message: Message, token: str) -> None:
    """End a message whose time was over when it was its turn, and that proved not to be out."""
    await _end_try(core, user_id, message, token, messages.mark_expired)


async def expire(core: Core, user_id: UUID, message: Message) -> None:
    """End a message whose time was over before its turn came."""
    async with core.db.begin() as session:
        view = await _end(session, message, MessageStatus.EXPIRED, None, utcnow())
    if view is not None:
        await _tell(core, user_id, view)


async def held(core: Core, user_id: UUID, message: Message, hold: Hold) -> None:
    """Tell what holds a message back."""
    await _tell(core, user_id, messages.view(message).model_copy(update={"hold": hold}))


async def _end_try(core: Core, user_id: UUID, message: Message, token: str, mark: _Mark) -> None:
    async with core.db.begin() as session:
        if not await mark(session, message.id, token, utcnow()):
            return
        view = await _ended(session, message)
    if view is not None:
        await _tell(core, user_id, view)


async def _end(
    session: Transaction, message: Message, status: MessageStatus, failure: str | None, now: datetime
) -> MessageView | None:
    if not await waiting.give_up(session, message, status, failure, now):
        return None
    return await _ended(session, message)


async def _ended(session: Transaction, message: Message) -> MessageView | None:
    """Tell programs what became of the message; the event is named after it."""
    row = await messages.get(session, message.account_id, message.id)
    if row is None:
        return None
    view = messages.view(row)
    await outbox.add(session, message.account_id, f"message.{row.status.value}", view.model_dump(mode="json"))
    return view


async def _tell(core: Core, user_id: UUID, view: MessageView) -> None:
    await core.publisher.publish(MessageChanged(user_id=user_id, message=view))
