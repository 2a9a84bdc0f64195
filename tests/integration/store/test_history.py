"""Activity lines and outbox events."""

from __future__ import annotations

from sqlmodel import col, select

from session_core.domain.status import ReasonCode, SessionStatus
from session_core.store import accounts, activity, outbox
from session_core.store.engine import Database
from session_core.store.models import OutboxEvent
from tests.factories import add_account


async def test_a_line_is_told_as_it_is_stored(database: Database) -> None:
    account_id = await add_account(database)
    async with database.begin() as session:
        told = await activity.add(
            session,
            account_id,
            "status",
            status=SessionStatus.ACTION_REQUIRED,
            reason_code=ReasonCode.UNLINKED,
            detail="d\0" * 400,
        )
    async with database.read() as session:
        (stored,) = await activity.of_account(session, account_id, limit=5)
    assert activity.view(stored) == told
    assert told.id > 0
    assert told.detail == "d\ufffd" * 250
    assert told.status is SessionStatus.ACTION_REQUIRED


async def test_lines_are_read_page_by_page_newest_first(database: Database) -> None:
    account_id, other = await add_account(database), await add_account(database)
    ids = []
    async with database.begin() as session:
        for number in range(7):
            ids.append((await activity.add(session, account_id, "status", detail=str(number))).id)
            await activity.add(session, other, "status")
    seen: list[int] = []
    before = None
    while True:
        async with database.read() as session:
            page = await activity.of_account(session, account_id, limit=3, before=before)
        if not page:
            break
        seen += [row.id or 0 for row in page]
        before = seen[-1]
    assert seen == sorted(ids, reverse=True)


async def test_events_keep_their_payload_and_their_order(database: Database) -> None:
    account_id = await add_account(database)
    payload = {"text": "ñ \U0001f600", "n": 1, "list": [1, None, {"deep": True}]}
    async with database.begin() as session:
        await outbox.add(session, account_id, "message.received", payload)
        await outbox.add(session, account_id, "message.sent", {})
    async with database.read() as session:
        events = (await session.exec(select(OutboxEvent).order_by(col(OutboxEvent.id)))).all()
    assert [event.type for event in events] == ["message.received", "message.sent"]
    assert events[0].payload == payload
    assert events[0].event_id != events[1].event_id


async def test_an_event_with_what_json_cannot_hold_is_stored(database: Database) -> None:
    account_id = await add_account(database)
    async with database.begin() as session:
        await outbox.add(session, account_id, "message.received", {"te\0xt": ["a\0b", {"c": "\ud800"}], "t": ("\0",)})
    async with database.read() as session:
        event = (await session.exec(select(OutboxEvent))).one()
    assert event.payload == {"te\ufffdxt": ["a\ufffdb", {"c": "\ufffd"}], "t": ["\ufffd"]}


async def test_a_number_is_never_given_twice(database: Database) -> None:
    """A reader that goes on after the last number it saw must not miss what came after a purge."""
    first, second = await add_account(database), await add_account(database)
    async with database.begin() as session:
        last = await activity.add(session, first, "created")
    async with database.begin() as session:
        await accounts.purge(session, first)
    async with database.begin() as session:
        assert (await activity.add(session, second, "created")).id > last.id
