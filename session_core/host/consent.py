"""What people write to hear no more, or to hear again: taken at their word in the transaction that stores it."""

from __future__ import annotations

from uuid import UUID

from session_core.domain.consent import OptOutSource, says
from session_core.domain.events import MessageView
from session_core.domain.message import Direction
from session_core.store import consent, opting_out, outbox, sending
from session_core.store.engine import Transaction

OPTED_OUT = "consent.opted_out"
OPTED_IN = "consent.opted_in"
"""Names of the events for programs."""


async def heed(session: Transaction, user_id: UUID, message: MessageView) -> list[MessageView]:
    """Note an opt-out or an opt-in when a message that came in is one; it holds for all accounts of the user.

    Returns:
        The messages that waited for that person and end now.
    """
    if message.direction is not Direction.IN or message.chat_id.endswith("@g.us"):
        return []
    settings = (await sending.chosen(session, message.account_id)).settings
    out, back = says(message.text, settings.opt_out_words), says(message.text, settings.opt_in_words)
    if out is None and back is None:
        return []
    found = await consent.person_behind(session, user_id, message.account_id, message.chat_id)
    if found is None:
        return []
    person, name = found
    if out is None:
        if await consent.remove_person(session, user_id, message.account_id, person):
            told = {"phone": person.phone, "lid": person.lid, "word": back}
            await outbox.add(session, message.account_id, OPTED_IN, told)
        return []
    row, ended = await opting_out.opt_out(
        session,
        user_id,
        None,
        person,
        OptOutSource.KEYWORD,
        message.created_at,
        name=name or message.sender_name,
        word=out,
    )
    await outbox.add(session, message.account_id, OPTED_OUT, consent.view(row).model_dump(mode="json"))
    return ended
