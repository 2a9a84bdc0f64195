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
from session_core.store.search_schema import LONGEST, SEQ_BITS, TABLE, mark, owner, place

MERGE_PAGES = 500
"""Pages of the index that are rewritten in one step, so that no other writer waits for all of them."""

MAX_WORDS = 12
_WORD = re.compile(r"[^\W_]+")

TOGETHER = 100
"""Accounts that SQLite is asked for at once; it takes 500 parts in a query."""

READ_ON = 200
"""Messages that are read at once while a long word is looked for."""


def words_of(query: str) -> list[str]:
    """Return the words that are looked for, without case and accents. Each is found at the beginning of words, too."""
    return _all_words(query)[:MAX_WORDS]


def _all_words(body: str) -> list[str]:
    return list(dict.fromkeys(_WORD.findall(without_accents(body).lower())))


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
        found: list[Message] = []
        for some in _parts(list(account_ids)):
            found += await _walk(session, some, words, before_seq, chat_id, limit)
        return sorted(found, key=lambda row: row.seq or 0, reverse=True)[:limit]
    query = select(Message).where(
        # Accounts may share an owner. And this lets an account with few messages, or a word of many, be walked.
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
    step: Any = text("INSERT INTO search_texts(search_texts, rank) VALUES ('merge', :pages)")
    await session.exec(step.bindparams(pages=-MERGE_PAGES if begin else MERGE_PAGES))
    # The command itself counts as one (SQLite, FTS5, "The merge command").
    return bool((await session.exec(changes)).scalar_one() - before >= 2)


# ---- SQLite -------------------------------------------------------------------------------------------------------


def _parts(account_ids: list[UUID]) -> list[list[UUID]]:
    return [account_ids[start : start + TOGETHER] for start in range(0, len(account_ids), TOGETHER)]


async def _walk(
    session: AsyncSession,
    account_ids: list[UUID],
    words: Sequence[str],
    before_seq: int | None,
    chat_id: str | None,
    limit: int,
) -> list[Message]:
    """Walk the index from the newest row on. What it does not know of long words is read in the texts."""
    long = [word for word in words if len(word) > LONGEST]
    found: list[Message] = []
    while True:
        size = max(limit, READ_ON) if long else limit
        statement: Any = select(Message).from_statement(_sqlite(account_ids, words, before_seq, chat_id, size))
        rows: Sequence[Message] = (await session.exec(statement)).scalars().all()
        found += [row for row in rows if _has(row, long)]
        if len(rows) < size or len(found) >= limit:
            return found[:limit]
        before_seq = rows[-1].seq


def _has(row: Message, long: list[str]) -> bool:
    if not long:
        return True
    there = _all_words(row.text)
    return all(any(word.startswith(wanted) for word in there) for wanted in long)


def _sqlite(
    account_ids: list[UUID], words: Sequence[str], before_seq: int | None, chat_id: str | None, limit: int
) -> TextClause:
    """Ask the index for the newest of each account, and read the newest of these: what is sorted are numbers."""
    wanted = " AND ".join(f'"{word[:LONGEST]}" *' for word in words)
    conditions = [f"m.kind NOT IN ({', '.join(map(repr, sorted(ACTIONS)))})"]
    values: dict[str, Any] = {"limit": limit}
    if chat_id is not None:
        conditions.append("m.chat_id = :chat_id")
        values["chat_id"] = chat_id
    newest = (2**SEQ_BITS if before_seq is None else before_seq) - 1
    parts = []
    for number, account_id in enumerate(account_ids):
        # CROSS JOIN: SQLite then keeps the order of the tables.
        parts.append(
            f"SELECT * FROM (SELECT m.seq FROM {TABLE} s"  # noqa: S608
            f" CROSS JOIN messages m ON m.seq = s.rowid - :place{number} AND m.account_id = :account{number}"
            f" WHERE s.{TABLE} MATCH :match{number} AND s.rowid BETWEEN :place{number} AND :place{number} + :newest"
            f" AND {' AND '.join(conditions)} ORDER BY s.rowid DESC LIMIT :limit)"
        )
        values[f"place{number}"] = place(account_id)
        values[f"account{number}"] = account_id.hex
        values[f"match{number}"] = f'"{mark(account_id)}" AND {wanted}'
    newest_of_all = f"{' UNION ALL '.join(parts)} ORDER BY seq DESC LIMIT :limit"
    query = f"SELECT * FROM messages WHERE seq IN ({newest_of_all}) ORDER BY seq DESC"  # noqa: S608
    return text(query).bindparams(newest=newest, **values)


# ---- Postgres -----------------------------------------------------------------------------------------------------


def _postgres(account_ids: Collection[UUID], words: Sequence[str]) -> ColumnElement[bool]:
    wanted = " | ".join(f"({_owned(owner(account_id), words)})" for account_id in account_ids)
    found = func.search_owned_words(col(Message.account_id), col(Message.text))
    return found.op("@@", is_comparison=True)(cast(wanted, TSQUERY))


def _owned(whose: str, words: Sequence[str]) -> str:
    return " & ".join(f"'{whose}{word}':*" for word in words)
