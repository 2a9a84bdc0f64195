"""Reactions and votes that were heard before their message.

Revision: 0017, after 0016
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "early_changes",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("wa_key", sa.String(64), nullable=False),
        sa.Column("of_ours", sa.Boolean(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("reaction", "vote", name="earlykind", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("who", sa.String(64), nullable=False),
        sa.Column("from_me", sa.Boolean(), nullable=False),
        sa.Column(
            "said", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kept_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["whatsapp_accounts.id"],
            name=op.f("fk_early_changes_account_id_whatsapp_accounts"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("account_id", "wa_key", "of_ours", "kind", "who", name=op.f("pk_early_changes")),
    )


def downgrade() -> None:
    op.drop_table("early_changes")
