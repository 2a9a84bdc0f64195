"""Transactions: writers wait instead of failing, readers see what is committed, outages have their own class."""

from __future__ import annotations

import asyncio
import struct
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import Column, MetaData, Table, event, make_url, text
from sqlalchemy.exc import StatementError
from sqlmodel import insert, select

from session_core.domain.status import Desired
from session_core.store import accounts, engine
from session_core.store.engine import POOLER_PORT, Database
from session_core.store.errors import STORE_AWAY, STORE_ERRORS
from session_core.store.models import SessionRuntime
from session_core.store.types import UtcDateTime
from tests.factories import T0, add_account, read_runtime
from tests.servers.databases import postgres_copy
from tests.servers.postgres import running_postgres

_FIELDS = b"SFATAL\0C57P01\0Mterminating connection\0\0"
LAST_WORDS = b"E" + struct.pack("!i", len(_FIELDS) + 4) + _FIELDS
"""An ErrorResponse of PostgreSQL's protocol, as a server sends it before it closes a connection."""


def statements(database: Database) -> list[str]:
    """Return a list that fills with what is sent to the database."""
    sent: list[str] = []

    @event.listens_for(database._engine.sync_engine, "before_cursor_execute")
    def _note(_c: object, _cursor: object, statement: str, *_rest: object) -> None:
        sent.append(statement)

    return sent


async def test_a_writing_transaction_takes_sqlites_lock_before_it_reads(sqlite_database_url: str) -> None:
    database = Database(sqlite_database_url)
    sent = statements(database)
    try:
        async with database.begin() as session:
            await session.exec(text("SELECT 1"))
        async with database.read() as session:
            await session.exec(text("SELECT 2"))
    finally:
        await database.close()
    assert sent == ["BEGIN IMMEDIATE", "SELECT 1", "BEGIN", "SELECT 2"]


async def test_writers_that_read_first_lose_nothing(database: Database) -> None:
    account_id = await add_account(database)

    async def request() -> int:
        async with database.begin() as session:
            row = await accounts.get(session, account_id)  # as the services do: look, then write
            assert row is not None
            return await accounts.want(session, account_id, Desired.CONNECTED)

    numbers = await asyncio.gather(*(request() for _ in range(20)))
    assert sorted(numbers) == list(range(1, 21))
    assert (await read_runtime(database, account_id)).wanted_seq == 20


async def test_two_databases_on_one_file_write_in_turn(sqlite_database_url: str) -> None:
    first, second = Database(sqlite_database_url), Database(sqlite_database_url)
    try:
        account_id = await add_account(first)
        holds, released = asyncio.Event(), asyncio.Event()

        async def hold() -> None:
            async with first.begin() as session:
                await accounts.want(session, account_id, Desired.CONNECTED)
                holds.set()
                await released.wait()

        async def write() -> int:
            async with second.begin() as session:
                return await accounts.want(session, account_id, Desired.STOPPED)

        holder = asyncio.gather(hold())
        await holds.wait()
        writer = asyncio.gather(write())
        async with second.read() as session:  # readers never wait for a writer
            row = await accounts.get(session, account_id)
            assert row is not None
            assert row[1].wanted_seq == 0
        assert not writer.done()
        released.set()
        assert await writer == [2]
        await holder
    finally:
        await first.close()
        await second.close()


async def test_an_error_rolls_everything_back(database: Database) -> None:
    account_id = await add_account(database)

    async def breaks_after_a_change() -> None:
        async with database.begin() as session:
            await accounts.want(session, account_id, Desired.CONNECTED)
            raise RuntimeError("on purpose")

    with pytest.raises(RuntimeError, match="on purpose"):
        await breaks_after_a_change()
    assert (await read_runtime(database, account_id)).wanted_seq == 0


async def test_a_reading_transaction_keeps_nothing(database: Database) -> None:
    account_id = await add_account(database)
    async with database.read() as session:
        await accounts.rename(session, account_id, "Changed")
    async with database.read() as session:
        row = await accounts.get(session, account_id)
    assert row is not None
    assert row[0].name == "Shop"


async def test_rows_are_readable_after_the_transaction(database: Database) -> None:
    account_id = await add_account(database)
    async with database.begin() as session:
        row = await accounts.get(session, account_id)
    assert row is not None
    assert row[1].desired is Desired.STOPPED


async def test_references_are_enforced(database: Database) -> None:
    account_id = await add_account(database)
    async with database.begin() as session:
        await accounts.purge(session, account_id)
    async with database.read() as session:
        assert (await session.exec(select(SessionRuntime))).all() == []


class TestUtcDateTime:
    MOMENTS = Table("moments", MetaData(), Column("at", UtcDateTime()))

    async def _round_trip(self, database: Database, value: datetime | None) -> datetime | None:
        async with database.begin() as session:
            connection = await session.connection()
            await connection.run_sync(lambda sync: self.MOMENTS.create(sync, checkfirst=True))
            await session.exec(self.MOMENTS.delete())
            await session.exec(insert(self.MOMENTS).values(at=value))
            return (await session.exec(select(self.MOMENTS.c.at))).one()

    async def test_any_zone_comes_back_as_utc(self, database: Database) -> None:
        madrid = timezone(timedelta(hours=2))
        value = datetime(2026, 6, 1, 12, 0, 0, 123456, tzinfo=madrid)
        back = await self._round_trip(database, value)
        assert back == value
        assert back is not None
        assert back.tzinfo is UTC
        assert back.hour == 10

    async def test_nothing_stays_nothing(self, database: Database) -> None:
        assert await self._round_trip(database, None) is None

    async def test_a_time_without_a_zone_is_refused(self, database: Database) -> None:
        with pytest.raises(StatementError, match="without a time zone"):
            await self._round_trip(database, datetime(2026, 6, 1))

    async def test_times_compare_in_the_database(self, database: Database) -> None:
        account_id = await add_account(database)
        async with database.begin() as session:
            await accounts.touch(session, account_id, T0.astimezone(timezone(timedelta(hours=-5))))
            await accounts.touch(session, account_id, T0 - timedelta(seconds=1))
        assert (await read_runtime(database, account_id)).last_activity == T0


class TestOutages:
    """`STORE_AWAY` is for what may be gone in a moment; a wrong query or value must not be taken for it."""

    async def test_no_such_database(self, postgres_url: str) -> None:
        async with postgres_copy(postgres_url, None) as url:
            pass
        database = Database(url)
        with pytest.raises(STORE_AWAY):
            await database.ping()
        await database.close()

    async def test_a_server_that_is_gone_and_back(self, tmp_path: Path) -> None:
        with running_postgres(tmp_path) as url:
            database = Database(url.replace("postgresql://", "postgresql+asyncpg://"))
            await database.ping()
        with pytest.raises(STORE_AWAY):
            await database.ping()
        await database.close()

    async def test_a_connection_that_is_cut_off(self, postgres_database_url: str) -> None:
        database = Database(postgres_database_url)
        try:
            with pytest.raises(STORE_AWAY):
                async with database.begin() as session:
                    await session.exec(text("SELECT pg_terminate_backend(pg_backend_pid())"))
            await database.ping()  # the pool notices and makes a new one
        finally:
            await database.close()

    async def test_a_connection_whose_last_words_have_come_and_its_end_has_not(
        self, postgres_database_url: str
    ) -> None:
        database = Database(postgres_database_url)
        try:
            async with database.begin() as session:
                raw = await (await session.connection()).get_raw_connection()
                assert raw.driver_connection is not None
                raw.driver_connection._protocol.data_received(LAST_WORDS)
                with pytest.raises(STORE_AWAY):
                    await session.exec(text("SELECT 1"))
                await session.rollback()
            await database.ping()
        finally:
            await database.close()

    async def test_a_value_that_does_not_fit_is_no_outage(self, postgres_database_url: str) -> None:
        database = Database(postgres_database_url)
        try:
            with pytest.raises(STORE_ERRORS) as caught:
                async with database.begin() as session:
                    await session.exec(text("SELECT 1/0"))
        finally:
            await database.close()
        assert not isinstance(caught.value, STORE_AWAY)

    async def test_a_file_that_cannot_be_opened(self, tmp_path: Path) -> None:
        database = Database(f"sqlite+aiosqlite:///{tmp_path}/no/such/folder.db")
        with pytest.raises(STORE_AWAY):
            await database.ping()
        await database.close()


def test_the_poolers_port_switches_prepared_statements_off() -> None:
    through, direct = (
        Database(f"postgresql+asyncpg://ana@db.example.org:{port}/postgres") for port in (POOLER_PORT, 5432)
    )

    def arguments(database: Database) -> dict[str, object]:
        created: dict[str, object] = {}

        def connect(*_args: object, **kwargs: object) -> None:
            created.update(kwargs)
            raise ConnectionRefusedError

        dialect = database._engine.dialect
        _, options = dialect.create_connect_args(database._engine.url)
        pool_creator = database._engine.sync_engine.pool._creator
        dialect.connect = connect  # type: ignore[method-assign]
        with pytest.raises(ConnectionRefusedError):
            pool_creator()
        return {**options, **created}

    assert arguments(through)["statement_cache_size"] == 0
    assert arguments(through)["prepared_statement_cache_size"] == 0
    assert "statement_cache_size" not in arguments(direct)


async def test_libpqs_word_for_encryption_is_understood(postgres_database_url: str) -> None:
    database = Database(f"{postgres_database_url}&sslmode=disable")
    try:
        await database.ping()
    finally:
        await database.close()


@pytest.mark.postgres
class TestStoppedProcesses:
    """A process that was stopped in the middle of a transaction must not keep the others from a row for ever."""

    async def test_a_transaction_that_lies_idle_is_ended(
        self, postgres_database_url: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(engine, "IDLE_LIMIT", timedelta(milliseconds=200))
        stopped = Database(postgres_database_url)
        account_id = await add_account(stopped)
        monkeypatch.undo()
        other = Database(postgres_database_url)
        try:
            with pytest.raises(STORE_ERRORS):
                await self._claim_and_stop(stopped, other, account_id)
        finally:
            await stopped.close()
            await other.close()
        assert await _limit_in(postgres_database_url) == "5s"

    async def _claim_and_stop(self, stopped: Database, other: Database, account_id: UUID) -> None:
        async with stopped.begin() as session:
            assert await accounts.claim(session, account_id, 1, "host-1")
            async with other.begin() as second:
                # It waits for the row, and gets it although nobody lets go of it.
                assert await accounts.claim(second, account_id, 2, "host-2")
            await accounts.get(session, account_id)

    async def test_what_a_cut_process_had_waiting_does_not_get_the_row_afterwards(
        self, postgres_database_url: str
    ) -> None:
        """Three transactions of it want the row one after the other; none may be in the way of another process's."""
        cut = Database(postgres_database_url, lock_wait=timedelta(milliseconds=200))
        account_id = await add_account(cut)
        other = Database(postgres_database_url)
        first, waiting = cut.begin(), [cut.begin() for _ in range(2)]
        sessions = [await transaction.__aenter__() for transaction in (first, *waiting)]
        try:
            assert await accounts.claim(sessions[0], account_id, 1, "host-1")
            for session in sessions[1:]:
                with pytest.raises(STORE_AWAY):
                    await accounts.claim(session, account_id, 1, "host-1")
            await sessions[0].rollback()
            # Those two are still open, as a cut process leaves them.
            async with other.begin() as session:
                assert await accounts.claim(session, account_id, 2, "host-2")
        finally:
            for session in sessions:
                await session.close()
            await cut.close()
            await other.close()

    async def test_behind_a_pooler_only_our_own_transactions_are_limited(
        self, postgres_database_url: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        port = make_url(postgres_database_url).port
        monkeypatch.setattr(engine, "POOLER_PORT", port)
        database = Database(postgres_database_url, lock_wait=timedelta(seconds=4))
        try:
            async with database.begin() as session:
                assert (await session.exec(SHOW_LIMIT)).one()[0] == "5s"
                assert (await session.exec(text("SHOW lock_timeout"))).one()[0] == "4s"
            async with database.read() as session:
                assert (await session.exec(SHOW_LIMIT)).one()[0] == "0"
        finally:
            await database.close()


SHOW_LIMIT = text("SHOW idle_in_transaction_session_timeout")


async def _limit_in(url: str) -> str:
    database = Database(url)
    try:
        async with database.read() as session:
            limit: str = (await session.exec(SHOW_LIMIT)).one()[0]
    finally:
        await database.close()
    return limit
