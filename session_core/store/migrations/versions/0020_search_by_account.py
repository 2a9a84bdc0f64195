"""The index for words in messages has a part for each account: what others store costs a search nothing.

The new one is filled before the old one goes, so that on Postgres one can read until the end; who writes waits.

Revision: 0020, after 0019
"""

from __future__ import annotations

from alembic import op

from session_core.store import search_schema
from session_core.store.migrations import first_search

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    connection = op.get_bind()
    search_schema.create(connection)
    first_search.drop(connection)


def downgrade() -> None:
    connection = op.get_bind()
    first_search.create(connection)
    search_schema.drop(connection)
