"""The index for words in messages. Each database has its own kind, made by hand; no model knows of it.

Both hold the account's id as a word beside the words of the text: what belongs to one account is found by the index
itself, however many others say the same.

- SQLite: FTS5 over the rows of ``messages`` themselves (external content), kept by triggers. A migration that copies
  the table (SQLite changes tables in no other way) drops its triggers, so they are made anew after each migration.
- Postgres: GIN on an expression, which the database keeps by itself.
"""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.engine import Connection

PREFIX = "search_"
"""What is named like this belongs to a search index and is in no model."""

_SQLITE = """
CREATE VIRTUAL TABLE search_messages USING fts5(
  account_id, text, content='messages', content_rowid='seq', tokenize='unicode61 remove_diacritics 2', prefix='2 3'
)
"""

_TRIGGERS = {
    "search_messages_added": """
        AFTER INSERT ON messages BEGIN
          INSERT INTO search_messages(rowid, account_id, text) VALUES (new.seq, new.account_id, new.text);
        END""",
    "search_messages_removed": """
        AFTER DELETE ON messages BEGIN
          INSERT INTO search_messages(search_messages, rowid, account_id, text)
          VALUES ('delete', old.seq, old.account_id, old.text);
        END""",
    "search_messages_changed": """
        AFTER UPDATE OF text ON messages WHEN old.text IS NOT new.text BEGIN
          INSERT INTO search_messages(search_messages, rowid, account_id, text)
          VALUES ('delete', old.seq, old.account_id, old.text);
          INSERT INTO search_messages(rowid, account_id, text) VALUES (new.seq, new.account_id, new.text);
        END""",
}

# Accents are split off and dropped before the words are made. Punctuation and pictures become spaces, so that an
# address is several words here as well. They are listed, and case is that of a collation of its own, because
# what a database takes for a letter depends on its locale otherwise.
_POSTGRES = (
    r"""
CREATE FUNCTION search_words(account uuid, body text) RETURNS tsvector
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 2000 AS $$
BEGIN
  RETURN array_to_tsvector(ARRAY['@' || replace(account::text, '-', '')]) || to_tsvector('simple'::regconfig,
    regexp_replace(
      regexp_replace(lower(normalize(body, NFKD){collate}), '[\u0300-\u036f]+', '', 'g'),
      '[\u0001-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u00bf\u00d7\u00f7\u2000-\u2bff\u3000-\u303f\U0001f000-\U0001faff]+',
      ' ', 'g'
    ));
END
$$
""",
    "CREATE INDEX search_messages ON messages USING gin (search_words(account_id, text))",
)

_COLLATIONS = ("und-x-icu", "pg_c_utf8", "C.utf8", "en_US.utf8")
"""Those that know every letter's case, the best first. Which ones there are depends on how Postgres was built."""


def create(connection: Connection) -> None:
    """Make the index and fill it from the messages that are there."""
    if connection.dialect.name == "sqlite":
        connection.execute(text(_SQLITE))
        connection.execute(text("INSERT INTO search_messages(search_messages) VALUES ('rebuild')"))
        ensure_triggers(connection)
        return
    there = {row[0] for row in connection.execute(text("SELECT collname FROM pg_collation"))}
    known = next((name for name in _COLLATIONS if name in there), None)
    collate = f' COLLATE "{known}"' if known else ""
    for statement in _POSTGRES:
        connection.exec_driver_sql(statement.replace("{collate}", collate))


def drop(connection: Connection) -> None:
    """Remove the index."""
    if connection.dialect.name == "sqlite":
        for name in _TRIGGERS:
            connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {name}")
        connection.execute(text("DROP TABLE search_messages"))
        return
    connection.execute(text("DROP INDEX search_messages"))
    connection.execute(text("DROP FUNCTION search_words(uuid, text)"))


def ensure_triggers(connection: Connection) -> None:
    """Make the triggers that a copied table lost; nothing where there is no such index or none is needed."""
    if connection.dialect.name != "sqlite":
        return
    names = {row[0] for row in connection.execute(text("SELECT name FROM sqlite_master"))}
    if "search_messages" not in names:
        return
    for name, body in _TRIGGERS.items():
        if name not in names:
            connection.exec_driver_sql(f"CREATE TRIGGER {name} {body}")


def is_ours(name: str | None) -> bool:
    """Tell whether a table, index or column belongs to a search index."""
    return bool(name) and str(name).startswith(PREFIX)
