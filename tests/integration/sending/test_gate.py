"""Whose turn it is, and what holds a lane back besides the limits."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from session_core.bus import holds
from session_core.bus.lanes import next_due, pop_due
from session_core.clock import utcnow
from session_core.core import Core
from session_core.domain.alerts import QuietHours
from session_core.domain.consent import OptOutSource, Person
from session_core.domain.lane import HoldCode
from session_core.domain.message import Direction, MessageStatus
from session_core.domain.pacing import SendingSettings
from session_core.sending.drain import drain_lane
from session_core.sending.lanes import LOOK_AT_LEAST_EVERY
from session_core.sending.ticker import Ticker
from session_core.services.outgoing import Times, send_text
from session_core.store import consent, sending, waiting
from tests import factories
from tests.fakes.hosts import RecordingHost
from tests.integration.sending.lanes import lane, ready_account
from tests.integration.sending.test_drain import events_of
from tests.waiting import eventually

ANA, LUIS = "34611000001", "34611000002"
SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def user_id(core: Core) -> UUID:
    return await factories.add_user(core.db)


@pytest.fixture
async def account_id(core: Core, user_id: UUID) -> UUID:
    return await ready_account(core, user_id)


@asynccontextmanager
async def host_of(core: Core, *account_ids: UUID) -> AsyncIterator[RecordingHost]:
    host = RecordingHost(core)
    try:
        yield await host.run(*account_ids)
    finally:
        await host.stop()


@pytest.fixture
async def host(core: Core, account_id: UUID) -> AsyncIterator[RecordingHost]:
    async with host_of(core, account_id) as host:
        yield host


async def choose(core: Core, account_id: UUID, **settings: Any) -> None:
    async with core.db.begin() as session:
        await sending.choose(session, account_id, SendingSettings(**settings))


async def hears(core: Core, account_id: UUID, who: str, *, at: datetime | None = None) -> None:
    """Let somebody have written."""
    await factories.add_message(
        core.db,
        account_id,
        direction=Direction.IN,
        chat_id=f"{who}@c.us",
        status=MessageStatus.RECEIVED,
        created_at=at or utcnow(),
    )


async def hold_of(core: Core, account_id: UUID) -> tuple[HoldCode, datetime | None]:
    told = await holds.of_lane(core.redis, account_id)
    assert told is not None
    return told.hold.code, told.hold.until


async def test_answers_go_first_and_take_with_them_what_was_to_be_said_before(
    core: Core, user_id: UUID, account_id: UUID, host: RecordingHost
) -> None:
    for to, text in ((LUIS, "campaign to luis"), (ANA, "campaign to ana"), (LUIS, "more to luis")):
        await send_text(core, user_id, account_id, to=to, text=text)
    await hears(core, account_id, ANA)
    await hears(core, account_id, LUIS, at=utcnow() - HOUR)
    await send_text(core, user_id, account_id, to=LUIS, text="the last to luis")
    await send_text(core, user_id, account_id, to=ANA, text="answer to ana")
    await drain_lane(core, account_id)
    assert host.texts == [
        *("campaign to ana", "answer to ana"),
        *("campaign to luis", "more to luis", "the last to luis"),
    ]


async def test_where_answers_do_not_go_first_the_order_is_that_of_acceptance(
    core: Core, user_id: UUID, account_id: UUID, host: RecordingHost
) -> None:
    await choose(core, account_id, replies_first=False)
    await hears(core, account_id, ANA)
    await send_text(core, user_id, account_id, to=LUIS, text="first")
    await send_text(core, user_id, account_id, to=ANA, text="second")
    await drain_lane(core, account_id)
    assert host.texts == ["first", "second"]


async def test_what_is_scheduled_waits_beside_the_lane_and_then_takes_its_place(
    core: Core, user_id: UUID, account_id: UUID, host: RecordingHost
) -> None:
    soon = utcnow() + 3 * SECOND
    await send_text(core, user_id, account_id, to=ANA, text="soon", times=Times(send_at=soon))
    await send_text(core, user_id, account_id, to=ANA, text="in an hour", times=Times(send_at=utcnow() + HOUR))
    ticker = Ticker(core, sweep_every=SECOND / 2)
    ticker.start()
    try:
        await send_text(core, user_id, account_id, to=ANA, text="now")
        await drain_lane(core, account_id)
        assert host.texts == ["now"]

        async def due() -> bool:
            await drain_lane(core, account_id)
            return len(host.sent) == 2

        await eventually(due)
        assert utcnow() >= soon
    finally:
        await ticker.stop()
    assert host.texts == ["now", "soon"]


async def test_what_is_over_is_never_sent(core: Core, user_id: UUID, account_id: UUID, host: RecordingHost) -> None:
    await send_text(core, user_id, account_id, to=ANA, text="late", times=Times(expires_at=utcnow() + SECOND / 5))
    await send_text(core, user_id, account_id, to=ANA, text="no hurry")
    (late, _) = await lane(core, account_id)
    assert late.expires_at is not None
    await eventually(lambda: utcnow() > late.expires_at)
    await drain_lane(core, account_id)
    assert host.texts == ["no hurry"]
    assert [row.status for row in await lane(core, account_id)] == [MessageStatus.EXPIRED, MessageStatus.SENT]
    assert "message.expired" in await events_of(core, account_id)


async def test_what_is_over_ends_also_in_a_lane_that_does_not_move(core: Core, user_id: UUID) -> None:
    account_id = await factories.add_account(core.db, user_id)
    await send_text(core, user_id, account_id, to=ANA, text="late", times=Times(expires_at=utcnow() + SECOND / 5))
    ticker = Ticker(core, sweep_every=SECOND / 10)
    ticker.start()

    async def ended() -> bool:
        return [row.status for row in await lane(core, account_id)] == [MessageStatus.EXPIRED]

    try:
        await eventually(ended)
    finally:
        await ticker.stop()


async def test_pauses_between_messages_are_kept(
    core: Core, user_id: UUID, account_id: UUID, host: RecordingHost
) -> None:
    await choose(core, account_id, gap=30, jitter=10)
    for text in ("one", "two"):
        await send_text(core, user_id, account_id, to=ANA, text=text)
    await pop_due(core.redis)
    await drain_lane(core, account_id)
    assert host.texts == ["one"]
    code, until = await hold_of(core, account_id)
    assert code is HoldCode.PACE
    assert until is not None
    assert timedelta(seconds=25) < until - utcnow() <= timedelta(seconds=40)
    assert (await next_due(core.redis) or timedelta(0)) > timedelta(seconds=20), "no worker waits for it"


async def test_what_went_out_before_the_clock_was_set_back_holds_nothing_up(
    core: Core, user_id: UUID, account_id: UUID, host: RecordingHost
) -> None:
    await choose(core, account_id, gap=30)
    at = utcnow() + HOUR
    await factories.add_message(core.db, account_id, status=MessageStatus.READ, created_at=at, sent_at=at)
    for text in ("one", "two"):
        await send_text(core, user_id, account_id, to=ANA, text=text)
    await drain_lane(core, account_id)
    assert host.texts == ["one"], "the pause is kept between those that go out now"
    assert (await hold_of(core, account_id))[0] is HoldCode.PACE


async def test_the_daily_cap_counts_what_went_out_in_the_last_day(
    core: Core, user_id: UUID, account_id: UUID, host: RecordingHost
) -> None:
    await choose(core, account_id, daily_cap=2)
    for hours in (23, 25):
        at = utcnow() - hours * HOUR
        await factories.add_message(core.db, account_id, status=MessageStatus.READ, created_at=at, sent_at=at)
    for text in ("one", "two"):
        await send_text(core, user_id, account_id, to=ANA, text=text)
    await pop_due(core.redis)
    await drain_lane(core, account_id)
    assert host.texts == ["one"]
    code, until = await hold_of(core, account_id)
    assert (code, until is not None and HOUR / 2 < until - utcnow() <= HOUR) == (HoldCode.DAILY_CAP, True)
    assert (await next_due(core.redis) or HOUR) <= LOOK_AT_LEAST_EVERY


@pytest.mark.parametrize(("chosen", "code"), [({"daily_cap": 1}, HoldCode.DAILY_CAP), ({"gap": 90}, HoldCode.PACE)])
async def test_what_may_have_gone_out_counts_when_it_was_given_up(
    core: Core, user_id: UUID, account_id: UUID, host: RecordingHost, chosen: dict[str, int], code: HoldCode
) -> None:
    await choose(core, account_id, **chosen)
    now = utcnow()
    unknown = await factories.add_message(core.db, account_id, status=MessageStatus.UNKNOWN, updated_at=now)
    await send_text(core, user_id, account_id, to=ANA, text="one")
    await drain_lane(core, account_id)
    assert host.texts == []
    assert (await hold_of(core, account_id))[0] is code
    async with core.db.begin() as session:
        assert await waiting.count_sent_since(session, account_id, now - SECOND) == 1
        assert await waiting.resolve_not_sent(session, account_id, unknown.id, now)
        assert await waiting.count_sent_since(session, account_id, now - SECOND) == 0


async def test_in_quiet_hours_only_answers_go_out(
    core: Core, user_id: UUID, account_id: UUID, host: RecordingHost
) -> None:
    zone = "America/Bogota"
    local = datetime.now(ZoneInfo(zone))
    start, until = (local - HOUR).time(), (local + HOUR).time()
    await choose(core, account_id, quiet_hours=QuietHours(start=start, until=until, time_zone=zone))
    await hears(core, account_id, ANA)
    await send_text(core, user_id, account_id, to=LUIS, text="campaign")
    await send_text(core, user_id, account_id, to=ANA, text="answer")
    await drain_lane(core, account_id)
    assert host.texts == ["answer"]
    code, free = await hold_of(core, account_id)
    assert (code, free is not None and free - utcnow() <= HOUR) == (HoldCode.QUIET_HOURS, True)
    assert time(0) != until


async def test_while_whatsapp_lets_it_begin_no_chats_those_that_exist_go_on(
    core: Core, user_id: UUID, account_id: UUID, host: RecordingHost
) -> None:
    until = utcnow() + HOUR
    async with core.db.begin() as session:
        await sending.hold_reach_out(session, account_id, until)
    await hears(core, account_id, ANA, at=utcnow() - 48 * HOUR)
    for to, text in ((LUIS, "to a stranger"), (ANA, "to somebody known"), ("120363000000000001@g.us", "to a group")):
        await send_text(core, user_id, account_id, to=to, text=text)
    await drain_lane(core, account_id)
    assert host.texts == ["to somebody known", "to a group"]
    assert await hold_of(core, account_id) == (HoldCode.REACH_OUT, until)
    async with core.db.begin() as session:
        await sending.hold_reach_out(session, account_id, utcnow() - SECOND)
    await drain_lane(core, account_id)
    assert host.texts[2:] == ["to a stranger"]


async def test_who_opts_out_while_a_message_waits_does_not_get_it(
    core: Core, user_id: UUID, account_id: UUID, host: RecordingHost
) -> None:
    await send_text(core, user_id, account_id, to=LUIS, text="one")
    async with core.db.begin() as session:
        # As if the host had not found it, or somebody else had stored the opt-out in this very moment.
        await consent.add(session, user_id, None, Person(phone=LUIS), OptOutSource.HAND, utcnow())
    await drain_lane(core, account_id)
    assert host.commands == []
    [row] = await lane(core, account_id)
    assert (row.status, row.failure) == (MessageStatus.FAILED, "opted_out")


async def test_the_operators_limits_bind_instead_of_the_general_ones(core: Core, user_id: UUID) -> None:
    slow, fast = await ready_account(core, user_id), await ready_account(core, user_id)
    async with core.db.begin() as session:
        await sending.allow_account(session, slow, 1)
        await sending.allow_user(session, user_id, 4)
    for account_id in (slow, fast):
        for number in range(5):
            await send_text(core, user_id, account_id, to=ANA, text=f"{number}")
    async with host_of(core, slow, fast) as host:
        await drain_lane(core, slow)
        assert (await hold_of(core, slow))[0] is HoldCode.ACCOUNT_LIMIT
        await drain_lane(core, fast)
        assert (await hold_of(core, fast))[0] is HoldCode.USER_LIMIT
    assert [sum(sent.account_id == one for sent in host.sent) for one in (slow, fast)] == [1, 3]
