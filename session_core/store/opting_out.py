"""What an opt-out does to what waits, in one transaction: the row, the messages that end, their events."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from session_core.domain.consent import OptOutSource, Person
from session_core.domain.events import MessageView
from session_core.domain.message import MessageStatus
from session_core.store import consent, messages, outbox, sending, waiting
from session_core.store.models import Message, OptOut

OPTED_OUT = "opted_out"
"""``failure`` of a message to somebody who does not want to hear from us."""


async def opt_out(
    session: AsyncSession,
    user_id: UUID,
    account_id: UUID | None,
    person: Person,
    source: OptOutSource,
    at: datetime,
    *,
    name: str | None = None,
    word: str | None = None,
) -> tuple[OptOut, list[MessageView]]:
    """Note that a person does not want to hear from the user, and end what waits for that person.

    Args:
        session: a writing transaction.
        user_id: from whom.
        account_id: only from this account of the user; None: from all.
        person: by all ids that are known.
        source: how we know.
        at: when.
        name: of the person.
        word: what the person wrote.

    Returns:
        The opt-out (the earlier one when there is one), and the messages that ended.
    """
    row = await consent.add(session, user_id, account_id, person, source, at, name=name, word=word)
    ended = []
    for message in await consent.waiting_for(session, user_id, account_id, person):
        view = await end(session, message, at)
        if view is not None:
            ended.append(view)
    if row is None:
        row = await consent.of_scope(session, account_id or user_id, person)
    return row, ended


async def end(session: AsyncSession, message: Message, at: datetime) -> MessageView | None:
    """End a message that waits for somebody who has opted out; None when it does not wait any more."""
    if not await waiting.give_up(session, message, MessageStatus.FAILED, OPTED_OUT, at):
        return None
    row = await messages.get(session, message.account_id, message.id)
    if row is None:
        return None
    view = messages.view(row)
    await outbox.add(session, message.account_id, "message.failed", view.model_dump(mode="json"))
    await sending.count_opted_out(session, message.account_id)
    return view
