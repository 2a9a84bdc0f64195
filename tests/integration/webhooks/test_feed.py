"""The feed: what webhooks tell, fetched by programs without an address."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from session_core.errors import NotFound, PolicyError
from session_core.services import events
from session_core.store import outbox
from session_core.tasks import spawn
from tests.factories import add_account, add_user
from tests.integration.webhooks.scene import Scene
from tests.waiting import eventually

LONG = timedelta(seconds=20)


async def test_a_reader_gets_everything_once_and_in_order(scene: Scene) -> None:
    expected = [
        *await scene.happen(scene.shop, "1"),
        *await scene.happen(scene.desk, "2"),
        *await scene.happen(scene.shop, "3"),
    ]
    await scene.spread()
    got, cursor, more = [], 0, True
    while more:
        page = await events.read(scene.core, scene.user_id, after=cursor, limit=2)
        got, cursor, more = [*got, *page.events], page.next, page.more
    assert [event["id"] for event in got] == expected
    assert [event["data"]["text"] for event in got] == ["1", "2", "3"]
    assert got[0]["sessionId"] == f"user_{scene.user_id}_wa_{scene.shop}"
    again = await events.read(scene.core, scene.user_id, after=cursor)
    assert (again.events, again.next, again.more) == ([], cursor, False)
    # The cursor of any event is a place to go on from, whatever happened since.
    expected += await scene.happen(scene.desk, "4")
    await scene.spread()
    rest = await events.read(scene.core, scene.user_id, after=got[0]["cursor"])
    assert [event["id"] for event in rest.events] == expected[1:]


async def test_without_a_cursor_one_begins_now(scene: Scene) -> None:
    await scene.happen(scene.shop, "old")
    await scene.spread()
    start = await events.read(scene.core, scene.user_id, after=None)
    assert start.events == ()
    await scene.happen(scene.shop, "new")
    await scene.spread()
    page = await events.read(scene.core, scene.user_id, after=start.next)
    assert [event["data"]["text"] for event in page.events] == ["new"]


async def test_what_has_no_place_yet_is_not_told(scene: Scene) -> None:
    await scene.happen(scene.shop, "1")
    assert (await events.read(scene.core, scene.user_id, after=0)).events == []


async def test_a_choice_of_types_and_of_an_account(scene: Scene) -> None:
    await scene.happen(scene.shop, "in")
    await scene.happen(scene.shop, "status", event_type="session.status")
    await scene.happen(scene.desk, "ack", event_type="message.ack")
    await scene.spread()

    async def texts(**which: object) -> list[str]:
        page = await events.read(scene.core, scene.user_id, after=0, **which)  # type: ignore[arg-type]
        return [event["data"]["text"] for event in page.events]

    assert await texts(types=["message.*"]) == ["in", "ack"]
    assert await texts(types=["session.status", "message.ack"]) == ["status", "ack"]
    assert await texts(account_id=scene.desk) == ["ack"]
    with pytest.raises(PolicyError):
        await texts(types=["no.such"])


async def test_nobody_elses_events(scene: Scene) -> None:
    await scene.happen(scene.shop, "1")
    await scene.spread()
    stranger = await add_user(scene.core.db)
    await add_account(scene.core.db, stranger)
    assert (await events.read(scene.core, stranger, after=0)).events == []
    with pytest.raises(NotFound):
        await events.read(scene.core, stranger, after=0, account_id=scene.shop)
    with pytest.raises(NotFound):
        await events.read(scene.core, stranger, after=None, account_id=scene.shop)


async def test_an_empty_answer_waits_for_an_event_and_not_for_ever(scene: Scene) -> None:
    reading = spawn(events.read(scene.core, scene.user_id, after=0, wait=LONG), name="reading")
    await eventually(lambda: events._waiting[scene.user_id] == 1, what="it waits")
    await scene.happen(scene.shop, "1")
    await scene.spread()
    page = await asyncio.wait_for(reading, LONG.total_seconds() / 2)
    assert [event["data"]["text"] for event in page.events] == ["1"]
    over = await events.read(scene.core, scene.user_id, after=page.next, wait=timedelta(milliseconds=50))
    assert over.events == []
    assert scene.user_id not in events._waiting


async def test_only_some_requests_of_one_person_wait(scene: Scene) -> None:
    waits = [
        spawn(events.read(scene.core, scene.user_id, after=0, wait=LONG), name="reading")
        for _ in range(events.MAX_WAITING)
    ]
    await eventually(lambda: events._waiting[scene.user_id] == events.MAX_WAITING, what="they wait")
    at_once = events.read(scene.core, scene.user_id, after=0, wait=LONG)
    assert (await asyncio.wait_for(at_once, LONG.total_seconds() / 2)).events == []
    await scene.happen(scene.shop, "1")
    await scene.spread()
    pages = await asyncio.wait_for(asyncio.gather(*waits), LONG.total_seconds() / 2)
    assert [len(page.events) for page in pages] == [1] * events.MAX_WAITING


async def test_the_places_are_the_ones_that_webhooks_tell(scene: Scene) -> None:
    await scene.happen(scene.shop, "1")
    await scene.spread()
    async with scene.core.db.read() as session:
        last = await outbox.last_position(session)
    (event,) = (await events.read(scene.core, scene.user_id, after=last - 1)).events
    assert event["cursor"] == last
