"""Databases that fail."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlmodel.ext.asyncio.session import AsyncSession

from session_core.store.engine import Database


class AwayAtFirstDatabase(Database):
    """Refuses the next ``away_for`` writing transactions as a server does that restarts; then it works."""

    away_for = 0

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncSession]:
        """Open a transaction that may write, or fail."""
        if self.away_for:
            self.away_for -= 1
            raise ConnectionRefusedError("the database is away")
        async with super().begin() as session:
            yield session
