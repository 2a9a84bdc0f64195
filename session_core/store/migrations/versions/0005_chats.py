"""Chats and contacts, filled from the messages that are there.

Revision: 0005, after 0004
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from session_core.domain.chats import phone_of, searchable

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_PIECE = 500


def upgrade() -> None:
    op.create_index("ix_messages_chat", "messages", ["account_id", "chat_id", "created_at", "seq"])
    op.create_table(
        "chats",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("chat_id", sa.String(64), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("user", "group", name="chatkind", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("name", sa.String(100), nullable=True),
        sa.Column("search", sa.Text(), nullable=False),
        sa.Column("unread", sa.Integer(), nullable=False),
        sa.Column("archived", sa.Boolean(), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seq", sa.BigInteger(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        _account("chats"),
        sa.PrimaryKeyConstraint("account_id", "chat_id", name=op.f("pk_chats")),
    )
    op.create_index("ix_chats_account_id_last_at", "chats", ["account_id", "last_at", "chat_id"])
    op.create_table(
        "contacts",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("wa_id", sa.String(64), nullable=False),
        sa.Column("phone", sa.String(20), nullable=True),
        sa.Column("lid", sa.String(64), nullable=True),
        sa.Column("name", sa.String(100), nullable=True),
        sa.Column("push_name", sa.String(100), nullable=True),
        sa.Column("search", sa.String(300), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        _account("contacts"),
        sa.PrimaryKeyConstraint("account_id", "wa_id", name=op.f("pk_contacts")),
    )
    op.create_index("ix_contacts_account_id_phone", "contacts", ["account_id", "phone"])
    op.create_index("ix_contacts_account_id_lid", "contacts", ["account_id", "lid"])
    op.create_index("ix_contacts_account_id_search", "contacts", ["account_id", "search", "wa_id"])
    _fill()


def downgrade() -> None:
    op.drop_table("contacts")
    op.drop_table("chats")
    op.drop_index("ix_messages_chat", table_name="messages")


def _account(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["account_id"],
        ["whatsapp_accounts.id"],
        name=op.f(f"fk_{table}_account_id_whatsapp_accounts"),
        ondelete="CASCADE",
    )


def _fill() -> None:
    """Make a chat of every chat id, and a contact of every person who has told a name."""
    connection = op.get_bind()
    newest = sa.text(
        "SELECT m.account_id, m.chat_id, m.seq, m.created_at FROM messages m JOIN"
        " (SELECT max(seq) AS seq FROM messages GROUP BY account_id, chat_id) n ON n.seq = m.seq"
    )
    chats = _table("chats", "kind", "unread", "archived", "last_seq", wa="chat_id", last_at=True)
    _copy(connection, newest, chats, _chat)
    named = sa.text(
        "SELECT m.account_id, coalesce(m.author, m.chat_id) AS wa_id, m.sender_name, m.created_at FROM messages m JOIN"
        " (SELECT max(seq) AS seq FROM messages WHERE direction = 'in' AND sender_name IS NOT NULL"
        "  AND (author IS NOT NULL OR chat_id NOT LIKE '%@g.us')"
        "  GROUP BY account_id, coalesce(author, chat_id)) n ON n.seq = m.seq"
    )
    contacts = _table("contacts", "phone", "lid", "push_name", wa="wa_id")
    _copy(connection, named, contacts, _contact)


def _table(name: str, *columns: str, wa: str, last_at: bool = False) -> sa.TableClause:
    # What is read goes back as it was read: SQLite keeps ids and times as texts of its own.
    times = ["last_at"] * last_at
    return sa.table(name, *(sa.column(one) for one in ("account_id", wa, "search", "updated_at", *times, *columns)))


def _copy(connection: sa.Connection, query: sa.TextClause, table: sa.TableClause, convert: Any) -> None:
    rows = connection.execute(query)
    while piece := rows.fetchmany(_PIECE):
        connection.execute(table.insert(), [convert(row) for row in piece])


def _chat(row: Any) -> dict[str, Any]:
    return {
        "account_id": row.account_id,
        "chat_id": row.chat_id,
        "kind": "group" if row.chat_id.endswith("@g.us") else "user",
        "search": searchable(phone_of(row.chat_id)),
        "unread": 0,
        "archived": False,
        "last_at": row.created_at,
        "last_seq": row.seq,
        "updated_at": row.created_at,
    }


def _contact(row: Any) -> dict[str, Any]:
    phone = phone_of(row.wa_id)
    return {
        "account_id": row.account_id,
        "wa_id": row.wa_id,
        "phone": phone,
        "lid": row.wa_id if row.wa_id.endswith("@lid") else None,
        "push_name": row.sender_name,
        "search": searchable(row.sender_name, phone)[:300],
        "updated_at": row.created_at,
    }
