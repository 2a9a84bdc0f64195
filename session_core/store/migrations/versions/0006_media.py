"""Files of messages.

Revision: 0006, after 0005
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

STATES = ("pending", "ready", "failed", "remote", "deleting")


def upgrade() -> None:
    op.create_table(
        "media",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("message_id", sa.Uuid(), nullable=True),
        sa.Column("wa_message_id", sa.String(200), nullable=True),
        _one_of("direction", "direction", ("in", "out")),
        sa.Column("kind", sa.String(32), nullable=True),
        _one_of("state", "mediastate", STATES),
        sa.Column("problem", sa.String(32), nullable=True),
        sa.Column("mime", sa.String(100), nullable=False),
        sa.Column("filename", sa.String(200), nullable=True),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.Column("sha256", sa.String(64), nullable=True),
        sa.Column("store", sa.String(16), nullable=False),
        sa.Column("path", sa.String(120), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        _time("next_try_at", nullable=True),
        _time("created_at"),
        _time("updated_at"),
        _time("expires_at", nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_media_user_id_users"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["whatsapp_accounts.id"],
            name=op.f("fk_media_account_id_whatsapp_accounts"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["message_id"], ["messages.id"], name=op.f("fk_media_message_id_messages"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_media")),
    )
    due = sa.text("state = 'pending' AND direction = 'in'")
    op.create_index("ix_media_due", "media", ["account_id", "next_try_at"], postgresql_where=due, sqlite_where=due)
    orphans = sa.text("message_id IS NULL AND wa_message_id IS NOT NULL")
    op.create_index("ix_media_orphans", "media", ["id"], postgresql_where=orphans, sqlite_where=orphans)
    op.create_index("ix_media_user_id_created_at", "media", ["user_id", "created_at"])
    op.create_index("ix_media_message_id", "media", ["message_id"])
    op.create_index("ix_media_state_updated_at", "media", ["state", "updated_at"])
    op.create_index("ix_media_expires_at", "media", ["expires_at"])


def downgrade() -> None:
    op.drop_table("media")


def _one_of(name: str, enum: str, values: tuple[str, ...]) -> sa.Column[Any]:
    kind = sa.Enum(*values, name=enum, native_enum=False, create_constraint=True, length=32)
    return sa.Column(name, kind, nullable=False)


def _time(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)
