"""Webhooks: places of events, endpoints, lanes, deliveries, attempts.

Revision: 0008, after 0007
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

DELIVERY_STATUSES = ("pending", "delivered", "dead", "skipped")
JSON = sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql")
BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
NEW = sa.text("position IS NULL")
DUE = sa.text("next_try_at IS NOT NULL")
PENDING = sa.text("status = 'pending'")


def upgrade() -> None:
    # No batch that copies the table: the copy would give the number of a deleted row again.
    op.add_column("outbox_events", sa.Column("position", sa.BigInteger(), nullable=True))
    op.create_index("uq_outbox_events_position", "outbox_events", ["position"], unique=True)
    op.create_index("ix_outbox_events_new", "outbox_events", ["id"], postgresql_where=NEW, sqlite_where=NEW)
    progress = op.create_table(
        "outbox_progress",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox_progress")),
    )
    op.bulk_insert(progress, [{"id": 1, "position": 0}])
    _endpoints()
    _lanes()
    _deliveries()
    op.create_table(
        "webhook_attempts",
        sa.Column("id", BIG_ID, autoincrement=True, nullable=False),
        sa.Column("delivery_id", BIG_ID, nullable=False),
        _time("at"),
        sa.Column("duration_ms", sa.Integer(), nullable=False),
        sa.Column("status_code", sa.Integer(), nullable=True),
        sa.Column("problem", sa.String(32), nullable=False),
        sa.Column("response", sa.Text(), nullable=False),
        _of("webhook_deliveries", "webhook_attempts", "delivery_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_attempts")),
    )
    op.create_index(op.f("ix_webhook_attempts_delivery_id"), "webhook_attempts", ["delivery_id"])


def _endpoints() -> None:
    op.create_table(
        "webhook_endpoints",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("events", JSON, nullable=False),
        sa.Column("account_ids", JSON, nullable=True),
        sa.Column("off_reason", sa.String(32), nullable=False),
        _time("off_at", nullable=True),
        sa.Column("resume_from", sa.BigInteger(), nullable=True),
        _time("failing_since", nullable=True),
        _time("last_success_at", nullable=True),
        sa.Column("secret", sa.String(300), nullable=False),
        sa.Column("old_secret", sa.String(300), nullable=True),
        _time("old_secret_until", nullable=True),
        _time("created_at"),
        _of("users", "webhook_endpoints", "user_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_endpoints")),
    )
    op.create_index(op.f("ix_webhook_endpoints_user_id"), "webhook_endpoints", ["user_id"])
    op.create_index(op.f("ix_webhook_endpoints_off_reason"), "webhook_endpoints", ["off_reason"])


def _lanes() -> None:
    op.create_table(
        "webhook_lanes",
        sa.Column("endpoint_id", sa.Uuid(), nullable=False),
        sa.Column("lane_id", sa.Uuid(), nullable=False),
        _time("next_try_at", nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        _time("failing_since", nullable=True),
        sa.Column("lease_token", sa.String(64), nullable=True),
        _time("lease_until", nullable=True),
        _of("webhook_endpoints", "webhook_lanes", "endpoint_id"),
        sa.PrimaryKeyConstraint("endpoint_id", "lane_id", name=op.f("pk_webhook_lanes")),
    )
    op.create_index(
        "ix_webhook_lanes_next_try_at", "webhook_lanes", ["next_try_at"], postgresql_where=DUE, sqlite_where=DUE
    )


def _deliveries() -> None:
    op.create_table(
        "webhook_deliveries",
        sa.Column("id", BIG_ID, autoincrement=True, nullable=False),
        sa.Column("endpoint_id", sa.Uuid(), nullable=False),
        sa.Column("lane_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("outbox_id", BIG_ID, nullable=True),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("event_type", sa.String(64), nullable=False),
        sa.Column(
            "status",
            sa.Enum(*DELIVERY_STATUSES, name="deliverystatus", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("replay", sa.Boolean(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("last_status_code", sa.Integer(), nullable=True),
        sa.Column("last_problem", sa.String(32), nullable=False),
        _time("created_at"),
        _time("done_at", nullable=True),
        _of("webhook_endpoints", "webhook_deliveries", "endpoint_id"),
        _of("whatsapp_accounts", "webhook_deliveries", "account_id"),
        _of("outbox_events", "webhook_deliveries", "outbox_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_deliveries")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_webhook_deliveries_endpoint_id_id", "webhook_deliveries", ["endpoint_id", "id"])
    op.create_index(
        "ix_webhook_deliveries_pending",
        "webhook_deliveries",
        ["endpoint_id", "lane_id", "id"],
        postgresql_where=PENDING,
        sqlite_where=PENDING,
    )
    op.create_index("ix_webhook_deliveries_created_at", "webhook_deliveries", ["created_at"])
    op.create_index(op.f("ix_webhook_deliveries_account_id"), "webhook_deliveries", ["account_id"])
    op.create_index(op.f("ix_webhook_deliveries_outbox_id"), "webhook_deliveries", ["outbox_id"])


def downgrade() -> None:
    for table in ("webhook_attempts", "webhook_deliveries", "webhook_lanes", "webhook_endpoints", "outbox_progress"):
        op.drop_table(table)
    op.drop_index("ix_outbox_events_new", "outbox_events")
    op.drop_index("uq_outbox_events_position", "outbox_events")
    with op.batch_alter_table("outbox_events", table_kwargs={"sqlite_autoincrement": True}) as batch:
        batch.drop_column("position")


def _time(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _of(parent: str, table: str, column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{parent}.id"], name=op.f(f"fk_{table}_{column}_{parent}"), ondelete="CASCADE"
    )
