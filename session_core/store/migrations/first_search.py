"""The first index for words in messages, as revisions 0010 to 0019 have it. What came after: `store.search_schema`.

It held the account's id as a word beside the words of the text. A word's list was one for all accounts.
"""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.engine import Connection

TABLE = "search_messages"
"""On SQLite."""

_SQLITE = """
CREATE VIRTUAL TABLE search_messages USING fts5(
  account_id, text, content='messages', content_rowid='seq', tokenize='unicode61 remove_diacritics 2', prefix='2 3'
)
"""

TRIGGERS = {
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

PLAIN_WORDS = r"""to_tsvector('simple'::regconfig,
    regexp_replace(
      regexp_replace(lower(normalize(body, NFKD){collate}), '[\u0300-\u036f]+', '', 'g'),
      '[\u0001-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u00bf\u00d7\u00f7\u2000-\u2bff\u3000-\u303f\U0001f000-\U0001faff]+',
      ' ', 'g'
    ))"""
"""The words of ``body`` on Postgres. Accents are split off and dropped before the words are made. Punctuation and
pictures become spaces, so that an address is several words here as well. They are listed, and case is that of a
collation of its own, because what a database takes for a letter depends on its locale otherwise."""

_POSTGRES = (
    f"""
CREATE FUNCTION search_words(account uuid, body text) RETURNS tsvector
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 2000 AS $$
BEGIN
  RETURN array_to_tsvector(ARRAY['@' || replace(account::text, '-', '')]) || {PLAIN_WORDS};
END
$$
""",
    "CREATE INDEX search_messages ON messages USING gin (search_words(account_id, text))",
)

_COLLATIONS = ("und-x-icu", "pg_c_utf8", "C.utf8", "en_US.utf8")
"""Those that know every letter's case, the best first. Which ones there are depends on how Postgres was built."""


def with_collation(connection: Connection, statement: str) -> str:
    """Return the statement with the best collation that this Postgres has in place of ``{collate}``."""
    there = {row[0] for row in connection.execute(text("SELECT collname FROM pg_collation"))}
    known = next((name for name in _COLLATIONS if name in there), None)
    return statement.replace("{collate}", f' COLLATE "{known}"' if known else "")


def create(connection: Connection) -> None:
    """Make the index and fill it from the messages that are there."""
    if connection.dialect.name == "sqlite":
        connection.execute(text(_SQLITE))
        connection.execute(text("INSERT INTO search_messages(search_messages) VALUES ('rebuild')"))
        for name, body in TRIGGERS.items():
            connection.exec_driver_sql(f"CREATE TRIGGER {name} {body}")
        return
    for statement in _POSTGRES:
        connection.exec_driver_sql(with_collation(connection, statement))


def drop(connection: Connection) -> None:
    """Remove the index."""
    if connection.dialect.name == "sqlite":
        for name in TRIGGERS:
            connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {name}")
        connection.execute(text(f"DROP TABLE {TABLE}"))
        return
    connection.execute(text("DROP INDEX search_messages"))
    connection.execute(text("DROP FUNCTION search_words(uuid, text)"))
