"""Commands over the bus: sending once and only when allowed, and pairing codes."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlmodel import col, select

from session_core.backups import swap
from session_core.bus import lanes
from session_core.bus.commands import NoHolder
from session_core.clock import utcnow
from session_core.core import Core
from session_core.domain.backup import Gap
from session_core.domain.commands import Doubt, PairingCode, SendMessage, SendOutcome
from session_core.domain.content import Text
from session_core.domain.message import Ack, MessageStatus
from session_core.domain.status import SessionStatus
from session_core.errors import Conflict, PolicyError, TransientError
from session_core.services import accounts as service
from session_core.store import messages
from session_core.store.models import Message, OutboxEvent
from session_core.tasks import spawn
from session_core.whatsapp.driver import Loaded, Offline, SentMessage
from tests.factories import CHAT, add_message, read_message
from tests.fakes.drivers import (
    DoubtfulDriver,
    NotTryingDriver,
    RefusingDriver,
    ScriptedDriver,
    SlowDriver,
    qr,
    ready,
)
from tests.integration.host.stage import Stage, listening
from tests.waiting import eventually

S = SessionStatus
ANSWER = timedelta(seconds=5)
HELD = timedelta(minutes=1)


async def ready_with(stage: Stage, driver: ScriptedDriver) -> UUID:
    account_id = await stage.linked()
    stage.will_get(driver)
    await stage.manager.start()
    await stage.until(account_id, S.READY)
    return account_id


async def claimed(stage: Stage, account_id: UUID, token: str = "t1") -> Message:
    """Return a message of the account that ``token`` may send."""
    row = await add_message(stage.core.db, account_id)
    async with stage.core.db.begin() as session:
        assert await messages.claim(session, row.id, token, utcnow(), utcnow() + HELD)
    return row


def command(row: Message, token: str = "t1", **fields: Any) -> SendMessage:
    return SendMessage(
        account_id=row.account_id,
        message_id=row.id,
        token=token,
        chat_id=row.chat_id,
        content=Text(text=row.text),
        wa_key=row.wa_key,
        **fields,
    )


async def send(stage: Stage, given: SendMessage) -> SendOutcome:
    return SendOutcome.model_validate(await stage.core.commands.call(given, timeout=ANSWER))


async def events_of(core: Core, account_id: UUID) -> list[str]:
    async with core.db.read() as session:
        query = select(OutboxEvent.type).where(OutboxEvent.account_id == account_id).order_by(col(OutboxEvent.id))
        names = (await session.exec(query)).all()
    return [name for name in names if name.startswith(("message.", "poll."))]


async def test_a_text_goes_out_once_and_everybody_hears_of_it(stage: Stage) -> None:
    driver = ScriptedDriver([Loaded(), ready()])
    account_id = await ready_with(stage, driver)
    row = await claimed(stage, account_id)
    async with listening(stage.core, stage.user_id) as pages:
        outcome = await send(stage, command(row))
        await eventually(lambda: "message" in pages.kinds())
    assert driver.sent == [(CHAT, "hello", row.wa_key)]
    assert (outcome.result, outcome.wa_message_id) == ("sent", f"true_{CHAT}_{row.wa_key}")
    stored = await read_message(stage.core.db, account_id, row.id)
    assert (stored.status, stored.wa_message_id) == (MessageStatus.SENT, outcome.wa_message_id)
    assert stored.sent_at == outcome.sent_at
    assert (await stage.runtime(account_id)).last_activity == outcome.sent_at
    assert await events_of(stage.core, account_id) == ["message.sent"]


async def test_who_does_not_own_the_row_sends_nothing(stage: Stage) -> None:
    driver = ScriptedDriver([Loaded(), ready()])
    account_id = await ready_with(stage, driver)
    row = await claimed(stage, account_id, "mine")
    outcome = await send(stage, command(row, "yours"))
    assert (outcome.result, outcome.failure) == ("not_sent", "not_the_owner")
    queued = await add_message(stage.core.db, account_id)
    assert (await send(stage, command(queued))).result == "not_sent"
    assert driver.sent == []


async def test_a_host_that_is_not_sure_of_its_lease_sends_nothing(stage: Stage) -> None:
    driver = ScriptedDriver([Loaded(), ready()])
    account_id = await ready_with(stage, driver)
    row = await claimed(stage, account_id)
    await stage.manager._leases.stop()
    await eventually(lambda: not stage.manager._leases.sure(account_id))
    outcome = await stage.manager._commands._handler(command(row))
    assert outcome == SendOutcome(result="not_sent", failure="lease_not_sure")
    assert driver.sent == []


async def test_looking_first_finds_what_an_earlier_try_sent(stage: Stage) -> None:
    driver = ScriptedDriver([Loaded(), ready()])
    account_id = await ready_with(stage, driver)
    row = await claimed(stage, account_id)
    driver.known[row.wa_key] = SentMessage(f"true_1@lid_{row.wa_key}", "1@lid", Ack.SERVER)
    outcome = await send(stage, command(row, look_first=True))
    assert (outcome.result, outcome.wa_message_id) == ("sent", f"true_1@lid_{row.wa_key}")
    assert driver.sent == []
    other = await claimed(stage, account_id)
    assert (await send(stage, command(other, look_first=True))).result == "sent"
    assert len(driver.sent) == 1


@pytest.mark.parametrize(
    ("driver", "outcome"),
    [
        (RefusingDriver([Loaded(), ready()]), SendOutcome(result="failed", failure="not_on_whatsapp")),
        (NotTryingDriver([Loaded(), ready()]), SendOutcome(result="not_sent", failure="page_not_usable")),
    ],
)
async def test_what_did_not_go_out_is_said_as_such(stage: Stage, driver: ScriptedDriver, outcome: SendOutcome) -> None:
    account_id = await ready_with(stage, driver)
    row = await claimed(stage, account_id)
    assert await send(stage, command(row)) == outcome
    assert (await read_message(stage.core.db, account_id, row.id)).status is MessageStatus.SENDING


async def test_a_doubtful_send_is_an_error_and_looking_first_clears_it_up(stage: Stage) -> None:
    driver = DoubtfulDriver([Loaded(), ready()])
    account_id = await ready_with(stage, driver)
    row = await claimed(stage, account_id)
    with pytest.raises(TransientError, match="did not answer"):
        await send(stage, command(row))
    assert (await send(stage, command(row, look_first=True))).result == "sent"
    assert len(driver.sent) == 1


@pytest.mark.parametrize(
    ("doubted", "result"),
    [(timedelta(minutes=-90), "sent"), (timedelta(minutes=-30), "unknown"), (timedelta(minutes=30), "sent")],
)
async def test_a_login_that_was_restored_cannot_know_what_was_sent_after_its_backup(
    stage: Stage, doubted: timedelta, result: str
) -> None:
    """The phone has it, perhaps; the page that looks for it has chats of an hour earlier."""
    driver = ScriptedDriver([Loaded(), ready()])
    account_id = await ready_with(stage, driver)
    restored_at = utcnow()
    gap = Gap(begins=restored_at - timedelta(hours=1), closed=False, ends=restored_at)
    swap.note_gap(stage.profile(account_id), gap)
    row = await claimed(stage, account_id)
    doubt = Doubt(earliest=restored_at + doubted, latest=restored_at + doubted)
    outcome = await send(stage, command(row, look_first=True, doubt=doubt))
    assert outcome.result == result
    assert len(driver.sent) == (result == "sent")
    # What no earlier try can have sent goes out in any case.
    assert (await send(stage, command(await claimed(stage, account_id), look_first=True))).result == "sent"


async def test_nothing_is_sent_before_and_after_ready(stage: Stage) -> None:
    driver = ScriptedDriver([Loaded(), ready()])
    account_id = await ready_with(stage, driver)
    row = await claimed(stage, account_id)
    driver.emit(Offline())
    await stage.until(account_id, S.RECONNECTING)
    assert await send(stage, command(row)) == SendOutcome(result="not_sent", failure="not_ready")
    await service.disconnect(stage.core, stage.user_id, account_id)
    await stage.until(account_id, S.STOPPED)
    await stage.until_idle(account_id)
    with pytest.raises(NoHolder):
        await send(stage, command(row))
    assert driver.sent == []


async def test_texts_of_an_account_go_to_the_page_one_at_a_time(stage: Stage) -> None:
    driver = SlowDriver([Loaded(), ready()])
    driver.gate.set()
    account_id = await ready_with(stage, driver)
    driver.gate.clear()
    rows = [await claimed(stage, account_id) for _ in range(2)]
    tasks = [spawn(send(stage, command(row)), name="send") for row in rows]
    session = stage.manager._sessions[account_id]
    await eventually(lambda: session.sending.locked() and bool(session.sending._waiters))
    driver.gate.set()
    outcomes = await asyncio.gather(*tasks)
    assert [outcome.result for outcome in outcomes] == ["sent", "sent"]


async def test_ready_wakes_the_lane(stage: Stage) -> None:
    account_id = await ready_with(stage, ScriptedDriver([Loaded(), ready()]))
    assert await eventually(lambda: lanes.pop_due(stage.core.redis)) == [account_id]


async def test_a_pairing_code_is_asked_for_while_the_code_is_shown(running: Stage) -> None:
    account_id = await running.account()
    driver = ScriptedDriver([Loaded()])
    running.will_get(driver)
    await running.connect(account_id)
    await running.until(account_id, S.LOADING)
    with pytest.raises(PolicyError) as refused:
        await running.core.commands.call(PairingCode(account_id=account_id, phone="34600111222"), timeout=ANSWER)
    assert (refused.value.code, refused.value.status_code) == ("not_waiting_for_link", 409)
    driver.emit(qr(shown_at=utcnow()))
    await running.until(account_id, S.QR)
    code = await service.pairing_code(running.core, running.user_id, account_id, "+34 600 111 222")
    assert code == "ABCD1234"
    driver.emit(ready())
    await running.until(account_id, S.READY)
    with pytest.raises(Conflict):
        await service.pairing_code(running.core, running.user_id, account_id, "+34 600 111 222")


async def test_a_command_for_an_account_that_is_not_here_is_refused(running: Stage) -> None:
    handler = running.manager._commands._handler
    with pytest.raises(Conflict):
        await handler(PairingCode(account_id=uuid4(), phone="34600111222"))
