"""WhatsApp's limit on new conversations: nothing is lost, tried before its time, or sent twice; the rest goes on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlmodel import col, select

from session_core.alerts.round import look
from session_core.browser.chromium import Browsers
from session_core.bus.lanes import pop_due
from session_core.clock import utcnow
from session_core.domain.alerts import AlertKind
from session_core.domain.lane import HoldCode
from session_core.domain.message import Ack, MessageStatus
from session_core.domain.status import SessionStatus
from session_core.host import messages as host_messages
from session_core.sending.drain import drain_lane
from session_core.services import alerts
from session_core.services import lane as lanes
from session_core.services.outgoing import send_text
from session_core.settings import Settings
from session_core.store import sending
from session_core.store.models import Message, OutboxEvent
from session_core.whatsapp.driver import AckChanged, Loaded, ReachOutChanged, ReachOutHit
from session_core.whatsapp.page import PageDriver
from tests.factories import read_message
from tests.fakes.drivers import LimitedDriver, ScriptedDriver, ready
from tests.integration.host.stage import Stage
from tests.integration.host.test_commands import events_of, ready_with
from tests.integration.host.test_messages import seen
from tests.servers.sandbox import RunningSandbox, running_sandbox
from tests.waiting import eventually

QUEUED, SENT = MessageStatus.QUEUED, MessageStatus.SENT
EVA, LUIS, MARTA = "34612345678", "34699887766", "34655443322"
DAYS = timedelta(days=3)
SECOND = timedelta(seconds=1)
PATIENCE = timedelta(seconds=120)
"""Two busy cores, a Chromium that starts, and a page that may need several tries."""


async def accept(stage: Stage, account_id: UUID, to: str, text: str) -> UUID:
    return (await send_text(stage.core, stage.user_id, account_id, to=to, text=text)).message.id


async def row(stage: Stage, account_id: UUID, message_id: UUID) -> Message:
    return await read_message(stage.core.db, account_id, message_id)


async def limited_until(stage: Stage, account_id: UUID) -> datetime | None:
    return (await lanes.lane(stage.core, stage.user_id, account_id)).reach_out_until


async def told(stage: Stage, account_id: UUID) -> list[tuple[bool, bool]]:
    """Return what programs heard of the limit: whether there is one, and whether WhatsApp said so."""
    async with stage.core.db.read() as session:
        query = select(OutboxEvent).where(OutboxEvent.account_id == account_id, OutboxEvent.type == "session.reach_out")
        rows = (await session.exec(query.order_by(col(OutboxEvent.id)))).all()
    return [(one.payload["limited"], one.payload["told"]) for one in rows]


async def open_alerts(stage: Stage) -> list[tuple[AlertKind, str]]:
    found = await alerts.list_alerts(stage.core, stage.user_id)
    return [(one.kind, one.detail) for one in found if one.resolved_at is None]


async def hears(stage: Stage, driver: ScriptedDriver, account_id: UUID, key: str, number: str) -> None:
    chat = f"{number}@c.us"
    driver.emit(seen(key, text=f"from {number}", chat_id=chat, wa_message_id=f"false_{chat}_{key}"))

    async def stored() -> bool:
        async with stage.core.db.read() as session:
            query = select(Message.id).where(Message.account_id == account_id, Message.wa_key == key)
            return (await session.exec(query)).first() is not None

    await eventually(stored)


@pytest.mark.parametrize("tried", [False, True])
async def test_a_text_that_meets_the_limit_waits_for_its_end_and_the_others_go_on(stage: Stage, tried: bool) -> None:
    until = utcnow().replace(microsecond=0) + DAYS
    driver = LimitedDriver([Loaded(), ready()], until=until, tried=tried)
    driver.known_to = {f"{EVA}@c.us"}
    account_id = await ready_with(stage, driver)
    await hears(stage, driver, account_id, "IN1", EVA)
    first = await accept(stage, account_id, LUIS, "to a stranger")
    other = await accept(stage, account_id, MARTA, "to another one")
    known = await accept(stage, account_id, EVA, "to Eva")
    key = (await row(stage, account_id, first)).wa_key
    for _ in range(2):
        await drain_lane(stage.core, account_id)
    assert driver.asked == ["to a stranger"]
    assert [text for _, text, _ in driver.sent] == ["to Eva"]
    waits = await row(stage, account_id, first)
    assert (waits.status, waits.attempts, waits.failure, waits.wa_message_id) == (QUEUED, 0, None, None)
    # An id that WhatsApp has refused is used up; one that never left the page is not.
    assert (waits.wa_key != key) == tried
    assert (await row(stage, account_id, other)).status is QUEUED
    assert (await row(stage, account_id, known)).status is SENT
    view = await lanes.lane(stage.core, stage.user_id, account_id)
    assert view.reach_out_until == until
    assert view.hold is not None
    assert (view.hold.code, view.hold.until) == (HoldCode.REACH_OUT, until)
    assert await told(stage, account_id) == [(True, True)]
    assert await open_alerts(stage) == [(AlertKind.REACH_OUT, until.isoformat())]

    # WhatsApp lifts it.
    driver.known_to |= {f"{LUIS}@c.us", f"{MARTA}@c.us"}
    await pop_due(stage.core.redis)
    driver.emit(ReachOutChanged(False, None))
    assert await eventually(lambda: pop_due(stage.core.redis)) == [account_id]
    await drain_lane(stage.core, account_id)
    assert [text for _, text, _ in driver.sent] == ["to Eva", "to a stranger", "to another one"]
    assert (await limited_until(stage, account_id), await open_alerts(stage)) == (None, [])
    assert await told(stage, account_id) == [(True, True), (False, True)]


async def test_a_refusal_after_the_page_took_it_brings_the_text_back_once(stage: Stage) -> None:
    driver = ScriptedDriver([Loaded(), ready()])
    account_id = await ready_with(stage, driver)
    text = await accept(stage, account_id, LUIS, "to a stranger")
    await drain_lane(stage.core, account_id)
    went = await row(stage, account_id, text)
    assert went.status is SENT
    old_id = str(went.wa_message_id)
    until = utcnow() + DAYS
    driver.emit(ReachOutHit(old_id, until), ReachOutHit(old_id, until), AckChanged(old_id, Ack.ERROR))

    async def back() -> bool:
        return (await row(stage, account_id, text)).status is QUEUED

    await eventually(back)
    again = await row(stage, account_id, text)
    assert (again.sent_at, again.wa_message_id) == (None, None)
    assert again.wa_key not in old_id
    assert await limited_until(stage, account_id) == until
    # What is late changes nothing: the host's own note of the send, and a sweep that finds the refused one in the page.
    await host_messages.sent(stage.core, stage.user_id, account_id, text, old_id, utcnow())
    driver.emit(seen("X", text="to a stranger", from_me=True, wa_message_id=old_id, ack=Ack.ERROR))
    await hears(stage, driver, account_id, "IN1", EVA)
    found = await lanes_of(stage, account_id)
    assert [(one.text, one.status) for one in found if one.status is not MessageStatus.RECEIVED] == [
        ("to a stranger", QUEUED)
    ]
    assert await events_of(stage.core, account_id) == [
        "message.queued",
        "message.sent",
        "message.queued",
        "message.received",
    ]


async def test_what_the_page_tells_late_of_a_refused_text_neither_shows_nor_sends_it_again(stage: Stage) -> None:
    """That it stands in the chat, and that it was refused: on a busy machine both come after the refusal itself."""
    driver = LimitedDriver([Loaded(), ready()], until=utcnow() + DAYS, tried=True)
    account_id = await ready_with(stage, driver)
    text = await accept(stage, account_id, LUIS, "to a stranger")
    old_id = f"true_{LUIS}@c.us_{(await row(stage, account_id, text)).wa_key}"
    await drain_lane(stage.core, account_id)
    driver.emit(
        seen("X", text="to a stranger", from_me=True, chat_id=f"{LUIS}@c.us", wa_message_id=old_id),
        ReachOutHit(old_id, utcnow() + DAYS),
    )
    await hears(stage, driver, account_id, "IN1", LUIS)
    assert [one.id for one in await lanes_of(stage, account_id) if one.status is not MessageStatus.RECEIVED] == [text]
    driver.known_to = {f"{LUIS}@c.us"}
    await drain_lane(stage.core, account_id)
    assert [sent for _, sent, _ in driver.sent] == ["to a stranger"]


async def test_what_a_person_writes_on_the_phone_is_not_sent_by_us_when_it_is_refused(stage: Stage) -> None:
    driver = ScriptedDriver([Loaded(), ready()])
    account_id = await ready_with(stage, driver)
    id_ = f"true_{LUIS}@c.us_PHONE"
    driver.emit(
        seen("X", text="by hand", from_me=True, chat_id=f"{LUIS}@c.us", wa_message_id=id_),
        ReachOutHit(id_, utcnow() + DAYS),
    )
    await hears(stage, driver, account_id, "IN1", EVA)
    await eventually(lambda: limited_until(stage, account_id))
    (by_hand,) = [one for one in await lanes_of(stage, account_id) if one.status is not MessageStatus.RECEIVED]
    assert by_hand.status is SENT
    async with stage.core.db.begin() as session:
        await sending.hold_reach_out(session, account_id, utcnow() - SECOND)
    await drain_lane(stage.core, account_id)
    assert driver.sent == []


async def lanes_of(stage: Stage, account_id: UUID) -> list[Message]:
    async with stage.core.db.read() as session:
        return list((await session.exec(select(Message).where(Message.account_id == account_id))).all())


async def test_a_refusal_without_an_end_pauses_and_no_page_without_a_word_ends_that(stage: Stage) -> None:
    driver = LimitedDriver([Loaded(), ready()], tried=True)
    account_id = await ready_with(stage, driver)
    await accept(stage, account_id, LUIS, "to a stranger")
    await drain_lane(stage.core, account_id)
    pause = await limited_until(stage, account_id)
    assert pause is not None
    assert timedelta(minutes=59) < pause - utcnow() <= stage.core.settings.reach_out_pause
    driver.emit(ReachOutChanged(False, None), ReachOutChanged(True, None))
    await hears(stage, driver, account_id, "IN1", EVA)
    assert await limited_until(stage, account_id) == pause
    # Once WhatsApp says a time, that one holds.
    until = utcnow() + DAYS
    driver.emit(ReachOutChanged(True, until))
    await eventually(lambda: _is(stage, account_id, until))
    assert await told(stage, account_id) == [(True, False), (True, True)]
    assert await open_alerts(stage) == [(AlertKind.REACH_OUT, until.isoformat(timespec="seconds"))]


async def _is(stage: Stage, account_id: UUID, until: datetime) -> bool:
    return await limited_until(stage, account_id) == until


async def test_a_chat_that_whatsapp_takes_for_new_holds_up_nobody_and_keeps_its_order(stage: Stage) -> None:
    """Somebody wrote long ago, and WhatsApp has forgotten it."""
    until = utcnow() + DAYS
    driver = LimitedDriver([Loaded(), ready()], until=until)
    driver.known_to = {f"{EVA}@c.us"}
    account_id = await ready_with(stage, driver)
    for key, number in (("IN1", EVA), ("IN2", LUIS)):
        await hears(stage, driver, account_id, key, number)
    for to, text in ((LUIS, "one"), (EVA, "to Eva"), (LUIS, "two")):
        await accept(stage, account_id, to, text)
    await drain_lane(stage.core, account_id)
    assert (driver.asked, [text for _, text, _ in driver.sent]) == (["one"], ["to Eva"])
    # An answer makes them known again.
    driver.known_to.add(f"{LUIS}@c.us")
    await hears(stage, driver, account_id, "IN3", LUIS)
    await drain_lane(stage.core, account_id)
    assert [text for _, text, _ in driver.sent] == ["to Eva", "one", "two"]


async def test_what_was_told_ends_with_its_time(stage: Stage) -> None:
    driver = ScriptedDriver([Loaded(), ready()])
    account_id = await ready_with(stage, driver)
    driver.emit(ReachOutChanged(True, utcnow() + DAYS))
    await eventually(lambda: open_alerts(stage))
    await look(stage.core, utcnow())
    assert len(await open_alerts(stage)) == 1
    async with stage.core.db.begin() as session:
        await sending.hold_reach_out(session, account_id, utcnow() - SECOND)
    await look(stage.core, utcnow())
    assert await open_alerts(stage) == []


# ---- With a page --------------------------------------------------------------------------------------------------


@pytest.fixture
async def sandbox(tmp_path: Path) -> AsyncIterator[RunningSandbox]:
    async with running_sandbox(tmp_path / "sandbox") as running:
        await running.config(ackDeviceMs=50, ackReadMs=100, syncMs=100, resumeMs=100)
        yield running


@pytest.fixture
async def browsers() -> AsyncIterator[Browsers]:
    browsers = Browsers(Settings())
    await browsers.start()
    yield browsers
    await browsers.stop()


@pytest.mark.timeout(300)
@pytest.mark.parametrize("knows", [True, False], ids=["the page knows", "a refusal tells"])
async def test_the_whole_way(
    stage: Stage, sandbox: RunningSandbox, browsers: Browsers, tmp_path: Path, knows: bool
) -> None:
    phone = sandbox.phone("34600112233", "Ana")
    driver = PageDriver(
        browsers, profile=tmp_path / "profile", url=sandbox.url, settings=stage.core.settings, since=None
    )
    account_id = await stage.account()
    stage.will_get(driver)
    await stage.manager.start()
    await stage.connect(account_id)
    await stage.until(account_id, SessionStatus.QR)
    shown = await eventually(lambda: stage.qr(account_id), PATIENCE)
    await phone.scan(shown.code)
    await stage.until(account_id, SessionStatus.READY)
    group = await phone.group("Equipo", EVA)
    await phone.write(EVA, "hola", group=group)
    await phone.write(EVA, "hola")

    async def heard() -> bool:
        return len(await lanes_of(stage, account_id)) == 2

    await eventually(heard, PATIENCE)
    until = utcnow().replace(microsecond=0) + DAYS
    await phone.limit(until, told=knows)
    if knows:
        await eventually(lambda: _is(stage, account_id, until))
    texts = {"uno": LUIS, "dos": MARTA, "tres": EVA, "cuatro": group, "cinco": LUIS}
    ids = [await accept(stage, account_id, to, text) for text, to in texts.items()]

    async def arrived(*expected: str) -> bool:
        await drain_lane(stage.core, account_id)
        return [one["text"] for one in await phone.received()] == list(expected)

    await eventually(lambda: arrived("tres", "cuatro"), PATIENCE)
    assert [(await row(stage, account_id, one)).status for one in (ids[0], ids[1], ids[4])] == [QUEUED] * 3
    held = await limited_until(stage, account_id)
    assert held == until if knows else held is not None
    assert await told(stage, account_id) == [(True, knows)]

    # It is lifted: by WhatsApp, whose page tells it, or because the pause of our own is over.
    await phone.limit(None)
    if not knows:
        async with stage.core.db.begin() as session:
            await sending.hold_reach_out(session, account_id, utcnow() - SECOND, told=False)
    await eventually(lambda: arrived("tres", "cuatro", "uno", "dos", "cinco"), PATIENCE)
    assert {one["times"] for one in await phone.received()} == {1}
