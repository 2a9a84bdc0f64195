"""What changes a message, written into its row together with the event for programs."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from session_core.clock import utcnow
from session_core.domain.chats import ContactFacts
from session_core.domain.events import MessageView
from session_core.domain.message import Direction
from session_core.store import changes, chats, early_changes, erasure, messages, outbox, people
from session_core.store.engine import Transaction
from session_core.store.models import EarlyKind, Message
from session_core.whatsapp.driver import MessageEdited, MessageRevoked, ReactionSeen, VoteSeen

EDITED = "message.edited"
REVOKED = "message.revoked"
REACTION = "message.reaction"
VOTE = "poll.vote"
"""Names of the events for programs."""

Change = MessageEdited | MessageRevoked | ReactionSeen | VoteSeen


async def apply(session: Transaction, account_id: UUID, change: Change) -> MessageView | None:
    """Change the message that is meant; None when that is no news, or a message that we do not have.

    Reactions to such a message, and votes in it, are kept for the case that it comes. What a sweep found is not: that
    comes after its message, or without it.
    """
    ids = change.wa_message_ids if isinstance(change, MessageRevoked) else (change.wa_message_id,)
    row = await changes.target(session, account_id, ids)
    if isinstance(change, ReactionSeen | VoteSeen) and change.replayed:
        if row is None or await _is_erased(session, account_id, change):
            return None
    elif row is None:
        await _keep(session, account_id, change)
        return None
    also: list[str] = []
    if isinstance(change, ReactionSeen | VoteSeen):
        change, also = await _by_one(session, row, change)
    if not await _apply(session, row, change, also):
        return None
    if isinstance(change, ReactionSeen | VoteSeen) and not change.from_me:
        await _learn(session, row, change)
    [view] = await changes.adorned(session, [messages.view(row)])
    await _add_event(session, view, change)
    return view


def _who(change: ReactionSeen | VoteSeen) -> str:
    return change.sender if isinstance(change, ReactionSeen) else change.voter


async def _by_one(
    session: Transaction, row: Message, change: ReactionSeen | VoteSeen
) -> tuple[ReactionSeen | VoteSeen, list[str]]:
    """Return what somebody did under the id by which they are kept, and all their ids in a group."""
    who = changes.whose(row, _who(change), from_me=change.from_me)
    also = [_who(change), change.lid or ""]
    if changes.in_group(row) and not change.from_me:
        who = await chats.kept_as(session, row.account_id, who)
        also += await chats.ids_of(session, row.account_id, who)
    if isinstance(change, ReactionSeen):
        return replace(change, sender=who), also
    return replace(change, voter=who), also


async def _learn(session: Transaction, row: Message, change: ReactionSeen | VoteSeen) -> None:
    """Note what the page told about somebody who acted in a group; of others the chat tells."""
    if changes.in_group(row) and (change.lid or change.name):
        who = ContactFacts(_who(change), lid=change.lid, push_name=change.name)
        await chats.learn_contacts(session, row.account_id, [who])


async def apply_early(session: Transaction, row: Message) -> MessageView | None:
    """Do to a message that is stored now what was heard before it came; None when nothing was."""
    if row.wa_message_id is None:
        return None
    view = None
    for one in await early_changes.take(session, row, of_ours=row.direction is Direction.OUT):
        change: Change
        if one.kind is EarlyKind.REACTION:
            change = ReactionSeen(row.wa_message_id, one.who, one.from_me, next(iter(one.said), ""), one.at)
        else:
            change = VoteSeen(row.wa_message_id, one.who, one.from_me, tuple(one.said), one.at)
        view = await apply(session, row.account_id, change) or view
    return view


async def _is_erased(session: Transaction, account_id: UUID, change: ReactionSeen | VoteSeen) -> bool:
    """Tell whether somebody did this before everything of them was deleted here; the phone still has it."""
    erased = await erasure.erased(session, account_id, filter(None, (_who(change), change.lid)))
    return any(change.at < at for at in erased.values())


async def _keep(session: Transaction, account_id: UUID, change: Change) -> None:
    said: tuple[str, ...]
    if isinstance(change, ReactionSeen):
        kind, who, said = EarlyKind.REACTION, change.sender, (change.emoji,)
    elif isinstance(change, VoteSeen):
        kind, who, said = EarlyKind.VOTE, change.voter, change.options
    else:
        return
    id_, at, now = change.wa_message_id, change.at, utcnow()
    await early_changes.keep(session, account_id, id_, kind, who, said, at, now, from_me=change.from_me)


async def _apply(session: Transaction, row: Message, change: Change, also: list[str]) -> bool:
    match change:
        case MessageEdited():
            return await changes.edit(session, row, change.text, change.at)
        case MessageRevoked():
            return await changes.revoke(session, row, change.at)
        case ReactionSeen():
            who, said, mine = change.sender, change.emoji, change.from_me
            return await changes.react(session, row, who, said, change.at, from_me=mine, also=also)
        case VoteSeen():
            who, chosen, mine = change.voter, change.options, change.from_me
            return await changes.vote(session, row, who, chosen, change.at, from_me=mine, also=also)


async def _add_event(session: Transaction, view: MessageView, change: Change) -> None:
    message = {"message_id": str(view.id), "wa_message_id": view.wa_message_id, "chat_id": view.chat_id}
    about = {**message, "at": change.at.isoformat()}
    name_of = {}
    if isinstance(change, ReactionSeen | VoteSeen) and not change.from_me:
        name_of = await people.names_of(session, view.account_id, [_who(change)])
    match change:
        case MessageEdited():
            name, payload = EDITED, view.model_dump(mode="json")
        case MessageRevoked():
            name, payload = REVOKED, view.model_dump(mode="json")
        case ReactionSeen():
            name = REACTION
            payload = {**about, "sender": change.sender, "sender_name": name_of.get(change.sender)}
            payload |= {"from_me": change.from_me, "emoji": change.emoji, "replayed": change.replayed}
        case VoteSeen():
            name = VOTE
            payload = {**about, "voter": change.voter, "voter_name": name_of.get(change.voter)}
            payload |= {"from_me": change.from_me, "options": list(change.options), "replayed": change.replayed}
    await outbox.add(session, view.account_id, name, payload)
