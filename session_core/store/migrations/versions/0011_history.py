"""How long messages are kept, and what was erased for good.

Revision: 0011, after 0010
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "erasures",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("who", sa.String(64), nullable=False),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["whatsapp_accounts.id"],
            name=op.f("fk_erasures_account_id_whatsapp_accounts"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("account_id", "who", name=op.f("pk_erasures")),
    )
    with op.batch_alter_table("whatsapp_accounts") as batch:
        batch.add_column(sa.Column("keep_days", sa.Integer(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("whatsapp_accounts") as batch:
        batch.drop_column("keep_days")
    op.drop_table("erasures")
