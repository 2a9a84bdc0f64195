"""What happens to messages after they were written: edits, revocations, reactions, votes.

Revision: 0012, after 0011
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from session_core.store.types import BigId, Json, UtcDateTime

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("messages") as batch:
        batch.add_column(sa.Column("edited_at", UtcDateTime(), nullable=True))
        batch.add_column(sa.Column("revoked_at", UtcDateTime(), nullable=True))
    op.create_table(
        "message_versions",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("edit", "revoke", native_enum=False, create_constraint=True, length=32, name="versionkind"),
            nullable=False,
        ),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("content", Json, nullable=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"], ["messages.id"], name="fk_message_versions_message_id_messages", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_message_versions"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_message_versions_message_id", "message_versions", ["message_id", "id"])
    for table, who, said in (
        ("message_reactions", "sender", sa.Column("emoji", sa.String(40), nullable=False)),
        ("poll_votes", "voter", sa.Column("options", Json, nullable=False)),
    ):
        op.create_table(
            table,
            sa.Column("message_id", sa.Uuid(), nullable=False),
            sa.Column(who, sa.String(64), nullable=False),
            sa.Column("from_me", sa.Boolean(), nullable=False),
            said,
            sa.Column("at", UtcDateTime(), nullable=False),
            sa.ForeignKeyConstraint(
                ["message_id"], ["messages.id"], name=f"fk_{table}_message_id_messages", ondelete="CASCADE"
            ),
            sa.PrimaryKeyConstraint("message_id", who, name=f"pk_{table}"),
        )


def downgrade() -> None:
    op.drop_table("poll_votes")
    op.drop_table("message_reactions")
    op.drop_index("ix_message_versions_message_id", table_name="message_versions")
    op.drop_table("message_versions")
    with op.batch_alter_table("messages") as batch:
        batch.drop_column("revoked_at")
        batch.drop_column("edited_at")
