"""Rows that tests begin with, written through the store."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from session_core.domain.ids import new_wa_key
from session_core.domain.message import Direction, MessageStatus, content_hash
from session_core.domain.status import AccountKind
from session_core.store import accounts, messages, users
from session_core.store.engine import Database
from session_core.store.models import Account, Message, SessionRuntime, User

T0 = datetime(2026, 1, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)
CHAT = "34612345678@c.us"


async def add_user(database: Database, name: str = "Ana") -> UUID:
    """Store a person and return their id."""
    user = User(email=f"{uuid4().hex}@example.org", name=name, created_at=T0)
    user_id = user.id
    async with database.begin() as session:
        await users.add(session, user)
    return user_id


async def add_account(
    database: Database,
    user_id: UUID | None = None,
    *,
    kind: AccountKind = AccountKind.LIVE,
    created_at: datetime = T0,
    **runtime: Any,
) -> UUID:
    """Store an account, of a new person unless one is given; ``runtime`` are fields of its hot row. Returns its id."""
    user_id = user_id or await add_user(database)
    account = Account(user_id=user_id, name="Shop", kind=kind, created_at=created_at)
    account_id = account.id
    async with database.begin() as session:
        await accounts.add(session, account, SessionRuntime(account_id=account_id, **runtime))
    return account_id


def message(account_id: UUID, **fields: Any) -> Message:
    """Return a text that waits to go out, or whatever ``fields`` make of it."""
    text = fields.pop("text", "hello")
    values: dict[str, Any] = {
        "direction": Direction.OUT,
        "chat_id": CHAT,
        "status": MessageStatus.QUEUED,
        "wa_key": new_wa_key(),
        "created_at": T0,
        "updated_at": T0,
        **fields,
    }
    values.setdefault("status_rank", values["status"].rank)
    return Message(account_id=account_id, text=text, content_hash=content_hash(text), **values)


async def add_message(database: Database, account_id: UUID, **fields: Any) -> Message:
    """Store such a message and return it."""
    row = message(account_id, **fields)
    async with database.begin() as session:
        await messages.add(session, row)
    return row


async def read_message(database: Database, account_id: UUID, message_id: UUID) -> Message:
    """Return a message as it is stored now."""
    async with database.read() as session:
        row = await messages.get(session, account_id, message_id)
    assert row is not None
    return row


async def read_runtime(database: Database, account_id: UUID) -> SessionRuntime:
    """Return an account's hot row as it is stored now."""
    async with database.read() as session:
        row = await accounts.get(session, account_id)
    assert row is not None
    return row[1]
