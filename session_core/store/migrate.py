"""Bring the tables to a revision, or tell at which one they are.

One transaction and one lock for everything: two processes that migrate at once wait for each other, and a migration
that breaks leaves the tables as they were.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import structlog
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import make_url, text
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlmodel.ext.asyncio.session import AsyncSession

from session_core.errors import FatalError, TransientError
from session_core.store import search_schema
from session_core.store.engine import migration_engine
from session_core.store.errors import STORE_ERRORS
from session_core.store.models import Base

T = TypeVar("T")

log = structlog.get_logger(__name__)

FOLDER = Path(__file__).parent / "migrations"

LOCK_KEY = 0x77686168
"""Number of the advisory lock on Postgres ("whah")."""

LOCK_WAIT = timedelta(minutes=2)
"""How long to wait for another process that migrates."""


def upgrade(database_url: str, revision: str = "head") -> None:
    """Bring the database to ``revision``, by default to the newest one; makes a missing SQLite file.

    Args:
        database_url: SQLAlchemy URL with an async driver, as `session_core.settings.Settings.database_url` gives it.
        revision: name of a revision, or ``"head"``.

    Raises:
        TransientError: ``database_unreachable``; ``migration_under_way`` when another process holds the lock too long.
        FatalError: ``database_too_new`` when it was made by a newer version of this program; ``migration_failed``.
    """
    asyncio.run(upgrade_async(database_url, revision))


def downgrade(database_url: str, revision: str) -> None:
    """Take the database back to ``revision`` (``"base"``: no tables); data of what goes away is lost.

    Raises:
        WhahookError: as `upgrade`.
    """
    asyncio.run(downgrade_async(database_url, revision))


async def upgrade_async(database_url: str, revision: str = "head") -> None:
    """Do what `upgrade` does, inside a running loop."""
    _make_file(database_url)
    await _locked(database_url, lambda config: command.upgrade(config, revision))


async def downgrade_async(database_url: str, revision: str) -> None:
    """Do what `downgrade` does, inside a running loop."""
    await _locked(database_url, lambda config: command.downgrade(config, revision))


async def current(database_url: str) -> str | None:
    """Return the revision at which the database is; None when it has no tables of ours."""
    async with _connection(database_url, write=False) as connection:
        return await connection.run_sync(lambda sync: MigrationContext.configure(sync).get_current_revision())


async def revision_of(session: AsyncSession) -> str | None:
    """Return what `current` does, in a transaction that is open already."""
    return await session.run_sync(lambda sync: MigrationContext.configure(sync.connection()).get_current_revision())


@lru_cache(maxsize=1)
def newest() -> str | None:
    """Return the newest revision that this program knows."""
    return ScriptDirectory.from_config(_config()).get_current_head()


async def is_current(database_url: str) -> bool:
    """Tell whether the database has exactly the tables of this version of the program."""
    return await current(database_url) == newest()


async def check(database_url: str) -> list[Any]:
    """Compare the tables with the models.

    Returns:
        Alembic's differences; empty when a new revision is not needed.
    """

    def compare(connection: Connection) -> list[Any]:
        options = {"compare_type": True, "include_name": lambda name, _kind, _parents: not search_schema.is_ours(name)}
        return list(compare_metadata(MigrationContext.configure(connection, opts=options), Base.metadata))

    async with _connection(database_url, write=False) as connection:
        return await connection.run_sync(compare)


def new_revision(database_url: str, message: str) -> None:
    """Write a new revision with what `check` found (for developers; read it before it is committed)."""
    number = len(list(ScriptDirectory.from_config(_config()).walk_revisions())) + 1

    def write(config: Config) -> None:
        command.revision(config, message, autogenerate=True, rev_id=f"{number:04d}")

    asyncio.run(_locked(database_url, write))


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def _make_file(database_url: str) -> None:
    """Make the SQLite file with its folder, for our eyes only: the texts of people's messages are in it."""
    url = make_url(database_url)
    if url.get_backend_name() != "sqlite" or not url.database or url.database == ":memory:":
        return
    path = Path(url.database)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        raise FatalError(
            f"The database file cannot be made ({error.strerror}).",
            code="database_unreachable",
            action="Check that WHAHOOK_DATA_DIR and DATABASE_URL name a place that can be written.",
        ) from error


async def _locked(database_url: str, work: Callable[[Config], None]) -> None:
    try:
        async with _connection(database_url, write=True) as connection:
            await connection.run_sync(lambda sync: work(_config(sync)))
            await connection.run_sync(search_schema.ensure_triggers)
            await _refuse_dangling_rows(connection)
    except CommandError as error:
        raise FatalError(
            "The database is at a revision that this version does not know.",
            code="database_too_new",
            action="Run the version that made it, or a newer one.",
        ) from error
    except DBAPIError as error:
        raise FatalError(
            f"The database could not be migrated ({type(error.orig).__name__}); it is as it was before.",
            code="migration_failed",
            action="The log has the details.",
        ) from error


async def _refuse_dangling_rows(connection: AsyncConnection) -> None:
    """Check on SQLite what was not enforced while tables were copied; an error rolls everything back."""
    if connection.dialect.name != "sqlite":
        return
    broken = (await connection.execute(text("PRAGMA foreign_key_check"))).fetchall()
    if broken:
        raise FatalError(
            f"After the migration {len(broken)} rows would point to nothing, so it was undone.",
            code="migration_failed",
        )


@asynccontextmanager
async def _connection(database_url: str, *, write: bool) -> AsyncIterator[AsyncConnection]:
    """Give a connection in a transaction, for a writer one that holds the lock; committed at the end."""
    engine = migration_engine(database_url, write=write, lock_wait=LOCK_WAIT)
    try:
        connection = await _connect(engine)
        try:
            await _begin(connection, write=write)
            yield connection
            await connection.commit()
        finally:
            await connection.close()
    finally:
        await engine.dispose()


async def _connect(engine: AsyncEngine) -> AsyncConnection:
    try:
        return await engine.connect().start()
    except STORE_ERRORS as error:
        raise TransientError(
            f"The database cannot be reached ({type(error).__name__}).",
            code="database_unreachable",
            action="Check that it runs and that DATABASE_URL is right.",
        ) from error


async def _begin(connection: AsyncConnection, *, write: bool) -> None:
    """Begin the transaction; a writer waits for other writers (on SQLite that is what its BEGIN does)."""
    try:
        await connection.begin()
        if write and connection.dialect.name == "postgresql":
            # SET LOCAL and a lock of the transaction: both also work through a transaction pooler.
            await connection.execute(text(f"SET LOCAL lock_timeout = {_milliseconds(LOCK_WAIT)}"))
            await connection.execute(text(f"SELECT pg_advisory_xact_lock({LOCK_KEY})"))
    except DBAPIError as error:
        raise TransientError(
            "Somebody else is changing the database's tables, and does not come to an end.",
            code="migration_under_way",
            action="Wait, or end the other process.",
        ) from error


def _milliseconds(duration: timedelta) -> int:
    return int(duration.total_seconds() * 1000)


if __name__ == "__main__":
    from session_core.settings import get_settings

    new_revision(get_settings().database_url, " ".join(sys.argv[1:]))
