"""The first tables: people, their accounts, messages, and what happened.

Revision: 0001, the first one
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ACCOUNT_KINDS = ("live", "sandbox")
DESIRED = ("connected", "stopped", "deleted")
DIRECTIONS = ("in", "out")
MESSAGE_STATUSES = ("queued", "sending", "sent", "server", "device", "read", "failed", "received")
SESSION_STATUSES = (
    "stopped",
    "queued",
    "launching",
    "loading",
    "qr",
    "linking",
    "syncing",
    "ready",
    "reconnecting",
    "stopping",
    "action_required",
    "error",
)
LANE = sa.text("status IN ('queued', 'sending')")


def upgrade() -> None:
    op.create_table(
        "users",
        _id(),
        sa.Column("email", sa.String(320), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("password_hash", sa.String(255), nullable=True),
        _time("created_at"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("email", name=op.f("uq_users_email")),
    )
    _login_sessions()
    _api_keys()
    _accounts()
    _session_runtime()
    _activity()
    _messages()
    _outbox()


def downgrade() -> None:
    for table in (
        "outbox_events",
        "messages",
        "activity_log",
        "session_runtime",
        "whatsapp_accounts",
        "api_keys",
        "login_sessions",
        "users",
    ):
        op.drop_table(table)


def _login_sessions() -> None:
    op.create_table(
        "login_sessions",
        _id(),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("user_agent", sa.String(200), nullable=False),
        _time("created_at"),
        _time("expires_at"),
        _of("users", "login_sessions", "user_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_login_sessions")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_login_sessions_token_hash")),
    )
    op.create_index(op.f("ix_login_sessions_user_id"), "login_sessions", ["user_id"])


def _api_keys() -> None:
    op.create_table(
        "api_keys",
        _id(),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("prefix", sa.String(16), nullable=False),
        sa.Column("key_hash", sa.String(64), nullable=False),
        _time("created_at"),
        _time("last_used_at", nullable=True),
        _time("revoked_at", nullable=True),
        _of("users", "api_keys", "user_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_keys")),
        sa.UniqueConstraint("prefix", name=op.f("uq_api_keys_prefix")),
    )
    op.create_index(op.f("ix_api_keys_user_id"), "api_keys", ["user_id"])


def _accounts() -> None:
    op.create_table(
        "whatsapp_accounts",
        _id(),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        _one_of("kind", "accountkind", ACCOUNT_KINDS),
        _time("created_at"),
        _time("deleted_at", nullable=True),
        _of("users", "whatsapp_accounts", "user_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_whatsapp_accounts")),
    )
    op.create_index(op.f("ix_whatsapp_accounts_user_id"), "whatsapp_accounts", ["user_id"])


def _session_runtime() -> None:
    op.create_table(
        "session_runtime",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        _one_of("desired", "desired", DESIRED),
        sa.Column("wanted_seq", sa.Integer(), nullable=False),
        sa.Column("restart_seq", sa.Integer(), nullable=False),
        sa.Column("logout_seq", sa.Integer(), nullable=False),
        _one_of("status", "sessionstatus", SESSION_STATUSES),
        sa.Column("reason_code", sa.String(32), nullable=False),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        _time("status_since"),
        _time("last_activity", nullable=True),
        sa.Column("phone_number", sa.String(20), nullable=True),
        sa.Column("push_name", sa.String(100), nullable=True),
        sa.Column("attempt", sa.Integer(), nullable=False),
        _time("next_retry_at", nullable=True),
        sa.Column("host_id", sa.String(64), nullable=True),
        _of("whatsapp_accounts", "session_runtime", "account_id"),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_session_runtime")),
    )
    op.create_index(op.f("ix_session_runtime_desired"), "session_runtime", ["desired"])


def _activity() -> None:
    op.create_table(
        "activity_log",
        _number("id"),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        _time("at"),
        sa.Column("kind", sa.String(32), nullable=False),
        _one_of("status", "sessionstatus", SESSION_STATUSES, nullable=True),
        sa.Column("reason_code", sa.String(32), nullable=False),
        sa.Column("detail", sa.String(500), nullable=False),
        _of("whatsapp_accounts", "activity_log", "account_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_activity_log")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_activity_log_account_id_id", "activity_log", ["account_id", "id"])


def _messages() -> None:
    op.create_table(
        "messages",
        _number("seq"),
        _id(),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        _one_of("direction", "direction", DIRECTIONS),
        sa.Column("chat_id", sa.String(64), nullable=False),
        sa.Column("author", sa.String(64), nullable=True),
        sa.Column("sender_name", sa.String(100), nullable=True),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("content_hash", sa.String(64), nullable=False),
        _one_of("status", "messagestatus", MESSAGE_STATUSES),
        sa.Column("status_rank", sa.Integer(), nullable=False),
        sa.Column("failure", sa.String(200), nullable=True),
        sa.Column("wa_key", sa.String(64), nullable=False),
        sa.Column("wa_message_id", sa.String(200), nullable=True),
        sa.Column("quoted_id", sa.String(200), nullable=True),
        sa.Column("idempotency_key", sa.String(200), nullable=True),
        sa.Column("request_hash", sa.String(64), nullable=True),
        sa.Column("replayed", sa.Boolean(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("lease_token", sa.String(64), nullable=True),
        _time("lease_until", nullable=True),
        _time("created_at"),
        _time("sent_at", nullable=True),
        _time("updated_at"),
        sa.CheckConstraint("status_rank >= 0", name=op.f("ck_messages_status_rank")),
        _of("whatsapp_accounts", "messages", "account_id"),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_messages")),
        sa.UniqueConstraint("id", name=op.f("uq_messages_id")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_messages_account_id_seq", "messages", ["account_id", "seq"])
    op.create_index("ix_messages_account_id_wa_key", "messages", ["account_id", "wa_key"])
    op.create_index("ix_messages_lane", "messages", ["account_id", "seq"], postgresql_where=LANE, sqlite_where=LANE)
    op.create_index("ix_messages_same_content", "messages", ["account_id", "chat_id", "content_hash", "created_at"])
    for column in ("idempotency_key", "wa_message_id"):
        given = sa.text(f"{column} IS NOT NULL")
        op.create_index(
            f"uq_messages_account_id_{column}",
            "messages",
            ["account_id", column],
            unique=True,
            postgresql_where=given,
            sqlite_where=given,
        )


def _outbox() -> None:
    op.create_table(
        "outbox_events",
        _number("id"),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("type", sa.String(64), nullable=False),
        sa.Column(
            "payload", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        _time("created_at"),
        _of("whatsapp_accounts", "outbox_events", "account_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox_events")),
        sa.UniqueConstraint("event_id", name=op.f("uq_outbox_events_event_id")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_outbox_events_account_id_id", "outbox_events", ["account_id", "id"])


def _id() -> sa.Column[Any]:
    return sa.Column("id", sa.Uuid(), nullable=False)


def _number(name: str) -> sa.Column[Any]:
    big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    return sa.Column(name, big, autoincrement=True, nullable=False)


def _time(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _one_of(name: str, enum: str, values: tuple[str, ...], *, nullable: bool = False) -> sa.Column[Any]:
    kind = sa.Enum(*values, name=enum, native_enum=False, create_constraint=True, length=32)
    return sa.Column(name, kind, nullable=nullable)


def _of(parent: str, table: str, column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{parent}.id"], name=op.f(f"fk_{table}_{column}_{parent}"), ondelete="CASCADE"
    )
