"""An index for the words in messages.

Revision: 0010, after 0009
"""

from __future__ import annotations

from alembic import op

from session_core.store import search_schema

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    search_schema.create(op.get_bind())


def downgrade() -> None:
    search_schema.drop(op.get_bind())
