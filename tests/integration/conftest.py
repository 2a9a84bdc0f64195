"""A database, a bus and a core of one's own for every test; the servers behind them are shared and real."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import make_url

from session_core.bus.connection import RedisClient, open_redis
from session_core.core import Core, open_core
from session_core.settings import Settings
from session_core.store.engine import Database
from tests.servers.databases import (
    copy_sqlite,
    empty_postgres,
    migrated_postgres,
    migrated_sqlite,
    postgres_copy,
)

BUS_DATABASE = 9
"""A Redis database that is emptied before each test; the numbers below are free for other tests."""


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a SQLite file with all tables; never opened again."""
    return migrated_sqlite(tmp_path_factory.mktemp("template") / "template.db")


@pytest.fixture(scope="session")
async def postgres_template(postgres_url: str) -> str:
    """Return the name of a Postgres database with all tables; never opened again, only copied."""
    return await migrated_postgres(postgres_url)


@pytest.fixture(scope="session")
async def postgres_shared(postgres_url: str, postgres_template: str) -> AsyncIterator[str]:
    """Name of the Postgres database that the tests use one after the other."""
    async with postgres_copy(postgres_url, postgres_template) as url:
        yield str(make_url(url).database)


@pytest.fixture
def sqlite_database_url(sqlite_template: Path, tmp_path: Path) -> str:
    """URL of an empty SQLite database with all tables, for this test alone."""
    return copy_sqlite(sqlite_template, tmp_path / "test.db")


@pytest.fixture
async def postgres_database_url(postgres_url: str, postgres_shared: str) -> str:
    """URL of a Postgres database with all tables and no row; a test that changes tables takes a copy instead."""
    return await empty_postgres(postgres_url, postgres_shared)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_kind(request: pytest.FixtureRequest) -> str:
    """Run the test once with each database; a folder that needs one only overrides this fixture."""
    return str(request.param)


@pytest.fixture
def database_url(database_kind: str, request: pytest.FixtureRequest) -> str:
    """URL of an empty database with all tables, for this test alone, on SQLite and then on Postgres."""
    url: str = request.getfixturevalue(f"{database_kind}_database_url")
    return url


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """Give the store on an empty database, on SQLite and then on Postgres."""
    database = Database(database_url)
    try:
        yield database
    finally:
        await database.close()


@pytest.fixture
async def bus_url(valkey_url: str) -> str:
    """URL of an empty database on the shared Valkey."""
    url = f"{valkey_url}?db={BUS_DATABASE}"
    client = open_redis(url)
    try:
        await client.flushdb()
    finally:
        await client.aclose()
    return url


@pytest.fixture
async def redis(bus_url: str) -> AsyncIterator[RedisClient]:
    """Give a client of the empty bus."""
    client = open_redis(bus_url)
    try:
        yield client
    finally:
        await client.aclose()


@pytest.fixture
def settings(database_url: str, bus_url: str, tmp_path: Path) -> Settings:
    """Return settings that name this test's database, bus and data folder."""
    return Settings(data_dir=tmp_path / "data", database_url_setting=database_url, redis_url_setting=bus_url)


@pytest.fixture
async def core(settings: Settings) -> AsyncIterator[Core]:
    """Give a core with this test's database and bus; its hub is not started."""
    async with open_core(settings) as core:
        yield core
