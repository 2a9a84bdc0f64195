"""Queries on chats and contacts. Whoever stores a message notes it here in the same transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import String, and_, case, literal, tuple_
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlmodel import col, or_, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from session_core.clock import utcnow
from session_core.domain.chats import (
    ChatFacts,
    ChatKind,
    ChatView,
    ContactFacts,
    ContactView,
    phone_of,
    searchable,
)
from session_core.domain.content import ACTIONS
from session_core.domain.message import Direction
from session_core.domain.text import fold, storable
from session_core.store import messages, people
from session_core.store.models import Chat, Contact, Message
from session_core.store.types import UtcDateTime

T = TypeVar("T")

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
"""When something was last written in a chat of which nobody knows it."""


def view(chat: Chat, contact: Contact | None, last: Message | None) -> ChatView:
    """Turn a chat with its person and its newest message into what its owner sees."""
    person = contact.name or contact.push_name if contact else None
    return ChatView(
        account_id=chat.account_id,
        chat_id=chat.chat_id,
        kind=chat.kind,
        name=chat.name or person,
        phone=(contact.phone if contact else None) or phone_of(chat.chat_id),
        unread=chat.unread,
        archived=chat.archived,
        last_at=chat.last_at,
        last=messages.view(last) if last else None,
    )


def contact_view(row: Contact) -> ContactView:
    """Turn a stored contact into what its owner sees."""
    return ContactView(
        account_id=row.account_id,
        wa_id=row.wa_id,
        phone=row.phone,
        lid=row.lid,
        name=row.name,
        push_name=row.push_name,
    )


# ---- Writing ------------------------------------------------------------------------------------------------------


async def note(session: AsyncSession, message: Message) -> None:
    """Make a message that was just stored the newest of its chat, unless a later one is there already.

    A message that came in counts as unread; one that went out shows that the chat was looked at.
    """
    came_in = message.direction is Direction.IN
    statement = _insert(session, Chat).values(
        account_id=message.account_id,
        chat_id=message.chat_id,
        kind=ChatKind.of(message.chat_id),
        search=searchable(phone_of(message.chat_id)),
        unread=int(came_in),
        archived=False,
        last_at=message.created_at,
        last_seq=message.seq,
        updated_at=utcnow(),
    )
    given = statement.excluded
    newer = given.last_at >= col(Chat.last_at)
    await session.exec(
        statement.on_conflict_do_update(
            index_elements=["account_id", "chat_id"],
            set_={
                "last_at": case((newer, given.last_at), else_=col(Chat.last_at)),
                "last_seq": case((newer, given.last_seq), else_=col(Chat.last_seq)),
                "unread": Chat.unread + 1 if came_in else 0,
                "updated_at": given.updated_at,
            },
        )
    )


async def ids_of(session: AsyncSession, account_id: UUID, chat_id: str) -> list[str]:
    """Return the id of a chat, or of somebody in it, and the other one of the same person where that is known."""
    query = select(Contact).where(
        Contact.account_id == account_id,
        or_(Contact.wa_id == chat_id, Contact.lid == chat_id, Contact.phone == (phone_of(chat_id) or "")),
    )
    ids = [chat_id]
    for one in (await session.exec(query)).all():
        ids += [wa_id for wa_id in (one.lid, f"{one.phone}@c.us" if one.phone else None) if wa_id]
    return sorted(set(ids))


async def unite(session: AsyncSession, account_id: UUID, hidden: str, kept_as: str) -> None:
    """Bring what was kept under a person's hidden id to the chat of their number; nothing, mostly: a look for a key.

    The hidden id is noted with the person, so that what is written to it finds the chat, too.
    """
    await learn_contacts(session, account_id, [ContactFacts(kept_as, phone=phone_of(kept_as), lid=hidden)])
    old = await session.get(Chat, (account_id, hidden))
    if old is None:
        return
    moved = update(Message).where(col(Message.account_id) == account_id, col(Message.chat_id) == hidden)
    await session.exec(moved.values(chat_id=kept_as))
    kept = await session.get(Chat, (account_id, kept_as))
    if kept is not None:
        kept.unread += old.unread
        if old.last_at > kept.last_at:
            kept.last_at, kept.last_seq = old.last_at, old.last_seq
        await session.delete(old)
    else:
        old.chat_id = kept_as
    await session.flush()


async def kept_as(session: AsyncSession, account_id: UUID, chat_id: str) -> str:
    """Return the id under which a chat is kept: that of the number, when the hidden id of a known one is given."""
    if not chat_id.endswith("@lid"):
        return chat_id
    query = select(Contact.phone).where(
        Contact.account_id == account_id,
        or_(Contact.wa_id == chat_id, Contact.lid == chat_id),
        col(Contact.phone).is_not(None),
    )
    phone = (await session.exec(query.limit(1))).first()
    return f"{phone}@c.us" if phone else chat_id


async def mark_read(session: AsyncSession, account_id: UUID, chat_id: str) -> bool:
    """Note that nothing in the chat is unread any more; False when that is no news."""
    result = await session.exec(
        update(Chat)
        .where(col(Chat.account_id) == account_id, col(Chat.chat_id) == chat_id, col(Chat.unread) > 0)
        .values(unread=0)
    )
    return bool(result.rowcount)


async def learn_chats(session: AsyncSession, account_id: UUID, facts: Iterable[ChatFacts]) -> None:
    """Write down what the page says about chats. It knows best what is unread; of times the later one is right."""
    known = {fact.chat_id: fact for fact in facts if len(fact.chat_id) <= 64}
    if not known:
        return
    now = utcnow()
    # In the order of the keys: two writers then never wait for each other.
    for chat_id, fact in sorted(known.items()):
        name = storable(fact.name, 100) if fact.name else None
        statement = _insert(session, Chat).values(
            account_id=account_id,
            chat_id=chat_id,
            kind=ChatKind.of(chat_id),
            name=name if ChatKind.of(chat_id) is ChatKind.GROUP else None,
            search=searchable(name, phone_of(chat_id)),
            unread=max(0, fact.unread),
            archived=fact.archived,
            last_at=fact.last_at or EPOCH,
            updated_at=now,
        )
        given = statement.excluded
        values: dict[str, Any] = {
            # What was stored meanwhile is not yet in what the page said.
            "unread": case((given.last_at >= col(Chat.last_at), given.unread), else_=col(Chat.unread)),
            "archived": given.archived,
            "last_at": case((given.last_at > col(Chat.last_at), given.last_at), else_=col(Chat.last_at)),
            "updated_at": given.updated_at,
        }
        if name:
            values |= {"name": given.name, "search": given.search}
        await session.exec(statement.on_conflict_do_update(index_elements=["account_id", "chat_id"], set_=values))


async def learn_contacts(session: AsyncSession, account_id: UUID, facts: Iterable[ContactFacts]) -> bool:
    """Write down what is known about people; what nobody says now stays as it was. True when it was news."""
    known = {fact.wa_id: fact for fact in facts if len(fact.wa_id) <= 64}
    if not known:
        return False
    query = select(Contact).where(Contact.account_id == account_id, col(Contact.wa_id).in_(known))
    there = {row.wa_id: row for row in (await session.exec(query)).all()}
    news = False
    for wa_id, fact in sorted(known.items()):
        old = there.get(wa_id)
        values = _merged(old, fact)
        if old is not None and all(getattr(old, name) == value for name, value in values.items()):
            continue
        news = True
        statement = _insert(session, Contact).values(account_id=account_id, wa_id=wa_id, updated_at=utcnow(), **values)
        await session.exec(statement.on_conflict_do_update(index_elements=["account_id", "wa_id"], set_=values))
    return news


def _merged(old: Contact | None, fact: ContactFacts) -> dict[str, str | None]:
    def either(said: str | None, column: str, limit: int) -> str | None:
        return storable(said, limit) if said else getattr(old, column, None)

    hidden = fact.wa_id if fact.wa_id.endswith("@lid") else None
    values = {
        "phone": either(fact.phone or phone_of(fact.wa_id), "phone", 20),
        "lid": either(fact.lid or hidden, "lid", 64),
        "name": either(fact.name, "name", 100),
        "push_name": either(fact.push_name, "push_name", 100),
    }
    return {**values, "search": searchable(values["name"], values["push_name"], values["phone"])[:300]}


def _insert(session: AsyncSession, table: type[Any]) -> Any:
    return (sqlite_insert if session.get_bind().dialect.name == "sqlite" else postgres_insert)(table)


# ---- Reading ------------------------------------------------------------------------------------------------------


async def page(
    session: AsyncSession,
    account_id: UUID,
    *,
    limit: int,
    before: tuple[datetime, str] | None = None,
    words: Sequence[str] = (),
    only: str | None = None,
) -> Sequence[tuple[Chat, Contact | None, Message | None]]:
    """Return an account's chats, the one with the newest message first.

    Args:
        session: a transaction.
        account_id: the account.
        limit: how many.
        before: ``(last_at, chat_id)`` of the last one of the page before.
        words: folded; each must be in the chat's name or number.
        only: this chat id.
    """
    query: Any = (
        select(Chat, Contact, Message)
        .outerjoin(
            Contact, and_(col(Contact.account_id) == col(Chat.account_id), col(Contact.wa_id) == col(Chat.chat_id))
        )
        .outerjoin(Message, col(Message.seq) == col(Chat.last_seq))
        .where(col(Chat.account_id) == account_id)
    )
    if before is not None:
        query = query.where(tuple_(col(Chat.last_at), col(Chat.chat_id)) < _key(*before))
    for word in words:
        query = query.where(
            or_(col(Chat.search).contains(word, autoescape=True), col(Contact.search).contains(word, autoescape=True))
        )
    if only is not None:
        query = query.where(col(Chat.chat_id) == only)
    query = query.order_by(col(Chat.last_at).desc(), col(Chat.chat_id).desc()).limit(limit)
    return (await session.exec(query)).all()  # type: ignore[no-any-return]


async def contacts(
    session: AsyncSession,
    account_id: UUID,
    *,
    limit: int,
    after: tuple[str, str] | None = None,
    words: Sequence[str] = (),
) -> Sequence[Contact]:
    """Return an account's contacts by name; ``after`` is ``(search, wa_id)`` of the last one of the page before."""
    query = select(Contact).where(Contact.account_id == account_id)
    if after is not None:
        query = query.where(
            tuple_(col(Contact.search), col(Contact.wa_id))
            > tuple_(literal(after[0], String()), literal(after[1], String()))
        )
    for word in words:
        query = query.where(col(Contact.search).contains(word, autoescape=True))
    query = query.order_by(col(Contact.search), col(Contact.wa_id)).limit(limit)
    return (await session.exec(query)).all()


async def get_contact(session: AsyncSession, account_id: UUID, wa_id: str) -> Contact | None:
    """Return one contact of an account."""
    query = select(Contact).where(Contact.account_id == account_id, Contact.wa_id == wa_id)
    return (await session.exec(query)).first()


async def names_of_chats(session: AsyncSession, account_id: UUID, chat_ids: Iterable[str]) -> dict[str, str]:
    """Return the names of these chats, as far as they have one: of groups their own, else the person's."""
    wanted = set(chat_ids)
    query = select(Chat).where(
        Chat.account_id == account_id, col(Chat.chat_id).in_(wanted), col(Chat.name).is_not(None)
    )
    groups = {row.chat_id: row.name for row in (await session.exec(query)).all() if row.name}
    return await people.names_of(session, account_id, wanted) | groups


async def of_chat(
    session: AsyncSession,
    account_id: UUID,
    chat_id: str,
    *,
    limit: int,
    before: tuple[datetime, int] | None = None,
) -> Sequence[Message]:
    """Return a chat's messages by the time at which they were written, newest first.

    ``before`` is ``(created_at, seq)`` of the last one of the page before. By time, not by ``seq``: what a sweep
    finds after an interruption is stored late and belongs where it was written. What changes another message (a
    reaction, an edit) is none of its own here.
    """
    query = select(Message).where(
        Message.account_id == account_id, Message.chat_id == chat_id, col(Message.kind).not_in(ACTIONS)
    )
    if before is not None:
        at, seq = before
        query = query.where(tuple_(col(Message.created_at), col(Message.seq)) < tuple_(_time(at), literal(seq)))
    query = query.order_by(col(Message.created_at).desc(), col(Message.seq).desc()).limit(limit)
    return (await session.exec(query)).all()


async def since(session: AsyncSession, message: Message, *, limit: int) -> Sequence[Message]:
    """Return what was written in a message's chat after it, oldest first."""
    query = select(Message).where(
        Message.account_id == message.account_id,
        Message.chat_id == message.chat_id,
        col(Message.kind).not_in(ACTIONS),
        tuple_(col(Message.created_at), col(Message.seq)) > tuple_(_time(message.created_at), literal(message.seq)),
    )
    return (await session.exec(query.order_by(col(Message.created_at), col(Message.seq)).limit(limit))).all()


async def quoted(session: AsyncSession, account_id: UUID, wa_message_ids: Iterable[str]) -> dict[str, Message]:
    """Return the messages with these WhatsApp ids, by id."""
    wanted = set(wa_message_ids)
    if not wanted:
        return {}
    query = select(Message).where(Message.account_id == account_id, col(Message.wa_message_id).in_(wanted))
    return {row.wa_message_id: row for row in (await session.exec(query)).all() if row.wa_message_id}


def words_of(query: str) -> list[str]:
    """Split what a person looks for into folded words."""
    return fold(query).split()


def _key(at: datetime, name: str) -> Any:
    return tuple_(_time(at), literal(name, String()))


def _time(at: datetime) -> Any:
    return literal(at, UtcDateTime())
