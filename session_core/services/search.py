"""Looking for words in the messages of a person's accounts."""

from __future__ import annotations

from uuid import UUID

from session_core.core import Core
from session_core.domain import cursor as cursors
from session_core.domain.events import MessageView
from session_core.domain.text import is_storable
from session_core.errors import NotFound, PolicyError
from session_core.services.chats import MAX_PAGE, MAX_QUERY, Page
from session_core.store import accounts, changes, messages, search
from session_core.store.engine import Transaction

MIN_LETTERS = 2
"""Of the longest word: a single letter begins a large part of all words."""


async def search_messages(
    core: Core,
    user_id: UUID,
    query: str,
    *,
    account_id: UUID | None = None,
    chat: str | None = None,
    limit: int = 50,
    cursor: str | None = None,
) -> Page[MessageView]:
    """Return the messages that have all words of ``query``, newest first. Case and accents do not count.

    A word is also found where it is only the beginning of a longer one.

    Args:
        core: the process's core.
        user_id: who asks: only their own accounts are looked through.
        query: the words.
        account_id: only this account.
        chat: only this chat id.
        limit: at most 200.
        cursor: of the page before.

    Raises:
        NotFound: the account is not the user's.
        PolicyError: 422 ``bad_query``, ``bad_cursor``.
    """
    words = _words(query)
    before = cursors.number(cursor) if cursor else None
    size = max(1, min(limit, MAX_PAGE))
    async with core.db.read() as session:
        where = await _accounts(session, user_id, account_id)
        if chat is not None and not is_storable(chat):
            return Page([])
        rows = await search.messages(session, where, words, limit=size + 1, before_seq=before, chat_id=chat)
        following = cursors.encode(rows[size - 1].seq or 0) if len(rows) > size else None
        found = await changes.adorned(session, [messages.view(row) for row in rows[:size]])
        return Page(found, following)


def can_search(query: str) -> bool:
    """Tell whether there is enough to look for."""
    return len(query) <= MAX_QUERY and is_storable(query) and max(map(len, search.words_of(query)), default=0) > 1


def _words(query: str) -> list[str]:
    if not can_search(query):
        raise PolicyError(
            f"One looks for words: at least {MIN_LETTERS} letters, at most {MAX_QUERY} characters in all.",
            code="bad_query",
            action="Look for a few words.",
            status_code=422,
        )
    return search.words_of(query)


async def _accounts(session: Transaction, user_id: UUID, account_id: UUID | None) -> list[UUID]:
    if account_id is None:
        return [account.id for account, _ in await accounts.of_user(session, user_id)]
    if await accounts.owned(session, user_id, account_id) is None:
        raise NotFound("account")
    return [account_id]
