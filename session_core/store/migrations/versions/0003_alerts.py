"""Alerts: what people are told about by e-mail, and how they want to be told.

Revision: 0003, after 0002
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

MAIL_STATUSES = ("waiting", "sending", "sent", "skipped", "failed", "off")
OPEN = sa.text("resolved_at IS NULL")
MAIL_DUE = sa.text("mail IN ('waiting', 'sending')")


def upgrade() -> None:
    op.create_table(
        "alerts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("subject", sa.String(64), nullable=False),
        sa.Column("reason_code", sa.String(32), nullable=False),
        sa.Column("detail", sa.String(500), nullable=False),
        _time("raised_at"),
        _time("resolved_at", nullable=True),
        sa.Column("resolved_by", sa.Uuid(), nullable=True),
        sa.Column(
            "mail",
            sa.Enum(*MAIL_STATUSES, name="mailstatus", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("mail_note", sa.String(32), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        _time("first_try_at", nullable=True),
        _time("next_try_at"),
        sa.Column("mail_token", sa.String(64), nullable=True),
        _time("sent_at", nullable=True),
        _of("users", "alerts", "user_id"),
        _of("whatsapp_accounts", "alerts", "account_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alerts")),
    )
    op.create_index(
        "uq_alerts_open",
        "alerts",
        ["user_id", "kind", "subject"],
        unique=True,
        postgresql_where=OPEN,
        sqlite_where=OPEN,
    )
    op.create_index("ix_alerts_mail_due", "alerts", ["next_try_at"], postgresql_where=MAIL_DUE, sqlite_where=MAIL_DUE)
    op.create_index("ix_alerts_user_id_raised_at", "alerts", ["user_id", "raised_at"])
    op.create_index(op.f("ix_alerts_account_id"), "alerts", ["account_id"])
    op.create_index(op.f("ix_alerts_resolved_by"), "alerts", ["resolved_by"])
    op.create_table(
        "alert_preferences",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("off", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False),
        sa.Column("quiet_start", sa.Time(), nullable=True),
        sa.Column("quiet_until", sa.Time(), nullable=True),
        sa.Column("time_zone", sa.String(64), nullable=True),
        _of("users", "alert_preferences", "user_id"),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_alert_preferences")),
    )


def downgrade() -> None:
    op.drop_table("alert_preferences")
    op.drop_table("alerts")


def _time(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _of(parent: str, table: str, column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{parent}.id"], name=op.f(f"fk_{table}_{column}_{parent}"), ondelete="CASCADE"
    )
