"""Backups of logins, and the wish to restore one.

Revision: 0002, after 0001
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

STATUSES = ("requested", "uploading", "complete", "failed", "damaged", "deleting")
REASONS = ("scheduled", "requested", "stopped")


def upgrade() -> None:
    op.create_table(
        "session_backups",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        _one_of("status", "backupstatus", STATUSES),
        _one_of("because", "backupreason", REASONS),
        sa.Column("store", sa.String(16), nullable=False),
        sa.Column("path", sa.String(300), nullable=False),
        sa.Column("host_id", sa.String(64), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("chromium", sa.String(64), nullable=False),
        sa.Column("key_id", sa.String(32), nullable=True),
        sa.Column("clean", sa.Boolean(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.Column("sha256", sa.String(64), nullable=True),
        _time("created_at"),
        _time("updated_at"),
        _time("completed_at", nullable=True),
        _time("verified_at", nullable=True),
        sa.Column("verify_wanted", sa.Boolean(), nullable=False),
        sa.Column("problem", sa.String(32), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["whatsapp_accounts.id"],
            name=op.f("fk_session_backups_account_id_whatsapp_accounts"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_session_backups")),
    )
    op.create_index("ix_session_backups_account_id_created_at", "session_backups", ["account_id", "created_at"])
    op.create_index("ix_session_backups_status", "session_backups", ["status"])
    with op.batch_alter_table("session_runtime") as batch:
        batch.add_column(sa.Column("restore_seq", sa.Integer(), nullable=False, server_default="0"))
        batch.add_column(sa.Column("restore_backup_id", sa.Uuid(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("session_runtime") as batch:
        batch.drop_column("restore_backup_id")
        batch.drop_column("restore_seq")
    op.drop_table("session_backups")


def _one_of(name: str, enum: str, values: tuple[str, ...]) -> sa.Column[Any]:
    kind = sa.Enum(*values, name=enum, native_enum=False, create_constraint=True, length=32)
    return sa.Column(name, kind, nullable=False)


def _time(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)
