"""The database: one engine a process, and two kinds of transaction."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

from sqlalchemy import event, make_url, text
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry
from sqlmodel.ext.asyncio.session import AsyncSession

SQLITE_BUSY_TIMEOUT_MS = 10_000
"""How long a writer waits for another one. The longest wait measured with four busy writers was 105 ms."""

POOLER_PORT = 6543
"""Supabase's transaction pooler. There a prepared statement may meet another server connection and fail."""

_WRITE = "whahook_write"


class Database:
    """Hands out transactions.

    ``begin()`` is for changes: on SQLite it takes the write lock at once (BEGIN IMMEDIATE), so a transaction never
    fails half-way because another one got in between. ``read()`` is for looking.
    """

    def __init__(self, url: str) -> None:
        """Prepare the engine; nothing is opened before the first use.

        Args:
            url: SQLAlchemy URL with an async driver (``sqlite+aiosqlite`` or ``postgresql+asyncpg``).
        """
        self._engine = _engine(url)
        self._writer = self._engine.execution_options(**{_WRITE: True})

    @property
    def dialect(self) -> str:
        """``"sqlite"`` or ``"postgresql"``."""
        return self._engine.dialect.name

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncSession]:
        """Open a transaction that may write; committed at the end, rolled back on an error."""
        async with AsyncSession(self._writer, expire_on_commit=False) as session, session.begin():
            yield session

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        """Open a transaction that only reads."""
        async with AsyncSession(self._engine, expire_on_commit=False) as session:
            yield session

    async def ping(self) -> None:
        """Ask the database for an answer; raises what the driver raises when there is none."""
        async with self._engine.connect() as connection:
            await connection.execute(text("SELECT 1"))

    async def close(self) -> None:
        """Close every connection."""
        await self._engine.dispose()


def _engine(url: str) -> AsyncEngine:
    if make_url(url).get_backend_name() == "sqlite":
        return _sqlite(url)
    return _postgres(url)


def _postgres(url: str) -> AsyncEngine:
    connect_args: dict[str, Any] = {"timeout": 10, "command_timeout": 30}
    if make_url(url).port == POOLER_PORT:
        connect_args |= {
            "statement_cache_size": 0,
            "prepared_statement_cache_size": 0,
            "prepared_statement_name_func": lambda: f"__whahook_{uuid4()}__",
        }
    return create_async_engine(url, connect_args=connect_args, pool_pre_ping=True, pool_size=10, max_overflow=10)


def _sqlite(url: str) -> AsyncEngine:
    engine = create_async_engine(url, connect_args={"timeout": SQLITE_BUSY_TIMEOUT_MS / 1000})

    @event.listens_for(engine.sync_engine, "connect")
    def _set_up(connection: Any, _record: ConnectionPoolEntry) -> None:
        # We say BEGIN ourselves; the driver's own idea of when to begin comes too late for BEGIN IMMEDIATE.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in (
            "journal_mode=WAL",
            "synchronous=NORMAL",
            f"busy_timeout={SQLITE_BUSY_TIMEOUT_MS}",
            "foreign_keys=ON",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Connection) -> None:
        write = connection.get_execution_options().get(_WRITE, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

    return engine
