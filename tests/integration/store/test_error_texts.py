"""What an error of the database says goes into logs, so it must not say what was being stored."""

from __future__ import annotations

import pytest

from session_core.store import users
from session_core.store.engine import Database
from session_core.store.errors import AlreadyThere
from session_core.store.models import User


async def test_an_error_does_not_repeat_the_values(database: Database) -> None:
    async def add() -> None:
        async with database.begin() as session:
            await users.add(session, User(email="secret@example.org", name="Someone", password_hash="secret-hash"))

    await add()
    with pytest.raises(AlreadyThere) as failed:
        await add()
    assert "INSERT INTO users" in str(failed.value)
    assert "secret-hash" not in str(failed.value)
    assert "Someone" not in str(failed.value)
