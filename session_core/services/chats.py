"""An account's chats, the messages in one, and its contacts, in pages that end with a cursor."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar
from uuid import UUID

from session_core.core import Core
from session_core.domain import cursor as cursors
from session_core.domain.chats import ChatView, ContactView
from session_core.domain.content import Media, Text
from session_core.domain.events import MessageView
from session_core.domain.media import MediaView
from session_core.domain.text import is_storable
from session_core.errors import NotFound, PolicyError
from session_core.store import accounts, changes, chats, media, messages, people
from session_core.store.engine import Transaction

T = TypeVar("T")

MAX_PAGE = 200
MAX_QUERY = 200


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """A part of a list; ``next_cursor`` brings the next one, None when this is the last."""

    items: list[T]
    next_cursor: str | None = None


async def list_chats(
    core: Core, user_id: UUID, account_id: UUID, *, limit: int = 50, cursor: str | None = None, query: str = ""
) -> Page[ChatView]:
    """Return the account's chats, the one with the newest message first.

    Args:
        core: the process's core.
        user_id: who asks.
        account_id: which account.
        limit: at most 200.
        cursor: of the page before.
        query: only those whose name or number has all these words; case and accents do not count.

    Raises:
        NotFound: the account is not the user's.
        PolicyError: 422 ``bad_cursor``, ``bad_query``.
    """
    before = cursors.at_and_name(cursor) if cursor else None
    words = words_of(query)
    size = _size(limit)
    async with core.db.read() as session:
        await owned(session, user_id, account_id)
        rows = await chats.page(session, account_id, limit=size + 1, before=before, words=words)
        last = rows[size - 1][0] if len(rows) > size else None
        following = cursors.encode(last.last_at, last.chat_id) if last else None
        return Page(await _with_last([chats.view(*row) for row in rows[:size]], session), following)


async def get_chat(core: Core, user_id: UUID, account_id: UUID, chat_id: str) -> ChatView:
    """Return one chat; NotFound when the account is not the user's or has no such chat."""
    async with core.db.read() as session:
        await owned(session, user_id, account_id)
        return await _chat(session, account_id, chat_id)


async def chat_messages(
    core: Core, user_id: UUID, account_id: UUID, chat_id: str, *, limit: int = 50, cursor: str | None = None
) -> Page[MessageView]:
    """Return a chat's messages by the time at which they were written, newest first.

    Raises:
        NotFound: the account is not the user's, or has no such chat.
        PolicyError: 422 ``bad_cursor``.
    """
    before = cursors.at_and_number(cursor) if cursor else None
    size = _size(limit)
    async with core.db.read() as session:
        await owned(session, user_id, account_id)
        await _chat(session, account_id, chat_id)
        rows = await chats.of_chat(session, account_id, chat_id, limit=size + 1, before=before)
        last = rows[size - 1] if len(rows) > size else None
        following = cursors.encode(last.created_at, last.seq or 0) if last else None
        found = await changes.adorned(session, [messages.view(row) for row in rows[:size]])
        return Page(found, following)


async def as_now(core: Core, user_id: UUID, account_id: UUID, message_ids: Iterable[UUID]) -> list[MessageView]:
    """Return messages as they are now, with the reactions to them and the votes in them; none for what is gone.

    An event tells how a message was when somebody changed it. Several processes do, and their events come in any order.

    Raises:
        NotFound: the account is not the user's.
    """
    async with core.db.read() as session:
        await owned(session, user_id, account_id)
        rows = await messages.by_ids(session, account_id, message_ids)
        return await changes.adorned(session, [messages.view(row) for row in rows])


async def around(
    core: Core, user_id: UUID, account_id: UUID, message_id: UUID, *, before: int, after: int
) -> tuple[str, Page[MessageView], bool]:
    """Return a message's chat id, the messages around it, newest first, and whether they reach to the newest one.

    Raises:
        NotFound: the account is not the user's, or has no such message.
    """
    async with core.db.read() as session:
        await owned(session, user_id, account_id)
        row = await messages.get(session, account_id, message_id)
        if row is None:
            raise NotFound("message")
        later = await chats.since(session, row, limit=after + 1)
        key = (row.created_at, (row.seq or 0) + 1)
        earlier = await chats.of_chat(session, account_id, row.chat_id, limit=before + 1, before=key)
        last = earlier[before - 1] if len(earlier) > before else None
        rows = [*reversed(later[:after]), *earlier[:before]]
        following = cursors.encode(last.created_at, last.seq or 0) if last else None
        found = await changes.adorned(session, [messages.view(one) for one in rows])
        return row.chat_id, Page(found, following), len(later) <= after


async def list_contacts(
    core: Core, user_id: UUID, account_id: UUID, *, limit: int = 50, cursor: str | None = None, query: str = ""
) -> Page[ContactView]:
    """Return the people whom the account knows, by name; ``query`` and errors as for `list_chats`."""
    after = cursors.names(cursor) if cursor else None
    words = words_of(query)
    size = _size(limit)
    async with core.db.read() as session:
        await owned(session, user_id, account_id)
        rows = await chats.contacts(session, account_id, limit=size + 1, after=after, words=words)
        last = rows[size - 1] if len(rows) > size else None
        following = cursors.encode(last.search, last.wa_id) if last else None
        return Page([chats.contact_view(row) for row in rows[:size]], following)


async def context(
    core: Core, user_id: UUID, account_id: UUID, found: list[MessageView]
) -> tuple[dict[str, str], dict[str, MessageView], dict[UUID, MediaView]]:
    """Return what is shown beside messages.

    Returns:
        Names of who wrote, reacted, voted or is mentioned by id, what the messages answer by WhatsApp id, and the files
        that they carry by id.
    """
    carried = {message.content.media_id for message in found if isinstance(message.content, Media)}
    authors = {message.author or message.chat_id for message in found}
    authors |= {one for message in found for one in _others_in(message)}
    answered = {message.quoted_id for message in found if message.quoted_id}
    async with core.db.read() as session:
        await owned(session, user_id, account_id)
        rows = await chats.quoted(session, account_id, answered)
        authors |= {row.author or row.chat_id for row in rows.values()}
        names = await people.names_of(session, account_id, authors)
        files = await media.by_ids(session, user_id, {one for one in carried if one is not None})
        answers = {name: messages.view(row) for name, row in rows.items()}
        return names, answers, {one: media.view(row) for one, row in files.items()}


def _others_in(message: MessageView) -> set[str]:
    """Return the ids of who reacted to a message, voted in it, or is mentioned by it."""
    people = {one.sender for one in message.reactions} | {one.voter for one in message.votes}
    if isinstance(message.content, Text):
        people |= {one if "@" in one else f"{one.lstrip('+')}@c.us" for one in message.content.mentions}
    return people


async def names(core: Core, user_id: UUID, account_id: UUID, chat_ids: set[str]) -> dict[str, str]:
    """Return the names of these chats, as far as they have one."""
    async with core.db.read() as session:
        await owned(session, user_id, account_id)
        return await chats.names_of_chats(session, account_id, chat_ids)


async def owned(session: Transaction, user_id: UUID, account_id: UUID) -> None:
    """See that the account is the user's; NotFound when it is not."""
    if await accounts.owned(session, user_id, account_id) is None:
        raise NotFound("account")


async def _chat(session: Transaction, account_id: UUID, chat_id: str) -> ChatView:
    rows = await chats.page(session, account_id, limit=1, only=chat_id) if is_storable(chat_id) else []
    if not rows:
        raise NotFound("chat")
    [found] = await _with_last([chats.view(*rows[0])], session)
    return found


async def _with_last(found: list[ChatView], session: Transaction) -> list[ChatView]:
    """Return chats with what was done to the newest message of each."""
    newest = await changes.adorned(session, [chat.last for chat in found if chat.last is not None])
    by_id = {message.id: message for message in newest}
    return [chat.model_copy(update={"last": chat.last and by_id[chat.last.id]}) for chat in found]


def check_query(query: str) -> None:
    """Raise PolicyError 422 ``bad_query`` when what somebody looks for is too long or no text."""
    if len(query) > MAX_QUERY or not is_storable(query):
        raise PolicyError(
            f"What is looked for has at most {MAX_QUERY} characters.",
            code="bad_query",
            action="Look for a few words.",
            status_code=422,
        )


def words_of(query: str) -> list[str]:
    """Split what somebody looks for; PolicyError 422 ``bad_query``, see `check_query`."""
    check_query(query)
    return chats.words_of(query)


def _size(limit: int) -> int:
    return max(1, min(limit, MAX_PAGE))
