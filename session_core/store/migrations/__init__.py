"""The history of the tables. Run by `session_core.store.migrate`; the same revisions on SQLite and Postgres."""
