"""Reach-out: which messages met WhatsApp's limit on new conversations, and whether WhatsApp said until when.

Revision: 0016, after 0015
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("messages", sa.Column("reach_out_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "account_sending", sa.Column("reach_out_told", sa.Boolean(), nullable=False, server_default=sa.false())
    )


def downgrade() -> None:
    op.drop_column("account_sending", "reach_out_told")
    op.drop_column("messages", "reach_out_at")
