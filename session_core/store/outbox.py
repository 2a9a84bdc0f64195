"""Events for programs, written in the transaction that made them true."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from session_core.domain.text import storable
from session_core.store.models import OutboxEvent


async def add(session: AsyncSession, account_id: UUID, event_type: str, payload: dict[str, Any]) -> None:
    """Add an event.

    Args:
        session: the transaction of the change itself.
        account_id: the account that it is about.
        event_type: dotted name, e.g. ``"message.received"``.
        payload: JSON-ready data; no credentials.
    """
    session.add(OutboxEvent(account_id=account_id, type=event_type, payload=_storable(payload)))
    await session.flush()


def _storable(value: Any) -> Any:
    """Return JSON-ready data whose texts every database takes."""
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, dict):
        return {_storable(name): _storable(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_storable(item) for item in value]
    return value
