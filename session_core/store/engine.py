"""The database: one engine a process, and two kinds of transaction."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from uuid import uuid4

from asyncpg import InternalClientError
from sqlalchemy import NullPool, event, make_url, text
from sqlalchemy.engine import URL, Connection, ExceptionContext
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry
from sqlmodel.ext.asyncio.session import AsyncSession

Transaction = AsyncSession
"""An open transaction, for those above the store who pass one on to its queries."""

SQLITE_BUSY_TIMEOUT = timedelta(seconds=10)
"""How long a writer waits for another one. The longest wait measured with four busy writers was 105 ms."""

POOLER_PORT = 6543
"""Supabase's transaction pooler. There a prepared statement may meet another server connection and fail."""

DIRECT_PORT = 5432
"""Where the same server takes sessions of one's own: migrations go there."""

LOCK_TIMEOUT = "55P03"
"""SQLSTATE of a row that was not to be had in time; its class says nothing of the kind about its other members."""

AWAY_CLASSES = frozenset({"08", "28", "3D", "40", "53", "57", "58"})
"""SQLSTATE classes that say "not now" and nothing about the query: connection, login, missing database, serialization,
resources, operator intervention (a restart), system (PostgreSQL manual, appendix A)."""

IDLE_LIMIT = timedelta(seconds=5)
"""So long a process that was stopped in the middle of a transaction keeps its locks; then the server ends it. Another
host must be able to go on with an account (PostgreSQL manual, ``idle_in_transaction_session_timeout``). It adds up: a
host whose network was cut had several that waited for one row, and each gets it once the one before has ended; unless
they wait no longer than `LOCK_WAIT`."""

LOCK_WAIT = timedelta(seconds=4)
"""For a process that writes down again what was not stored, such as a host: so long a transaction waits for a row.
Shorter than `IDLE_LIMIT`, so that what a cut host had waiting is over when the first of its transactions is ended (no
effect on SQLite, where nobody can be cut from the database)."""

LONGEST_MIGRATION = timedelta(hours=2)
"""One statement may make an index over every message; after that the server is taken for dead."""

HIDE_PARAMETERS = True
"""An error's text goes into logs; the values of its statement are messages, names and hashes."""

_WRITE = "whahook_write"


class Database:
    """Hands out transactions.

    ``begin()`` is for changes: on SQLite it takes the write lock at once (BEGIN IMMEDIATE), so a transaction never
    fails half-way because another one got in between. ``read()`` is for looking.
    """

    def __init__(self, url: str, *, lock_wait: timedelta | None = None) -> None:
        """Prepare the engine; nothing is opened before the first use.

        Args:
            url: SQLAlchemy URL with an async driver (``sqlite+aiosqlite`` or ``postgresql+asyncpg``).
            lock_wait: how long a transaction waits for a row on Postgres; None: as long as the command may take.
        """
        self._engine = _engine(make_url(url), lock_wait)
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


def migration_engine(url: str, *, write: bool, lock_wait: timedelta) -> AsyncEngine:
    """Return an engine for one connection that changes tables.

    Args:
        url: as for `Database`; a transaction pooler's port is replaced by the one for sessions.
        write: take SQLite's write lock when a transaction begins.
        lock_wait: how long to wait for another process that changes tables.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        # Copying a table deletes the old one, which would cascade: references are checked at the end instead.
        engine = _sqlite(parsed, busy_timeout=lock_wait, foreign_keys=False, poolclass=NullPool)
    else:
        if parsed.port == POOLER_PORT:
            parsed = parsed.set(port=DIRECT_PORT)
        engine = _postgres(parsed, command_timeout=lock_wait + LONGEST_MIGRATION, poolclass=NullPool)
    return engine.execution_options(**{_WRITE: write})


def _engine(url: URL, lock_wait: timedelta | None) -> AsyncEngine:
    if url.get_backend_name() == "sqlite":
        return _sqlite(url)
    engine = _postgres(url, pool_pre_ping=True, pool_size=10, max_overflow=10)
    limits = {"idle_in_transaction_session_timeout": IDLE_LIMIT}
    if lock_wait is not None:
        limits["lock_timeout"] = lock_wait
    _limit_transactions(engine, limits, by_transaction=url.port == POOLER_PORT)
    return engine


def _postgres(url: URL, *, command_timeout: timedelta = timedelta(seconds=30), **options: Any) -> AsyncEngine:
    connect_args: dict[str, Any] = {"timeout": 10, "command_timeout": command_timeout.total_seconds()}
    if "sslmode" in url.query:
        # libpq's name, which is what people copy; the driver takes the same words under its own name.
        connect_args["ssl"] = url.query["sslmode"]
        url = url.difference_update_query(["sslmode"])
    if url.port == POOLER_PORT:
        connect_args |= {
            "statement_cache_size": 0,
            "prepared_statement_cache_size": 0,
            "prepared_statement_name_func": lambda: f"__whahook_{uuid4()}__",
        }
    engine = create_async_engine(url, connect_args=connect_args, hide_parameters=HIDE_PARAMETERS, **options)
    event.listen(engine.sync_engine, "handle_error", _name_outages)
    return engine


def _limit_transactions(engine: AsyncEngine, limits: dict[str, timedelta], *, by_transaction: bool) -> None:
    settings = [f"{name} = {int(limit.total_seconds() * 1000)}" for name, limit in limits.items()]
    if not by_transaction:
        whole = "; ".join(f"SET {setting}" for setting in settings)

        @event.listens_for(engine.sync_engine, "connect")
        def _set(connection: Any, _record: ConnectionPoolEntry) -> None:
            connection.run_async(lambda driver: driver.execute(whole))

        return

    @event.listens_for(engine.sync_engine, "begin")
    def _set_local(connection: Connection) -> None:
        # The pooler's connections are not ours to set up, only our transactions on them.
        if connection.get_execution_options().get(_WRITE, False):
            for setting in settings:
                connection.exec_driver_sql(f"SET LOCAL {setting}")


def _name_outages(context: ExceptionContext) -> OperationalError | None:
    """Give an outage the class that SQLite's has. The driver's dialect reports it like a value that does not fit."""
    error = context.sqlalchemy_exception
    if not isinstance(error, DBAPIError):
        return None
    state = getattr(context.original_exception, "sqlstate", None) or ""
    if isinstance(_driver_error(context), InternalClientError):
        # The server died in the middle of an answer, and the connection waits for its end for ever.
        context.is_disconnect = True
    elif type(error) is not DBAPIError or not (context.is_disconnect or _says_not_now(state)):
        return None
    return OperationalError(
        error.statement,
        error.params,
        error.orig or error,
        hide_parameters=HIDE_PARAMETERS,
        connection_invalidated=context.is_disconnect,
    )


def _says_not_now(state: str) -> bool:
    return state[:2] in AWAY_CLASSES or state == LOCK_TIMEOUT


def _driver_error(context: ExceptionContext) -> BaseException | None:
    """Return asyncpg's own error behind the one that its adapter raises."""
    return context.original_exception.__cause__


def _sqlite(
    url: URL, *, busy_timeout: timedelta = SQLITE_BUSY_TIMEOUT, foreign_keys: bool = True, **options: Any
) -> AsyncEngine:
    connect_args = {"timeout": busy_timeout.total_seconds()}
    engine = create_async_engine(url, connect_args=connect_args, hide_parameters=HIDE_PARAMETERS, **options)

    @event.listens_for(engine.sync_engine, "connect")
    def _set_up(connection: Any, _record: ConnectionPoolEntry) -> None:
        # We say BEGIN ourselves; the driver's own idea of when to begin comes too late for BEGIN IMMEDIATE.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in (
            f"busy_timeout={int(busy_timeout.total_seconds() * 1000)}",
            "journal_mode=WAL",
            "synchronous=NORMAL",
            f"foreign_keys={'ON' if foreign_keys else 'OFF'}",
            # What is erased is overwritten, not only unlinked.
            "secure_delete=ON",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Connection) -> None:
        write = connection.get_execution_options().get(_WRITE, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

    return engine
