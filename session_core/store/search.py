"""Words in messages, looked for in one way on both databases (see `search_schema`)."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, TextClause, cast, text
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from session_core.domain.content import ACTIONS
from session_core.domain.text import without_accents
from session_core.store.models import Message

MERGE_PAGES = 500
"""Pages of the index that are rewritten in one step, so that no other writer waits for all of them."""

MAX_WORDS = 12
_WORD = re.compile(r"[^\W_]+")


def words_of(query: str) -> list[str]:
    """Return the words that are looked for, without case and accents. Each is found at the beginning of words, too."""
    return list(dict.fromkeys(_WORD.findall(without_accents(query).lower())))[:MAX_WORDS]


async def messages(
    session: AsyncSession,
    account_ids: Collection[UUID],
    words: Sequence[str],
    *,
    limit: int,
    before_seq: int | None = None,
    chat_id: str | None = None,
) -> Sequence[Message]:
    """Return the messages of these accounts that have all these words, newest first.

    Args:
        session: a transaction.
        account_ids: where to look.
        words: of `words_of`; none find nothing.
        limit: how many.
        before_seq: only older ones: ``seq`` of the last one of the page before.
        chat_id: only in this chat.
    """
    if not words or not account_ids:
        return []
    if session.get_bind().dialect.name == "sqlite":
        found = _sqlite(account_ids, words, before_seq, chat_id, limit)
        statement: Any = select(Message).from_statement(found)
        rows: Sequence[Message] = (await session.exec(statement)).scalars().all()
        return rows
    query = select(Message).where(
        # The index knows the accounts as well; this lets an account with few messages, or a word of many, be walked.
        col(Message.account_id).in_(account_ids),
        _postgres(account_ids, words),
        col(Message.kind).not_in(ACTIONS),
    )
    if before_seq is not None:
        query = query.where(col(Message.seq) < before_seq)
    if chat_id is not None:
        query = query.where(Message.chat_id == chat_id)
    return (await session.exec(query.order_by(col(Message.seq).desc()).limit(limit))).all()


async def forget_deleted(session: AsyncSession, *, begin: bool) -> bool:
    """Take a step of rewriting the index without the words of deleted messages; True as long as there is more to do.

    FTS5 only marks what is deleted. Postgres removes it with the rows, when it vacuums next.

    Args:
        session: a writing transaction.
        begin: the first step, which chooses what is rewritten.
    """
    if session.get_bind().dialect.name != "sqlite":
        return False
    changes: Any = text("SELECT total_changes()")
    before = (await session.exec(changes)).scalar_one()
    step: Any = text("INSERT INTO search_messages(search_messages, rank) VALUES ('merge', :pages)")
    await session.exec(step.bindparams(pages=-MERGE_PAGES if begin else MERGE_PAGES))
    # The command itself counts as one (SQLite, FTS5, "The merge command").
    return bool((await session.exec(changes)).scalar_one() - before >= 2)


def _sqlite(
    account_ids: Collection[UUID], words: Sequence[str], before_seq: int | None, chat_id: str | None, limit: int
) -> TextClause:
    """Walk the index itself from the newest row on, and stop at the limit."""
    owners = " OR ".join(account.hex for account in account_ids)
    wanted = " AND ".join(f'"{word}" *' for word in words)
    values: dict[str, Any] = {"match": f"account_id : ({owners}) AND text : ({wanted})", "limit": limit}
    conditions = ["search_messages MATCH :match", f"m.kind NOT IN ({', '.join(map(repr, sorted(ACTIONS)))})"]
    if before_seq is not None:
        conditions.append("search_messages.rowid < :before_seq")
        values["before_seq"] = before_seq
    if chat_id is not None:
        conditions.append("m.chat_id = :chat_id")
        values["chat_id"] = chat_id
    # CROSS JOIN: SQLite then keeps the order of the tables.
    query = (
        "SELECT m.* FROM search_messages CROSS JOIN messages m ON m.seq = search_messages.rowid"  # noqa: S608
        f" WHERE {' AND '.join(conditions)} ORDER BY search_messages.rowid DESC LIMIT :limit"
    )
    return text(query).bindparams(**values)


def _postgres(account_ids: Collection[UUID], words: Sequence[str]) -> ColumnElement[bool]:
    owners = " | ".join(f"'@{account.hex}'" for account in account_ids)
    wanted = " & ".join(f"'{word}':*" for word in words)
    found = func.search_words(col(Message.account_id), col(Message.text))
    return found.op("@@", is_comparison=True)(cast(f"({owners}) & {wanted}", TSQUERY))
