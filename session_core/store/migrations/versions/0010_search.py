"""An index for the words in messages.

Revision: 0010, after 0009
"""

from __future__ import annotations

from alembic import op

from session_core.store.migrations import first_search

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    first_search.create(op.get_bind())


def downgrade() -> None:
    first_search.drop(op.get_bind())
