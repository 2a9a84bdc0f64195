"""Databases with all tables: one is migrated once, every test gets a copy of its own."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import asyncpg
from sqlalchemy import make_url

from session_core.settings import Settings
from session_core.store.migrate import upgrade, upgrade_async

CONNECT_TIMEOUT = 10
"""Seconds."""


def migrated_sqlite(path: Path) -> Path:
    """Make a SQLite file with all tables, to be copied."""
    upgrade(sqlite_url(path))
    return path


def sqlite_url(path: Path) -> str:
    """Return the URL of a SQLite file as `Settings.database_url` has it."""
    return f"sqlite+aiosqlite:///{path}"


def copy_sqlite(template: Path, path: Path) -> str:
    """Copy a migrated file that nobody has open, and return the copy's URL."""
    shutil.copyfile(template, path)
    return sqlite_url(path)


def in_database(server_url: str, name: str) -> str:
    """Return the URL of another database on the same server, with the async driver in it."""
    url = make_url(Settings(database_url_setting=server_url).database_url).set(database=name)
    return url.render_as_string(hide_password=False)


async def migrated_postgres(server_url: str) -> str:
    """Make a database with all tables on the server, to be copied; returns its name."""
    name = f"template_{uuid4().hex}"
    await _execute(server_url, f'CREATE DATABASE "{name}"')
    await upgrade_async(in_database(server_url, name))
    return name


@asynccontextmanager
async def postgres_copy(server_url: str, template: str | None) -> AsyncIterator[str]:
    """Give the URL of a fresh database, a copy of ``template`` or an empty one; dropped at the end."""
    name = f"test_{uuid4().hex}"
    await _execute(server_url, f'CREATE DATABASE "{name}"' + (f' TEMPLATE "{template}"' if template else ""))
    try:
        yield in_database(server_url, name)
    finally:
        await _execute(server_url, f'DROP DATABASE "{name}" WITH (FORCE)')


async def empty_postgres(server_url: str, name: str) -> str:
    """Cut off whoever is still in the database, delete every row, and return the database's URL.

    Ten times as fast as a copy.
    """
    await _execute(server_url, f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
    url = in_database(server_url, name)
    await _execute(url.replace("+asyncpg", ""), "DELETE FROM users")  # everything else hangs on them
    return url


async def _execute(server_url: str, statement: str) -> None:
    connection = await asyncpg.connect(server_url, timeout=CONNECT_TIMEOUT)
    try:
        await asyncio.wait_for(connection.execute(statement), 30)
    finally:
        await connection.close()
