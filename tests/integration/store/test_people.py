"""Users, logins, API keys."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from session_core.store import api_keys, users
from session_core.store.engine import Database
from session_core.store.errors import AlreadyThere
from session_core.store.models import ApiKey, LoginSession, User
from tests.factories import SECOND, T0, add_user


async def add_login(database: Database, user_id: UUID, token_hash: str, life: timedelta = SECOND) -> None:
    async with database.begin() as session:
        await users.add_login(
            session, LoginSession(user_id=user_id, token_hash=token_hash, created_at=T0, expires_at=T0 + life)
        )


async def add_key(database: Database, user_id: UUID, prefix: str, after: timedelta = timedelta(0)) -> UUID:
    key = ApiKey(user_id=user_id, name="robot", prefix=prefix, key_hash="0" * 64, created_at=T0 + after)
    key_id = key.id
    async with database.begin() as session:
        await api_keys.add(session, key)
    return key_id


async def test_an_email_belongs_to_one_person(database: Database) -> None:
    first = User(email="ana@example.org", name="Ana", password_hash="hash")
    first_id = first.id
    async with database.begin() as session:
        await users.add(session, first)

    async def again() -> None:
        async with database.begin() as session:
            await users.add(session, User(email="ana@example.org", name="Other"))

    with pytest.raises(AlreadyThere):
        await again()
    async with database.read() as session:
        found = await users.by_email(session, "ana@example.org")
        assert found is not None
        assert found.id == first_id
        assert await users.by_id(session, first_id) is found
        assert await users.by_email(session, "eva@example.org") is None
        assert await users.by_id(session, uuid4()) is None


async def test_a_password_hash_can_be_renewed(database: Database) -> None:
    user_id = await add_user(database)
    async with database.begin() as session:
        await users.set_password_hash(session, user_id, "new")
        await users.set_password_hash(session, uuid4(), "nobody's")
    async with database.read() as session:
        user = await users.by_id(session, user_id)
    assert user is not None
    assert user.password_hash == "new"


async def test_a_login_ends_at_its_time(database: Database) -> None:
    user_id = await add_user(database)
    await add_login(database, user_id, "a" * 64)
    async with database.read() as session:
        found = await users.login_by_hash(session, "a" * 64, T0)
        assert found is not None
        assert found[1].id == user_id
        assert await users.login_by_hash(session, "a" * 64, T0 + SECOND) is None
        assert await users.login_by_hash(session, "b" * 64, T0) is None


async def test_logins_are_forgotten_one_by_one_and_when_expired(database: Database) -> None:
    user_id = await add_user(database)
    for letter, life in (("a", SECOND), ("b", 3 * SECOND), ("c", 3 * SECOND)):
        await add_login(database, user_id, letter * 64, life)
    async with database.begin() as session:
        await users.delete_login(session, "b" * 64)
        await users.delete_expired_logins(session, T0 + SECOND)
    async with database.read() as session:
        left = [letter for letter in "abc" if await users.login_by_hash(session, letter * 64, T0) is not None]
    assert left == ["c"]


async def test_keys_come_newest_first_and_only_those_that_work(database: Database) -> None:
    user_id, other = await add_user(database), await add_user(database)
    first = await add_key(database, user_id, "first")
    second = await add_key(database, user_id, "second", after=SECOND)
    revoked = await add_key(database, user_id, "revoked", after=2 * SECOND)
    await add_key(database, other, "other")
    async with database.begin() as session:
        assert not await api_keys.revoke(session, other, revoked, T0)
        assert await api_keys.revoke(session, user_id, revoked, T0)
        assert not await api_keys.revoke(session, user_id, revoked, T0)
    async with database.read() as session:
        assert [key.id for key in await api_keys.of_user(session, user_id)] == [second, first]
        assert await api_keys.by_prefix(session, "revoked") is None
        found = await api_keys.by_prefix(session, "first")
    assert found is not None
    assert found.id == first


async def test_the_last_use_of_a_key_is_kept(database: Database) -> None:
    key_id = await add_key(database, await add_user(database), "used")
    async with database.begin() as session:
        await api_keys.touch(session, key_id, T0)
    async with database.read() as session:
        found = await api_keys.by_prefix(session, "used")
    assert found is not None
    assert found.last_used_at == T0
