"""Words are found in the same way on both databases, and only where one may look."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlmodel import col, delete, update
from sqlmodel.ext.asyncio.session import AsyncSession

from session_core.domain.status import AccountKind
from session_core.store import accounts, migrate, search, search_schema
from session_core.store.engine import Database
from session_core.store.models import Account, Message, SessionRuntime
from tests.factories import CHAT, add_account, add_message, add_user


async def find(database: Database, query: str, *account_ids: UUID, **options: Any) -> list[str]:
    async with database.read() as session:
        rows = await search.messages(session, account_ids, search.words_of(query), **{"limit": 50, **options})
    return [row.text for row in rows]


@pytest.mark.parametrize(
    ("stored", "query"),
    [
        ("¿Está listo mi pedido?", "esta PEDIDO"),
        ("esta listo", "Está"),
        ("CAMIÓN", "camion"),
        ("camio\u0301n", "camión"),
        ("Straße 5", "straße"),
        ("mañana", "maña"),
        ("mañana", "manana"),
        ("ПРИВЕТ мир", "привет"),
        ("see https://example.org/a/path?q=3", "example path"),
        ("ana@example.org", "example"),
        ("pedido nº 1042-B", "1042"),
        ("it's 3.50 EUR", "50 eur"),
        ("abc123 x", "abc12"),
        ("one\ntwo", "two one"),
        ("a_b", "b"),
        ("\U0001f600 ok", "ok \U0001f600"),
        ("Confirmación del pedido", "confirmaci"),
        ("confirmado: tu confirmación", "CONFIRMACION confirmado"),
    ],
    ids=range(18),
)
async def test_what_is_found(database: Database, stored: str, query: str) -> None:
    account_id = await add_account(database)
    await add_message(database, account_id, text=stored)
    await add_message(database, account_id, text="something else")
    assert await find(database, query, account_id) == [stored]


@pytest.mark.parametrize(
    "query",
    ["", " ", "'", '"', "*", "%", "hola adios", "text:hola", "NOT hola", "ola", "') OR 1=1 --", "\\", "confirmo"],
    ids=range(13),
)
async def test_what_is_not_found(database: Database, query: str) -> None:
    account_id = await add_account(database)
    await add_message(database, account_id, text="hola, confirmado")
    assert await find(database, query, account_id) == []


async def test_one_finds_in_ones_own_accounts_only(database: Database) -> None:
    ana = await add_user(database)
    first, second = await add_account(database, ana), await add_account(database, ana)
    other = await add_account(database)
    for account_id, word in ((first, "one"), (second, "two"), (other, "three")):
        await add_message(database, account_id, text=f"hola {word}")
    assert await find(database, "hola", first, second) == ["hola two", "hola one"]
    assert await find(database, "hola", other) == ["hola three"]
    assert await find(database, "hola") == []
    # The id of an account is in the index, but it is no word of a text.
    assert await find(database, first.hex, first) == []
    assert await find(database, f"@{first.hex}", first) == []


async def test_accounts_whose_ids_begin_alike_are_kept_apart(database: Database) -> None:
    """The index knows the beginning of an id only."""
    found = {}
    for end in range(2):
        account = Account(
            id=UUID(int=(0xABCDEF01 << 96) + end), user_id=await add_user(database), name="Shop", kind=AccountKind.LIVE
        )
        account_id = found[f"hola {end}"] = account.id
        async with database.begin() as session:
            await accounts.add(session, account, SessionRuntime(account_id=account_id))
        await add_message(database, account_id, text=f"hola {end}")
    for words, account_id in found.items():
        assert await find(database, "hola", account_id) == [words]
    assert await find(database, "hola", *found.values()) == ["hola 1", "hola 0"]


async def test_as_many_accounts_and_long_words_as_one_likes(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite takes some accounts at once only, and reads long words in the texts."""
    monkeypatch.setattr(search, "TOGETHER", 2)
    monkeypatch.setattr(search, "READ_ON", 2)
    ids = [await add_account(database) for _ in range(3)]
    for number, account_id in enumerate(ids * 3):
        await add_message(database, account_id, text=f"confirmado {number}" if number % 2 else f"confirmar {number}")
    assert await find(database, "confirm", *ids, limit=4) == [
        "confirmar 8",
        "confirmado 7",
        "confirmar 6",
        "confirmado 5",
    ]
    assert await find(database, "confirmado", *ids, limit=2) == ["confirmado 7", "confirmado 5"]
    assert await find(database, "confirmado", *ids) == [f"confirmado {number}" for number in (7, 5, 3, 1)]


async def test_pages_chats_and_what_changes_others(database: Database) -> None:
    account_id = await add_account(database)
    rows = [await add_message(database, account_id, text=f"hola {number}") for number in range(4)]
    await add_message(database, account_id, text="hola there", chat_id="34999999999@c.us")
    await add_message(database, account_id, text="hola edited", kind="edit")
    assert await find(database, "hola", account_id, chat_id=CHAT, limit=2) == ["hola 3", "hola 2"]
    assert await find(database, "hola", account_id, before_seq=rows[2].seq) == ["hola 1", "hola 0"]


async def test_the_index_follows_the_rows(database: Database) -> None:
    account_id = await add_account(database)
    row = await add_message(database, account_id, text="before")
    async with database.begin() as session:
        await session.exec(update(Message).where(col(Message.id) == row.id).values(text="after"))
    assert await find(database, "before", account_id) == []
    assert await find(database, "after", account_id) == ["after"]
    async with database.begin() as session:
        await session.exec(delete(Message).where(col(Message.id) == row.id))
    assert await find(database, "after", account_id) == []
    await check_index(database)


async def test_an_account_that_is_purged_leaves_no_word(database: Database) -> None:
    account_id = await add_account(database)
    await add_message(database, account_id, text="secret")
    async with database.begin() as session:
        await accounts.purge(session, account_id)
    assert await find(database, "secret", account_id) == []
    await check_index(database)
    if database.dialect == "sqlite":
        async with database.begin() as session:
            await session.exec(text("CREATE VIRTUAL TABLE words USING fts5vocab('search_texts', 'row')"))
            assert (await session.exec(text("SELECT count(*) FROM words"))).scalar_one() == 0


@pytest.mark.parametrize("revision", ["0009", "0019"])
async def test_the_messages_that_are_there_when_the_index_is_made(
    database: Database, database_url: str, revision: str
) -> None:
    account_id = await add_account(database)
    await add_message(database, account_id, text="newer")
    await migrate.downgrade_async(database_url, revision)
    # As the program of that time did: its index follows, or the old words would be left.
    async with database.begin() as session:
        await session.exec(text("UPDATE messages SET text = 'older'"))
    await migrate.upgrade_async(database_url)
    assert await find(database, "older", account_id) == ["older"]
    assert await find(database, "newer", account_id) == []
    await check_index(database)


async def test_a_copied_table_gets_its_triggers_back(sqlite_database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite changes a table by copying it, and the copy has no triggers."""

    def copy_the_table(config: migrate.Config, revision: str) -> None:
        from alembic.operations import Operations
        from alembic.runtime.migration import MigrationContext

        operations = Operations(MigrationContext.configure(config.attributes["connection"]))
        with operations.batch_alter_table("messages", recreate="always"):
            pass

    database = Database(sqlite_database_url)
    try:
        account_id = await add_account(database)
        await add_message(database, account_id, text="older")
        with monkeypatch.context() as patch:
            patch.setattr(migrate.command, "upgrade", copy_the_table)
            await migrate.upgrade_async(sqlite_database_url)
        await add_message(database, account_id, text="newer")
        assert await find(database, "older", account_id) == ["older"]
        assert await find(database, "newer", account_id) == ["newer"]
        await check_index(database)
    finally:
        await database.close()


async def check_index(database: Database) -> None:
    """Compare the index with one that is made anew from the rows; Postgres keeps an index by itself."""
    if database.dialect != "sqlite":
        return
    async with database.begin() as session:
        await session.exec(text("INSERT INTO search_texts(search_texts) VALUES ('integrity-check')"))
        there = await _all_in_the_index(session)
        await session.run_sync(lambda sync: search_schema.drop(sync.connection()))
        await session.run_sync(lambda sync: search_schema.create(sync.connection()))
        assert there == await _all_in_the_index(session)


async def _all_in_the_index(session: AsyncSession) -> list[tuple[Any, ...]]:
    """Every word with the row and the place where it stands."""
    await session.exec(text("CREATE VIRTUAL TABLE temp.words USING fts5vocab('main', 'search_texts', 'instance')"))
    found = [tuple(row) for row in (await session.exec(text("SELECT * FROM temp.words"))).all()]
    await session.exec(text("DROP TABLE temp.words"))
    return found
