"""The lives of host processes."""

from __future__ import annotations

from datetime import datetime, timedelta

from session_core.store import host_runs
from session_core.store.engine import Database
from tests.factories import T0

MINUTE = timedelta(minutes=1)
SILENCE = timedelta(seconds=10)


async def lived(database: Database, host_id: str, began: datetime, until: datetime) -> None:
    async with database.begin() as session:
        run = await host_runs.begin(session, host_id, started_at=began, now=began)
        await host_runs.seen(session, run, until)


async def ended_at(database: Database, host_id: str, moment: datetime, now: datetime) -> datetime | None:
    async with database.read() as session:
        return await host_runs.ended_at(session, host_id, moment, now=now, silence=SILENCE)


async def test_a_silent_life_is_over_and_one_that_speaks_is_not(database: Database) -> None:
    await lived(database, "one", T0, T0 + MINUTE)
    assert await ended_at(database, "one", T0, T0 + MINUTE + SILENCE) is None
    assert await ended_at(database, "one", T0, T0 + 2 * MINUTE) == T0 + MINUTE
    assert await ended_at(database, "two", T0, T0 + 2 * MINUTE) is None


async def test_after_a_restart_the_life_before_is_over_at_once(database: Database) -> None:
    await lived(database, "one", T0, T0 + MINUTE)
    await lived(database, "one", T0 + MINUTE, T0 + MINUTE + timedelta(seconds=1))
    await lived(database, "one", T0 + 2 * MINUTE, T0 + 2 * MINUTE)
    now = T0 + 2 * MINUTE
    assert await ended_at(database, "one", T0 + timedelta(seconds=30), now) == T0 + MINUTE
    assert await ended_at(database, "one", now, now) is None
    assert await ended_at(database, "one", T0 - MINUTE, now) is None, "nobody knows of that one"
    async with database.read() as session:
        assert await host_runs.last_seen(session, ["one", "two"]) == {"one": now}
        assert await host_runs.last_seen(session, []) == {}


async def test_lives_of_long_ago_are_forgotten_but_for_the_last_one(database: Database) -> None:
    await lived(database, "one", T0, T0 + MINUTE)
    await lived(database, "one", T0 + 2 * MINUTE, T0 + 3 * MINUTE)
    much_later = T0 + 2 * host_runs.KEPT
    await lived(database, "one", much_later, much_later)
    assert await ended_at(database, "one", T0, much_later) is None
    assert await ended_at(database, "one", T0 + 2 * MINUTE, much_later) == T0 + 3 * MINUTE
