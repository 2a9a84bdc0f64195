"""Under which id a message was refused last: what is told of that one later is about nothing that was sent.

Revision: 0021, after 0020
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

_KEPT = sa.text("retired_key IS NOT NULL")


def upgrade() -> None:
    op.add_column("messages", sa.Column("retired_key", sa.String(length=64), nullable=True))
    op.create_index(
        "ix_messages_retired",
        "messages",
        ["account_id", "retired_key"],
        postgresql_where=_KEPT,
        sqlite_where=_KEPT,
    )


def downgrade() -> None:
    op.drop_index("ix_messages_retired", "messages")
    op.drop_column("messages", "retired_key")
