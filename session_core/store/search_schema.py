"""The index for words in messages. Each database has its own kind, made by hand; no model knows of it.

In both every account has a part of its own: what a search costs depends on what that account stores, however often
others say the same.

- SQLite: FTS5, kept by triggers. A row's number begins with the account's (`place`), so that an account's messages
  stand together in the list of each word. The beginnings of words have lists as well, up to `LONGEST` letters: without
  them FTS5 first merges the lists of all words that begin so, of everybody. It keeps no texts: the rows have them. A
  migration that copies ``messages`` (SQLite changes tables in no other way) drops its triggers, so they are made anew
  after each migration.
- Postgres: GIN on an expression, which the database keeps by itself. Each word begins with the account's (`owner`).

Accounts may share a place or an owner, for they are parts of the id: who searches also compares the account.
"""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import text
from sqlalchemy.engine import Connection

from session_core.store.migrations import first_search

PREFIX = "search_"
"""What is named like this belongs to a search index and is in no model."""

TABLE = "search_texts"
"""On SQLite."""

LONGEST = 6
"""Letters of the longest beginning that SQLite's index knows."""

SEQ_BITS = 32
"""Of a row's number on SQLite: 4,294,967,295 messages in all."""

_DIGITS = 7
"""Of the account's id, hexadecimal: 28 bits before those, so that the number stays a positive one."""

_MARKS = (0xE000, 6400)
"""First and number of the letters for private use (Unicode, plane 0): no keyboard has them, and FTS5 takes them for
letters. One stands for the account; being a single letter it has no beginnings."""

_OWNER = 8
"""Digits of the account's id before each word on Postgres."""


def place(account_id: UUID) -> int:
    """Return the number that those of an account's rows begin with on SQLite; its ``seq`` is added."""
    return int(account_id.hex[:_DIGITS], 16) << SEQ_BITS


def mark(account_id: UUID) -> str:
    """Return the letter that is in every text of the account on SQLite.

    Its list ends where the account's rows end. Without it FTS5 would look on, among those of others, for a row that
    has all the words.
    """
    first, count = _MARKS
    return chr(first + (place(account_id) >> SEQ_BITS) % count)


def owner(account_id: UUID) -> str:
    """Return what every word of the account begins with on Postgres."""
    return account_id.hex[:_OWNER]


def _row(name: str) -> str:
    """Return number and text in the index, of ``new``, ``old`` or ``messages``: what `place` and `mark` say, in SQL."""
    digits = [f"(instr('123456789abcdef', substr({name}.account_id, {i + 1}, 1)) << {4 * (_DIGITS - 1 - i)})"
              for i in range(_DIGITS)]  # fmt: skip
    account = f"({' | '.join(digits)})"
    first, count = _MARKS
    return f"{account} << {SEQ_BITS} | {name}.seq, {name}.text || ' ' || char({first} + {account} % {count})"


_SQLITE = f"""
CREATE VIRTUAL TABLE {TABLE} USING fts5(
  text, content='', columnsize=0, tokenize='unicode61 remove_diacritics 2', prefix='2 3 4 5 {LONGEST}'
)
"""

# In the order of the index: FTS5 writes what it has gathered to the disk whenever a number is smaller than the last.
_FILL = f"INSERT INTO {TABLE}(rowid, text) SELECT {_row('messages')} FROM messages ORDER BY account_id, seq"  # noqa: S608

_ADD = f"INSERT INTO {TABLE}(rowid, text) SELECT {_row('new')};"
_REMOVE = f"INSERT INTO {TABLE}({TABLE}, rowid, text) SELECT 'delete', {_row('old')};"

_TRIGGERS = {
    f"{TABLE}_added": f"AFTER INSERT ON messages BEGIN {_ADD} END",
    f"{TABLE}_removed": f"AFTER DELETE ON messages BEGIN {_REMOVE} END",
    f"{TABLE}_changed": f"AFTER UPDATE OF text ON messages WHEN old.text IS NOT new.text BEGIN {_REMOVE} {_ADD} END",
}

# Longer words than that are no words, and Postgres takes none above 2046 bytes.
_POSTGRES = (
    f"""
CREATE FUNCTION search_owned_words(account uuid, body text) RETURNS tsvector
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 2000 AS $$
BEGIN
  RETURN array_to_tsvector(ARRAY(
    SELECT left(account::text, {_OWNER}) || word FROM unnest(tsvector_to_array({first_search.PLAIN_WORDS})) AS word
    WHERE octet_length(word) <= 1000
  ));
END
$$
""",  # noqa: S608
    # Without a list of what is to be sorted in later: every search reads all of it.
    "CREATE INDEX search_texts ON messages USING gin (search_owned_words(account_id, text)) WITH (fastupdate = off)",
)


def create(connection: Connection) -> None:
    """Make the index and fill it from the messages that are there."""
    if connection.dialect.name == "sqlite":
        connection.execute(text(_SQLITE))
        connection.exec_driver_sql(_FILL)
        ensure_triggers(connection)
        return
    # For this transaction: with the usual 64 MB the index is written in many small pieces.
    connection.execute(text("SET LOCAL maintenance_work_mem = '256MB'"))
    for statement in _POSTGRES:
        connection.exec_driver_sql(first_search.with_collation(connection, statement))


def drop(connection: Connection) -> None:
    """Remove the index."""
    if connection.dialect.name == "sqlite":
        for name in _TRIGGERS:
            connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {name}")
        connection.execute(text(f"DROP TABLE {TABLE}"))
        return
    connection.execute(text("DROP INDEX search_texts"))
    connection.execute(text("DROP FUNCTION search_owned_words(uuid, text)"))


def ensure_triggers(connection: Connection) -> None:
    """Make the triggers that a copied table lost; nothing where there is no such index or none is needed."""
    if connection.dialect.name != "sqlite":
        return
    names = {row[0] for row in connection.execute(text("SELECT name FROM sqlite_master"))}
    for table, triggers in ((TABLE, _TRIGGERS), (first_search.TABLE, first_search.TRIGGERS)):
        for name, body in triggers.items():
            if table in names and name not in names:
                connection.exec_driver_sql(f"CREATE TRIGGER {name} {body}")


def is_ours(name: str | None) -> bool:
    """Tell whether a table, index or column belongs to a search index."""
    return bool(name) and str(name).startswith(PREFIX)
