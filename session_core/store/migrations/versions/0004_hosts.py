"""Several hosts: who holds an account by number, where its login lies, and where its owner wants it.

Revision: 0004, after 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("session_runtime") as batch:
        batch.add_column(sa.Column("epoch", sa.Integer(), nullable=False, server_default="0"))
        batch.add_column(sa.Column("last_host_id", sa.String(64), nullable=True))
        batch.add_column(sa.Column("wanted_host_id", sa.String(64), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("session_runtime") as batch:
        batch.drop_column("wanted_host_id")
        batch.drop_column("last_host_id")
        batch.drop_column("epoch")
