"""Lanes: turns, times to send at and to give up at, and three more things that can become of a message.

And how an account sends, what the operator allows, and who does not want to hear from whom.

Revision: 0013, after 0012
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

BEFORE = ("queued", "sending", "sent", "server", "device", "read", "failed", "received")
AFTER = (*BEFORE[:-1], "unknown", "cancelled", "expired", BEFORE[-1])
INDEXES = {
    "ix_messages_lane": (["account_id", "turn", "seq"], "status = 'queued'"),
    "ix_messages_under_way": (["account_id", "seq"], "status = 'sending'"),
    "ix_messages_unknown": (["account_id", "seq"], "status = 'unknown'"),
    "ix_messages_scheduled": (["account_id", "send_at"], "status = 'queued' AND turn = 2"),
    "ix_messages_expiring": (["expires_at"], "status = 'queued' AND expires_at IS NOT NULL"),
    "ix_messages_sent": (["account_id", "sent_at"], "direction = 'out' AND sent_at IS NOT NULL"),
}
GROWING = {"sqlite_autoincrement": True}
"""SQLite copies the table for a new check, and would forget that its numbers are never given twice."""

LANE_BEFORE = sa.text("status IN ('queued', 'sending')")


def upgrade() -> None:
    op.drop_index("ix_messages_lane", "messages")
    with op.batch_alter_table("messages", table_kwargs=GROWING) as batch:
        batch.add_column(sa.Column("turn", sa.SmallInteger(), nullable=False, server_default="1"))
        batch.add_column(sa.Column("send_at", sa.DateTime(timezone=True), nullable=True))
        batch.add_column(sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True))
        batch.drop_constraint(op.f("ck_messages_messagestatus"), type_="check")
        batch.create_check_constraint(op.f("ck_messages_messagestatus"), sa.column("status").in_(AFTER))
    for name, (columns, where) in INDEXES.items():
        op.create_index(name, "messages", columns, postgresql_where=sa.text(where), sqlite_where=sa.text(where))
    _account_sending()
    _sending_limits()
    _opt_outs()


def downgrade() -> None:
    for table in ("opt_outs", "sending_limits", "account_sending"):
        op.drop_table(table)
    op.execute(
        "UPDATE messages SET status = 'failed', status_rank = 3 WHERE status IN ('unknown', 'cancelled', 'expired')"
    )
    for name in reversed(INDEXES):
        op.drop_index(name, "messages")
    with op.batch_alter_table("messages", table_kwargs=GROWING) as batch:
        batch.drop_constraint(op.f("ck_messages_messagestatus"), type_="check")
        batch.create_check_constraint(op.f("ck_messages_messagestatus"), sa.column("status").in_(BEFORE))
        batch.drop_column("expires_at")
        batch.drop_column("send_at")
        batch.drop_column("turn")
    op.create_index(
        "ix_messages_lane", "messages", ["account_id", "seq"], postgresql_where=LANE_BEFORE, sqlite_where=LANE_BEFORE
    )


def _account_sending() -> None:
    op.create_table(
        "account_sending",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column(
            "settings", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("reach_out_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("duplicates_refused", sa.Integer(), nullable=False),
        sa.Column("opted_out_refused", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        _of("whatsapp_accounts", "account_sending", "account_id"),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_account_sending")),
    )


def _sending_limits() -> None:
    op.create_table(
        "sending_limits",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("per_window", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        _of("users", "sending_limits", "user_id"),
        _of("whatsapp_accounts", "sending_limits", "account_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sending_limits")),
        sa.UniqueConstraint("account_id", name=op.f("uq_sending_limits_account_id")),
        sa.UniqueConstraint("user_id", name=op.f("uq_sending_limits_user_id")),
    )


def _opt_outs() -> None:
    op.create_table(
        "opt_outs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("scope_id", sa.Uuid(), nullable=False),
        sa.Column("person", sa.String(64), nullable=False),
        sa.Column("phone", sa.String(20), nullable=True),
        sa.Column("lid", sa.String(64), nullable=True),
        sa.Column("name", sa.String(100), nullable=True),
        sa.Column(
            "source",
            sa.Enum("keyword", "hand", name="optoutsource", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("word", sa.String(64), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        _of("users", "opt_outs", "user_id"),
        _of("whatsapp_accounts", "opt_outs", "account_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_opt_outs")),
        sa.UniqueConstraint("scope_id", "person", name=op.f("uq_opt_outs_scope_id_person")),
    )
    op.create_index(op.f("ix_opt_outs_account_id"), "opt_outs", ["account_id"])
    op.create_index("ix_opt_outs_user_id_phone", "opt_outs", ["user_id", "phone"])
    op.create_index("ix_opt_outs_user_id_lid", "opt_outs", ["user_id", "lid"])


def _of(parent: str, table: str, column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{parent}.id"], name=op.f(f"fk_{table}_{column}_{parent}"), ondelete="CASCADE"
    )
