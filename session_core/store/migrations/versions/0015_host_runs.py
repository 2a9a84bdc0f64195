"""When each life of a host process was last heard of.

Revision: 0015, after 0014
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "host_runs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("host_id", sa.String(64), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_host_runs")),
    )
    op.create_index("ix_host_runs_host_id_started_at", "host_runs", ["host_id", "started_at"])


def downgrade() -> None:
    op.drop_table("host_runs")
