"""Deleting everything of one person, and of everybody what is too old; in pieces, so that nobody waits for long."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Text, and_, cast
from sqlmodel import col, delete, or_, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from session_core.domain.chats import phone_of
from session_core.domain.message import MessageStatus
from session_core.store import changes, early_changes
from session_core.store.models import (
    Account,
    Activity,
    Chat,
    Contact,
    Erasure,
    Message,
    MessageReaction,
    OutboxEvent,
    PollVote,
)

PIECE = 500


@dataclass(frozen=True, slots=True)
class Person:
    """Everything that one person is known by in an account."""

    ids: frozenset[str]
    names: frozenset[str]


async def person(session: AsyncSession, account_id: UUID, wa_id: str) -> Person | None:
    """Return the person with this id under all their ids; None when the account knows nobody of that name."""
    ids, names = {wa_id}, set()
    known = False
    # A number leads to a hidden id, and that to another entry: two steps reach all of it.
    for _ in range(2):
        phones = {phone for one in ids if (phone := phone_of(one))}
        query = select(Contact).where(
            Contact.account_id == account_id,
            or_(col(Contact.wa_id).in_(ids), col(Contact.phone).in_(phones), col(Contact.lid).in_(ids)),
        )
        for row in (await session.exec(query)).all():
            known = True
            ids |= {one for one in (row.wa_id, row.lid, row.phone and f"{row.phone}@c.us") if one}
            names |= {one for one in (row.name, row.push_name) if one}
    there = select(Chat.chat_id).where(Chat.account_id == account_id, col(Chat.chat_id).in_(ids)).limit(1)
    if not known and (await session.exec(there)).first() is None:
        return None
    return Person(frozenset(ids), frozenset(names))


async def bury(session: AsyncSession, account_id: UUID, who: Person, now: datetime) -> None:
    """Note that nothing of this person from before now may be stored again."""
    hashes = {_hash(account_id, one) for one in who.ids}
    await session.exec(delete(Erasure).where(col(Erasure.account_id) == account_id, col(Erasure.who).in_(hashes)))
    session.add_all(Erasure(account_id=account_id, who=one, erased_at=now) for one in sorted(hashes))
    await session.flush()


async def erased(session: AsyncSession, account_id: UUID, wa_ids: Iterable[str]) -> dict[str, datetime]:
    """Return which of these people were erased, and when."""
    hashes = {_hash(account_id, one): one for one in wa_ids}
    query = select(Erasure).where(Erasure.account_id == account_id, col(Erasure.who).in_(hashes))
    return {hashes[row.who]: row.erased_at for row in (await session.exec(query)).all()}


async def covers(session: AsyncSession, message: Message, *others: str | None) -> bool:
    """Tell whether a message that was seen belongs to somebody who was erased after it was written.

    ``others``: further ids of its chat or its author.
    """
    people = [one for one in (message.chat_id, message.author, *others) if one]
    found = await erased(session, message.account_id, people)
    # WhatsApp tells whole seconds: what may have been written after the erasure is kept.
    return any(message.created_at < at.replace(microsecond=0) for at in found.values())


async def messages_of(session: AsyncSession, account_id: UUID, who: Person) -> list[int]:
    """Return the numbers of all messages of a person: of their chats, and what they wrote in groups."""
    query = select(Message.seq).where(
        Message.account_id == account_id, or_(col(Message.chat_id).in_(who.ids), col(Message.author).in_(who.ids))
    )
    return [seq for seq in (await session.exec(query)).all() if seq is not None]


async def events_of(session: AsyncSession, account_id: UUID, who: Person) -> list[int]:
    """Return the ids of all events for programs in which the person is named."""
    payload = cast(col(OutboxEvent.payload), Text)
    named = or_(*(payload.contains(one, autoescape=True) for one in sorted(who.ids)))
    phones = sorted(phone for one in who.ids if (phone := phone_of(one)))
    if phones:
        # What is told of consent names people by their bare numbers.
        consent = col(OutboxEvent.type).startswith("consent.")
        named = or_(named, and_(consent, or_(*(payload.contains(f'"{phone}"') for phone in phones))))
    found = (await session.exec(select(OutboxEvent.id).where(OutboxEvent.account_id == account_id, named))).all()
    return [one for one in found if one is not None]


async def delete_messages(session: AsyncSession, seqs: Sequence[int]) -> None:
    """Delete messages; the database takes them out of the search index, and files lose what they belong to."""
    await session.exec(delete(Message).where(col(Message.seq).in_(seqs)))


async def delete_events(session: AsyncSession, ids: Sequence[int]) -> None:
    """Delete events for programs with their deliveries."""
    await session.exec(delete(OutboxEvent).where(col(OutboxEvent.id).in_(ids)))


async def forget(session: AsyncSession, account_id: UUID, who: Person) -> None:
    """Delete the contact and the chats, unless somebody has written there again, reactions, votes, and the name."""
    named = col(Activity.detail).in_(sorted(who.ids | who.names))
    await session.exec(update(Activity).where(col(Activity.account_id) == account_id, named).values(detail=""))
    await changes.forget(session, account_id, who.ids)
    await early_changes.forget(session, account_id, who.ids)
    own = select(Message.id).where(Message.account_id == account_id)
    for said, by in ((MessageReaction, MessageReaction.sender), (PollVote, PollVote.voter)):
        await session.exec(delete(said).where(col(by).in_(who.ids), col(said.message_id).in_(own)))
    used = select(Message.chat_id).where(Message.account_id == account_id, col(Message.chat_id).in_(who.ids))
    alive = set((await session.exec(used.distinct())).all())
    gone = sorted(who.ids - alive)
    await session.exec(delete(Chat).where(col(Chat.account_id) == account_id, col(Chat.chat_id).in_(gone)))
    if not alive:
        await session.exec(delete(Contact).where(col(Contact.account_id) == account_id, col(Contact.wa_id).in_(gone)))
    await _renew_groups(session, account_id)


async def _renew_groups(session: AsyncSession, account_id: UUID) -> None:
    """Point the chats whose newest message is gone to the one before it."""
    there = select(Message.seq).where(col(Message.seq) == col(Chat.last_seq)).exists()
    query = select(Chat).where(Chat.account_id == account_id, col(Chat.last_seq).is_not(None), ~there)
    for chat in (await session.exec(query)).all():
        newest = (
            select(Message.seq)
            .where(Message.account_id == account_id, Message.chat_id == chat.chat_id)
            .order_by(col(Message.created_at).desc(), col(Message.seq).desc())
            .limit(1)
        )
        chat.last_seq = (await session.exec(newest)).first()
    await session.flush()


async def to_keep(session: AsyncSession) -> Sequence[tuple[UUID, int]]:
    """Return the accounts whose messages are kept for a time only, with the number of days."""
    query = select(Account.id, Account.keep_days).where(col(Account.keep_days).is_not(None))
    return [(account_id, days) for account_id, days in (await session.exec(query)).all() if days is not None]


async def older_messages(session: AsyncSession, account_id: UUID, before: datetime) -> list[int]:
    """Return some messages that were written before then, at most `PIECE`; what still waits to go out is left alone.

    Goes chat by chat: their index begins with what is oldest.
    """
    waiting = [MessageStatus.QUEUED, MessageStatus.SENDING]
    query = (
        select(Message.seq)
        .select_from(Chat)
        .join(
            Message,
            and_(col(Message.account_id) == col(Chat.account_id), col(Message.chat_id) == col(Chat.chat_id)),
        )
        .where(Chat.account_id == account_id, col(Message.created_at) < before, col(Message.status).not_in(waiting))
        .limit(PIECE)
    )
    return [seq for seq in (await session.exec(query)).all() if seq is not None]


async def older_events(session: AsyncSession, account_id: UUID, before: datetime) -> list[int]:
    """Return some events that were written before then, at most `PIECE`."""
    first = (
        select(OutboxEvent.id, OutboxEvent.created_at)
        .where(OutboxEvent.account_id == account_id)
        .order_by(col(OutboxEvent.id))
        .limit(PIECE)
    )
    return [number for number, at in (await session.exec(first)).all() if number is not None and at < before]


async def keep_for(session: AsyncSession, account_id: UUID, days: int | None) -> None:
    """Keep the account's messages for so many days from now on; None: for ever."""
    await session.exec(update(Account).where(col(Account.id) == account_id).values(keep_days=days))


def _hash(account_id: UUID, wa_id: str) -> str:
    return hashlib.sha256(f"{account_id}:{wa_id}".encode()).hexdigest()
