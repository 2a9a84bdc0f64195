from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlmodel import select

from session_core.bus import lanes
from session_core.clock import utcnow
from session_core.core import Core
from session_core.domain.events import MessageChanged
from session_core.domain.message import Direction, MessageStatus
from session_core.errors import Conflict, NotFound, PolicyError
from session_core.services import changing, live, messages, outgoing
from session_core.services.outgoing import Accepted, Times
from session_core.store import accounts as account_rows
from session_core.store.models import Message, OutboxEvent
from tests.factories import CHAT, add_account, add_message, read_message
from tests.integration.services.conftest import Two

MANY = 20


async def send(core: Core, two: Two, **changes: Any) -> Accepted:
    values = {"to": "+34 612 34 56 78", "text": "hello", **changes}
    return await outgoing.send_text(core, two.ana, two.account_id, **values)


async def refused(core: Core, two: Two, **changes: Any) -> PolicyError:
    with pytest.raises(PolicyError) as caught:
        await send(core, two, **changes)
    return caught.value


async def stored(core: Core, account_id: UUID) -> list[object]:
    async with core.db.read() as session:
        return [row.id for row in await messages.messages.of_account(session, account_id, limit=100)]


class TestAccepting:
    async def test_a_text_is_stored_told_and_its_lane_woken(self, core: Core, two: Two) -> None:
        await core.hub.start()
        with live.subscribe(core, two.ana) as heard:
            accepted = await send(core, two, quoted_id="false_1@c.us_A")
            assert await asyncio.wait_for(heard.get(), 10) == MessageChanged(user_id=two.ana, message=accepted.message)
        assert accepted.created
        view = accepted.message
        assert (view.chat_id, view.text, view.status, view.direction) == (
            CHAT,
            "hello",
            MessageStatus.QUEUED,
            Direction.OUT,
        )
        assert await lanes.pop_due(core.redis) == [two.account_id]
        row = await read_message(core.db, two.account_id, view.id)
        assert row.wa_key.startswith("3EB0")
        assert row.quoted_id == "false_1@c.us_A"
        assert messages.messages.view(row) == view

    async def test_its_event_is_written_with_it(self, core: Core, two: Two) -> None:
        view = (await send(core, two)).message
        async with core.db.read() as session:
            event = (await session.exec(select(OutboxEvent))).one()
        assert (event.type, event.account_id) == ("message.queued", two.account_id)
        assert event.payload == view.model_dump(mode="json")

    async def test_without_the_bus_it_is_accepted_all_the_same(self, core_without_bus: Core) -> None:
        core = core_without_bus
        account_id = await add_account(core.db)
        async with core.db.read() as session:
            row = await account_rows.get(session, account_id)
        assert row is not None
        accepted = await outgoing.send_text(core, row[0].user_id, account_id, to=CHAT, text="hello")
        assert await stored(core, account_id) == [accepted.message.id]

    @pytest.mark.parametrize(
        ("to", "chat"),
        [
            ("34612345678", CHAT),
            (" 0034 612-34-56-78 ", CHAT),
            ("34612345678@s.whatsapp.net", CHAT),
            ("123456789012345@lid", "123456789012345@lid"),
            ("120363012345678901@g.us", "120363012345678901@g.us"),
            ("34612345678-1500000000@g.us", "34612345678-1500000000@g.us"),
        ],
    )
    async def test_recipients(self, core: Core, two: Two, to: str, chat: str) -> None:
        assert (await send(core, two, to=to)).message.chat_id == chat

    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({"to": ""}, "bad_phone"),
            ({"to": "612345678901234567890"}, "bad_phone"),
            ({"to": "call me"}, "bad_phone"),
            ({"to": "34612345678\0"}, "bad_phone"),
            ({"to": "\ud800"}, "bad_phone"),
            ({"to": "34612345678@example.org"}, "bad_recipient"),
            ({"to": "1234567-" + "9" * 80 + "@g.us"}, "bad_recipient"),
            ({"to": "status@broadcast"}, "bad_recipient"),
            ({"text": ""}, "bad_text"),
            ({"text": " \n"}, "bad_text"),
            ({"text": "x" * 65_537}, "bad_text"),
            ({"text": "a\0b"}, "bad_text"),
            ({"text": "a\ud800b"}, "bad_text"),
            ({"idempotency_key": ""}, "bad_key"),
            ({"idempotency_key": "k" * 201}, "bad_key"),
            ({"idempotency_key": "k\0"}, "bad_key"),
            ({"idempotency_key": "\udfff"}, "bad_key"),
            ({"quoted_id": ""}, "bad_quoted_id"),
            ({"quoted_id": "q" * 201}, "bad_quoted_id"),
            ({"quoted_id": "q\0"}, "bad_quoted_id"),
        ],
    )
    async def test_what_cannot_be_is_refused_and_not_stored(
        self, core: Core, two: Two, changes: dict[str, str], code: str
    ) -> None:
        error = await refused(core, two, **changes)
        assert (error.code, error.status_code) == (code, 422)
        assert error.action
        assert await stored(core, two.account_id) == []

    @pytest.mark.parametrize(
        "text", ["x" * 65_536, "\U0001f468\u200d\U0001f469\u200d\U0001f467 ñ\t\r\n", "' OR 1=1 --"]
    )
    async def test_texts_arrive_as_they_are(self, core: Core, two: Two, text: str) -> None:
        view = (await send(core, two, text=text)).message
        assert (await messages.get_message(core, two.ana, two.account_id, view.id)).text == text


class TestDuplicates:
    async def test_the_same_text_to_the_same_chat_is_refused(self, core: Core, two: Two) -> None:
        first = (await send(core, two)).message
        error = await refused(core, two, to=CHAT, text="  HELLO ")
        assert isinstance(error, Conflict)
        assert (error.code, error.status_code, error.existing_id) == ("duplicate_message", 409, str(first.id))

    async def test_the_first_one_is_named_also_after_a_forced_one(self, core: Core, two: Two) -> None:
        first = (await send(core, two)).message
        forced = (await send(core, two, force=True)).message
        assert forced.id != first.id
        error = await refused(core, two)
        assert isinstance(error, Conflict)
        assert error.existing_id == str(first.id)

    async def test_something_else_is_none(self, core: Core, two: Two) -> None:
        await send(core, two)
        await send(core, two, text="good bye")
        await send(core, two, to="+34 699 99 99 99")
        other = await add_account(core.db, two.ana)
        await outgoing.send_text(core, two.ana, other, to=CHAT, text="hello")
        assert len(await stored(core, two.account_id)) == 3

    async def test_what_failed_may_be_sent_again(self, core: Core, two: Two) -> None:
        first = (await send(core, two)).message
        async with core.db.begin() as session:
            now = first.created_at
            await messages.messages.claim(session, first.id, "t", now, now + timedelta(seconds=30))
            await messages.messages.mark_failed(session, first.id, "t", "unknown", now)
        assert (await send(core, two)).created

    async def test_the_window_is_a_setting(self, core: Core, two: Two, monkeypatch: pytest.MonkeyPatch) -> None:
        first = (await send(core, two)).message
        window = core.settings.duplicate_window
        monkeypatch.setattr(outgoing, "utcnow", lambda: first.created_at + window - timedelta(seconds=1))
        await refused(core, two)
        longer = replace(core, settings=core.settings.model_copy(update={"duplicate_window": 2 * window}))
        monkeypatch.setattr(outgoing, "utcnow", lambda: first.created_at + window)
        await refused(longer, two)
        assert (await send(core, two)).created

    async def test_of_many_at_once_one_is_accepted(self, core: Core, two: Two) -> None:
        outcomes = await asyncio.gather(*(send(core, two) for _ in range(MANY)), return_exceptions=True)
        (accepted,) = [outcome for outcome in outcomes if isinstance(outcome, Accepted)]
        conflicts = [outcome for outcome in outcomes if isinstance(outcome, Conflict)]
        assert len(conflicts) == MANY - 1
        assert {conflict.existing_id for conflict in conflicts} == {str(accepted.message.id)}
        assert await stored(core, two.account_id) == [accepted.message.id]

    async def test_different_ones_at_once_are_all_accepted_in_one_order(self, core: Core, two: Two) -> None:
        outcomes = await asyncio.gather(*(send(core, two, text=f"text {number}") for number in range(MANY)))
        assert len(set(await stored(core, two.account_id))) == len(outcomes) == MANY


class TestIdempotency:
    async def test_the_same_request_brings_the_same_message(self, core: Core, two: Two) -> None:
        first = await send(core, two, idempotency_key="k")
        again = await send(core, two, idempotency_key="k")
        assert (first.created, again.created) == (True, False)
        assert again.message == first.message
        assert await stored(core, two.account_id) == [first.message.id]

    async def test_it_brings_back_what_became_of_it(self, core: Core, two: Two) -> None:
        first = (await send(core, two, idempotency_key="k")).message
        async with core.db.begin() as session:
            await messages.messages.mark_sent(session, first.id, "true_a_b", first.created_at)
        again = await send(core, two, idempotency_key="k")
        assert again.message.id == first.id
        assert again.message.status is MessageStatus.SENT

    @pytest.mark.parametrize("changes", [{"text": "good bye"}, {"to": "+34699999999"}, {"quoted_id": "true_a_b"}])
    async def test_another_request_with_the_key_is_refused(self, core: Core, two: Two, changes: dict[str, str]) -> None:
        first = (await send(core, two, idempotency_key="k")).message
        error = await refused(core, two, idempotency_key="k", **changes)
        assert isinstance(error, Conflict)
        assert (error.code, error.existing_id) == ("idempotency_key_reused", str(first.id))

    async def test_a_new_key_does_not_hide_a_duplicate(self, core: Core, two: Two) -> None:
        await send(core, two, idempotency_key="k")
        assert (await refused(core, two, idempotency_key="l")).code == "duplicate_message"
        assert (await send(core, two, idempotency_key="l", force=True)).created

    async def test_keys_belong_to_an_account(self, core: Core, two: Two) -> None:
        await send(core, two, idempotency_key="k")
        other = await add_account(core.db, two.ana)
        accepted = await outgoing.send_text(core, two.ana, other, to=CHAT, text="x", idempotency_key="k")
        assert accepted.created

    async def test_many_at_once_are_one_message(self, core: Core, two: Two) -> None:
        outcomes = await asyncio.gather(*(send(core, two, idempotency_key="k") for _ in range(MANY)))
        assert [outcome.created for outcome in outcomes].count(True) == 1
        assert len({outcome.message.id for outcome in outcomes}) == 1
        assert len(await stored(core, two.account_id)) == 1

    async def test_it_comes_back_when_its_time_is_over(
        self, core: Core, two: Two, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        times = Times(expires_at=utcnow() + timedelta(minutes=1))
        first = (await send(core, two, idempotency_key="k", times=times)).message
        later = utcnow() + timedelta(hours=1)
        monkeypatch.setattr(outgoing, "utcnow", lambda: later)
        again = await send(core, two, idempotency_key="k", times=times)
        assert (again.created, again.message.id) == (False, first.id)
        assert (await refused(core, two, idempotency_key="l", times=times)).code == "bad_time"

    async def test_a_deletion_comes_back_when_the_message_is_deleted(self, core: Core, two: Two) -> None:
        row = await add_message(core.db, two.account_id, status=MessageStatus.SENT, wa_message_id="true_a_b")
        whose = (core, two.ana, two.account_id, row.id)
        first = await changing.revoke(*whose, idempotency_key="k")
        async with core.db.begin() as session:
            kept = await session.get(Message, row.seq)
            assert kept is not None
            kept.revoked_at = utcnow()
        again = await changing.revoke(*whose, idempotency_key="k")
        assert (first.created, again.created, again.message.id) == (True, False, first.message.id)
        for key in (None, "l", "\0"):
            with pytest.raises(Conflict) as caught:
                await changing.revoke(*whose, idempotency_key=key)
            assert caught.value.code == "already_deleted"
        with pytest.raises(Conflict) as caught:
            await changing.react(*whose, "👍", idempotency_key="k")
        assert caught.value.code == "idempotency_key_reused"

    async def test_forced_ones_at_once_with_one_key_are_one_message(self, core: Core, two: Two) -> None:
        outcomes = await asyncio.gather(*(send(core, two, idempotency_key="k", force=True) for _ in range(MANY)))
        assert len({outcome.message.id for outcome in outcomes}) == 1


class TestReading:
    async def test_pages_and_their_bounds(self, core: Core, two: Two) -> None:
        sent = [(await send(core, two, text=f"text {number}")).message.id for number in range(5)]
        newest = sent[::-1]

        async def page(**bounds: Any) -> list[UUID]:
            return [view.id for view in await messages.list_messages(core, two.ana, two.account_id, **bounds)]

        assert await page() == newest
        assert await page(limit=2) == newest[:2]
        assert await page(limit=2, before=newest[1]) == newest[2:4]
        assert await page(limit=-1) == await page(limit=0) == newest[:1]
        assert await page(limit=10**30) == newest
        assert await page(before=sent[0]) == []
        with pytest.raises(NotFound) as caught:
            await page(before=uuid4())
        assert caught.value.code == "message_not_found"

    async def test_one_chat_or_direction(self, core: Core, two: Two) -> None:
        mine = (await send(core, two)).message
        await send(core, two, to="+34699999999")
        came = await add_message(
            core.db,
            two.account_id,
            direction=Direction.IN,
            status=MessageStatus.RECEIVED,
            wa_message_id="false_a_b",
        )
        of_chat = await messages.list_messages(core, two.ana, two.account_id, chat=CHAT)
        assert [view.id for view in of_chat] == [came.id, mine.id]
        inward = await messages.list_messages(core, two.ana, two.account_id, direction=Direction.IN)
        assert [view.id for view in inward] == [came.id]

    async def test_how_many_wait(self, core: Core, two: Two) -> None:
        assert await messages.queue_length(core, two.ana, two.account_id) == 0
        for number in range(3):
            await send(core, two, text=f"text {number}")
        assert await messages.queue_length(core, two.ana, two.account_id) == 3
