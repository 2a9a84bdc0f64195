"""Events for programs, written in the transaction that made them true."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from session_core.store.models import OutboxEvent


async def add(session: AsyncSession, account_id: UUID, event_type: str, payload: dict[str, Any]) -> None:
    """Add an event.

    Args:
        session: the transaction of the change itself.
        account_id: the account that it is about.
        event_type: dotted name, e.g. ``"message.received"``.
        payload: JSON-ready data; no credentials.
    """
    session.add(OutboxEvent(account_id=account_id, type=event_type, payload=payload))
    await session.flush()
