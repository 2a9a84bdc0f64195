"""The same revisions on both databases, up and down, and two processes at once."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from enum import Enum
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import Enum as SAEnum
from sqlalchemy import inspect, text
from sqlalchemy.exc import IntegrityError
from sqlmodel import insert
from sqlmodel.ext.asyncio.session import AsyncSession

from session_core.clock import utcnow
from session_core.domain.alerts import AlertKind, MailStatus
from session_core.domain.backup import BackupReason, BackupStatus
from session_core.domain.chats import ChatKind
from session_core.domain.consent import OptOutSource, Person
from session_core.domain.media import MediaState
from session_core.domain.message import Direction
from session_core.domain.webhooks import DeliveryStatus, Problem
from session_core.errors import FatalError, TransientError
from session_core.store import consent, early_changes, messages, migrate, webhook_lanes, webhooks
from session_core.store.engine import POOLER_PORT, Database, migration_engine
from session_core.store.models import (
    Alert,
    Base,
    Chat,
    EarlyKind,
    Media,
    MessageVersion,
    OptOut,
    SessionBackup,
    SessionRuntime,
    VersionKind,
    WebhookDelivery,
    WebhookEndpoint,
)
from session_core.store.webhook_lanes import Tried
from tests.factories import CHAT, add_account, add_user, message
from tests.servers.databases import postgres_copy, sqlite_url
from tests.servers.processes import clean_environment


@pytest.fixture
async def postgres_database_url(postgres_url: str, postgres_template: str) -> AsyncIterator[str]:
    """A database of its own for every test: the tables change."""
    async with postgres_copy(postgres_url, postgres_template) as url:
        yield url


@pytest.fixture
def empty_sqlite_url(tmp_path: Path) -> str:
    return sqlite_url(tmp_path / "folder" / "new.db")


@pytest.fixture
async def empty_postgres_url(postgres_url: str) -> AsyncIterator[str]:
    async with postgres_copy(postgres_url, None) as url:
        yield url


@pytest.fixture
def empty_url(database_kind: str, request: pytest.FixtureRequest) -> str:
    """URL of a database without any table."""
    url: str = request.getfixturevalue(f"empty_{database_kind}_url")
    return url


async def test_upgrade_check_downgrade_upgrade(empty_url: str) -> None:
    await migrate.upgrade_async(empty_url)
    assert await migrate.is_current(empty_url)
    assert await migrate.check(empty_url) == []

    await migrate.downgrade_async(empty_url, "base")
    assert await migrate.current(empty_url) is None
    assert not await migrate.is_current(empty_url)
    assert len(await migrate.check(empty_url)) >= len(Base.metadata.tables)

    await migrate.upgrade_async(empty_url)
    assert await migrate.current(empty_url) == migrate.newest()
    assert await migrate.check(empty_url) == []


async def test_upgrading_what_is_current_changes_nothing(database: Database, database_url: str) -> None:
    account_id = await add_account(database)
    await migrate.upgrade_async(database_url)
    async with database.read() as session:
        assert (await session.get(SessionRuntime, account_id)) is not None


async def test_processes_that_migrate_at_once_all_succeed(empty_url: str) -> None:
    program = f"from session_core.store.migrate import upgrade; upgrade({empty_url!r})"
    processes = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", program, env=clean_environment(), stderr=asyncio.subprocess.PIPE
        )
        for _ in range(4)
    ]
    for process in processes:
        _, errors = await asyncio.wait_for(process.communicate(), 60)
        assert process.returncode == 0, errors.decode()
    assert await migrate.check(empty_url) == []


async def test_a_migration_waits_for_the_one_that_holds_the_lock(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrate, "LOCK_WAIT", timedelta(milliseconds=200))
    async with migrate._connection(database_url, write=True):
        with pytest.raises(TransientError) as caught:
            await migrate.downgrade_async(database_url, "base")
    assert caught.value.code == "migration_under_way"
    assert await migrate.is_current(database_url)
    await migrate.downgrade_async(database_url, "base")


async def test_a_migration_that_breaks_leaves_nothing_behind(empty_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(config: migrate.Config, revision: str) -> None:
        config.attributes["connection"].execute(text("CREATE TABLE half_done (id INTEGER)"))
        config.attributes["connection"].execute(text("INSERT INTO not_there VALUES (1)"))

    with monkeypatch.context() as patch:
        patch.setattr(migrate.command, "upgrade", breaks)
        with pytest.raises(FatalError) as caught:
            await migrate.upgrade_async(empty_url)
    assert caught.value.code == "migration_failed"
    engine = migration_engine(empty_url, write=False, lock_wait=migrate.LOCK_WAIT)
    try:
        async with engine.connect() as connection:
            assert await connection.run_sync(lambda sync: inspect(sync).get_table_names()) == []
    finally:
        await engine.dispose()


async def test_a_database_of_a_newer_version_is_refused(database: Database, database_url: str) -> None:
    async with database.begin() as session:
        await session.exec(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(FatalError) as caught:
        await migrate.upgrade_async(database_url)
    assert caught.value.code == "database_too_new"
    assert not await migrate.is_current(database_url)


async def test_copying_a_table_keeps_the_rows_that_hang_on_it(
    database: Database, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite deletes and makes a table anew to change it; with references enforced that would cascade."""
    account_id = await add_account(database)

    def copy_the_table(config: migrate.Config, revision: str) -> None:
        from alembic.operations import Operations
        from alembic.runtime.migration import MigrationContext

        operations = Operations(MigrationContext.configure(config.attributes["connection"]))
        recreate = "always" if database.dialect == "sqlite" else "auto"
        with operations.batch_alter_table("whatsapp_accounts", recreate=recreate) as batch:
            batch.alter_column("name", type_=migrate.Base.metadata.tables["users"].c.email.type)

    with monkeypatch.context() as patch:
        patch.setattr(migrate.command, "upgrade", copy_the_table)
        await migrate.upgrade_async(database_url)
    async with database.read() as session:
        assert (await session.get(SessionRuntime, account_id)) is not None


async def test_people_who_opted_out_before_are_found_by_name_too(database: Database, database_url: str) -> None:
    user_id = await add_user(database)
    async with database.begin() as session:
        person = Person(phone="34612345678")
        await consent.add(session, user_id, None, person, OptOutSource.HAND, utcnow(), name="José Peña")
    await database.close()
    await migrate.downgrade_async(database_url, "0018")
    await migrate.upgrade_async(database_url)
    async with database.read() as session:
        (found,) = await consent.page(session, user_id, limit=5, search="jose pena")
    assert found.name == "José Peña"


async def test_rows_that_would_point_to_nothing_undo_a_migration(
    sqlite_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = Database(sqlite_database_url)
    try:
        account_id = await add_account(database)

        def drops_the_parents(config: migrate.Config, revision: str) -> None:
            config.attributes["connection"].execute(text("DELETE FROM whatsapp_accounts"))

        with monkeypatch.context() as patch:
            patch.setattr(migrate.command, "upgrade", drops_the_parents)
            with pytest.raises(FatalError):
                await migrate.upgrade_async(sqlite_database_url)
        async with database.read() as session:
            assert (await session.get(SessionRuntime, account_id)) is not None
    finally:
        await database.close()


async def test_a_database_that_is_away_is_one_plain_error(tmp_path: Path) -> None:
    with pytest.raises(TransientError) as caught:
        await migrate.upgrade_async(f"postgresql+asyncpg://ana:hidden@/x?host={tmp_path}")
    assert caught.value.code == "database_unreachable"
    assert "hidden" not in str(caught.value)


async def test_a_wrong_database_name_is_one_plain_error(postgres_url: str) -> None:
    async with postgres_copy(postgres_url, None) as url:
        pass
    with pytest.raises(TransientError) as caught:
        await migrate.upgrade_async(url)
    assert caught.value.code == "database_unreachable"


def test_a_place_that_cannot_be_written_is_one_plain_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(FatalError) as caught:
        migrate.upgrade(sqlite_url(tmp_path / "file" / "new.db"))
    assert caught.value.code == "database_unreachable"


def test_the_new_file_is_for_our_eyes_only(tmp_path: Path) -> None:
    path = tmp_path / "data" / "whahook.db"
    migrate.upgrade(sqlite_url(path))
    assert path.stat().st_mode & 0o077 == 0
    assert path.parent.stat().st_mode & 0o077 == 0


def test_migrations_go_around_the_transaction_pooler() -> None:
    url = f"postgresql+asyncpg://ana:secret@db.example.org:{POOLER_PORT}/postgres"
    engine = migration_engine(url, write=True, lock_wait=migrate.LOCK_WAIT)
    assert engine.url.port == 5432
    assert engine.url.password == "secret"


ENUM_COLUMNS = [
    pytest.param(column, id=f"{column.table.name}.{column.name}")
    for table in Base.metadata.sorted_tables
    for column in table.columns
    if isinstance(column.type, SAEnum)
]


@pytest.mark.parametrize("column", ENUM_COLUMNS)
async def test_the_tables_take_every_value_of_an_enum(database: Database, column: object) -> None:
    """Alembic does not compare CHECKs: a value that a revision forgot shows here."""
    table, enum = column.table, column.type.enum_class
    assert issubclass(enum, Enum)
    user_id = await add_user(database)
    account_id = await add_account(database, user_id)
    own = {
        "session_runtime": ("account_id", account_id),
        "whatsapp_accounts": ("id", account_id),
    }
    async with database.begin() as session:
        if table.name.startswith("webhook_"):
            await _add_webhook(session, user_id)
        elif table.name == "message_versions":
            row = message(account_id)
            await messages.add(session, row)
            session.add(MessageVersion(message_id=row.id, kind=VersionKind.EDIT, text="", at=row.created_at))
            await session.flush()
        elif table.name == "early_changes":
            said = f"false_{CHAT}_3EB0A"
            await early_changes.keep(
                session, account_id, said, EarlyKind.VOTE, CHAT, ["a"], utcnow(), utcnow(), from_me=False
            )
        elif table.name not in own:
            await session.exec(insert(table).values(**_row(table.name, account_id, user_id)))
        for member in enum:
            await session.exec(table.update().values({column.name: member}))
            stored = (await session.exec(text(f"SELECT {column.name} FROM {table.name}"))).scalar_one()
            assert stored == member.value


async def _add_webhook(session: AsyncSession, user_id: UUID) -> None:
    endpoint = WebhookEndpoint(user_id=user_id, name="x", url="https://example.org", events=["*"], secret="x")
    await webhooks.add(session, endpoint)
    delivery = WebhookDelivery(endpoint_id=endpoint.id, lane_id=endpoint.id, event_id=endpoint.id, event_type="x")
    await webhooks.add_delivery(session, delivery)
    tried = Tried(delivery.created_at, 1, 200, Problem.NONE, "")
    await webhook_lanes.note(session, delivery.id or 0, tried, DeliveryStatus.PENDING)


def _row(table: str, account_id: object, user_id: object) -> dict[str, object]:
    from tests.factories import T0, message

    if table == "messages":
        return message(account_id).model_dump(exclude={"seq"})
    if table == "session_backups":
        return SessionBackup(
            account_id=account_id, status=BackupStatus.REQUESTED, because=BackupReason.REQUESTED
        ).model_dump()
    if table == "alerts":
        return Alert(user_id=user_id, kind=AlertKind.DOWN, subject="x", mail=MailStatus.OFF).model_dump()
    if table == "chats":
        return Chat(account_id=account_id, chat_id="34612345678@c.us", kind=ChatKind.USER, last_at=T0).model_dump()
    if table == "media":
        return Media(user_id=user_id, direction=Direction.OUT, state=MediaState.READY, mime="image/png").model_dump()
    if table == "opt_outs":
        out = OptOut(user_id=user_id, scope_id=user_id, person="34612345678@c.us", source=OptOutSource.HAND)
        return out.model_dump()
    assert table == "activity_log"
    return {"account_id": account_id, "at": T0, "kind": "status", "reason_code": "", "detail": ""}


@pytest.mark.parametrize(
    ("table", "column"),
    [("session_runtime", "status"), ("session_runtime", "desired"), ("whatsapp_accounts", "kind")],
)
async def test_the_tables_refuse_what_is_no_status(database: Database, table: str, column: str) -> None:
    await add_account(database)
    with pytest.raises(IntegrityError):
        async with database.begin() as session:
            await session.exec(text(f"UPDATE {table} SET {column} = 'nonsense'"))
