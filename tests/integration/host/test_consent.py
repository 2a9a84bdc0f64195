"""Who writes that they want to hear no more is taken at their word."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlmodel import col, select, update

from session_core.clock import utcnow
from session_core.domain.chats import ContactFacts
from session_core.domain.commands import SendOutcome
from session_core.domain.content import Revoke
from session_core.domain.message import Ack, MessageStatus
from session_core.errors import Conflict
from session_core.services import consent as service
from session_core.services.outgoing import send_text
from session_core.store import chats
from session_core.store.models import Message, OutboxEvent
from session_core.whatsapp.driver import Loaded
from tests.factories import read_message
from tests.fakes.drivers import ScriptedDriver, ready
from tests.integration.host.stage import Stage
from tests.integration.host.test_commands import claimed, command, events_of, ready_with, send
from tests.integration.host.test_messages import seen
from tests.waiting import eventually

NUMBER = "34612345678"
AUTHOR = f"{NUMBER}@c.us"
LID = "99887766554433@lid"


async def opt_outs(stage: Stage) -> list[tuple[str | None, str | None, str | None]]:
    found = (await service.list_opt_outs(stage.core, stage.user_id)).items
    return [(one.phone, one.lid, one.word) for one in found]


async def told(stage: Stage, account_id: UUID) -> list[str]:
    """Return the names of the events for programs that are about consent."""
    async with stage.core.db.read() as session:
        query = select(OutboxEvent.type).where(OutboxEvent.account_id == account_id).order_by(col(OutboxEvent.id))
        return [name for name in (await session.exec(query)).all() if name.startswith("consent.")]


@pytest.mark.parametrize("text", ["BAJA", " stop. "])
async def test_a_word_ends_what_waits_and_refuses_what_comes(stage: Stage, text: str) -> None:
    driver = ScriptedDriver([Loaded(), ready()])
    account_id = await ready_with(stage, driver)
    waits = (await send_text(stage.core, stage.user_id, account_id, to=NUMBER, text="offer")).message
    driver.emit(seen("A1", text=text))
    await eventually(lambda: opt_outs(stage))
    stored = await read_message(stage.core.db, account_id, waits.id)
    assert (stored.status, stored.failure) == (MessageStatus.FAILED, "opted_out")
    with pytest.raises(Conflict, match="do not want"):
        await send_text(stage.core, stage.user_id, account_id, to=NUMBER, text="another offer")
    assert await told(stage, account_id) == ["consent.opted_out"]


async def test_a_word_brings_messages_back(stage: Stage) -> None:
    driver = ScriptedDriver([Loaded(), ready()])
    account_id = await ready_with(stage, driver)
    driver.emit(seen("A1", text="BAJA"))
    await eventually(lambda: opt_outs(stage))
    driver.emit(seen("A2", text="alta"))

    async def undone() -> bool:
        return not await opt_outs(stage)

    await eventually(undone)
    await send_text(stage.core, stage.user_id, account_id, to=NUMBER, text="offer")
    assert await told(stage, account_id) == ["consent.opted_out", "consent.opted_in"]


async def test_groups_and_longer_texts_say_nothing(stage: Stage) -> None:
    driver = ScriptedDriver([Loaded(), ready()])
    account_id = await ready_with(stage, driver)
    group = "120363000000000001@g.us"
    driver.emit(
        seen("A1", text="no me deis de baja"),
        seen(
            "A2", text="BAJA", chat_id=group, wa_message_id=f"false_{group}_A2_{NUMBER}@c.us", author=f"{NUMBER}@c.us"
        ),
        seen("A3", text="the last"),
    )

    async def stored() -> bool:
        return len([one for one in await events_of(stage.core, account_id) if one == "message.received"]) == 3

    await eventually(stored)
    assert await opt_outs(stage) == []


async def test_a_hidden_id_and_a_number_are_one_person(stage: Stage) -> None:
    driver = ScriptedDriver([Loaded(), ready()])
    account_id = await ready_with(stage, driver)
    await knows(stage, account_id)
    driver.emit(seen("A1", text="BAJA", chat_id=LID, wa_message_id=f"false_{LID}_A1"))
    await eventually(lambda: opt_outs(stage))
    assert await opt_outs(stage) == [(NUMBER, LID, "BAJA")]
    for to in (NUMBER, LID):
        with pytest.raises(Conflict):
            await send_text(stage.core, stage.user_id, account_id, to=to, text="offer")


async def knows(stage: Stage, account_id: UUID) -> None:
    """Let the account know that the two ids are one person's."""
    async with stage.core.db.begin() as session:
        await chats.learn_contacts(session, account_id, [ContactFacts(LID, phone=NUMBER, lid=LID)])


async def test_what_goes_to_a_number_and_lands_under_a_hidden_id_tells_who_is_who(stage: Stage) -> None:
    driver = ScriptedDriver([Loaded(), ready()])
    account_id = await ready_with(stage, driver)
    sent = (await send_text(stage.core, stage.user_id, account_id, to=NUMBER, text="offer")).message
    row = await read_message(stage.core.db, account_id, sent.id)
    driver.emit(seen(row.wa_key, from_me=True, chat_id=LID, wa_message_id=f"true_{LID}_{row.wa_key}", ack=Ack.SERVER))

    async def is_sent() -> bool:
        return (await read_message(stage.core.db, account_id, sent.id)).status is MessageStatus.SERVER

    await eventually(is_sent)
    driver.emit(seen("A1", text="BAJA", chat_id=LID, wa_message_id=f"false_{LID}_A1"))
    await eventually(lambda: opt_outs(stage))
    assert await opt_outs(stage) == [(NUMBER, LID, "BAJA")]


async def test_who_opts_out_while_a_text_is_on_its_way_to_the_page_does_not_get_it(stage: Stage) -> None:
    driver = ScriptedDriver([Loaded(), ready()])
    account_id = await ready_with(stage, driver)
    row = await claimed(stage, account_id)
    gone = await claimed(stage, account_id)
    # The claim is past: only the host can still see it.
    await service.opt_out(stage.core, stage.user_id, to=row.chat_id)
    assert await send(stage, command(row)) == SendOutcome(result="failed", failure="opted_out")
    assert driver.sent == []
    taken_back = command(gone).model_copy(update={"content": Revoke(target_id=f"true_{row.chat_id}_3EB0A")})
    assert (await send(stage, taken_back)).result == "sent"


async def test_what_expires_on_its_way_to_the_page_is_not_sent(stage: Stage) -> None:
    driver = ScriptedDriver([Loaded(), ready()])
    account_id = await ready_with(stage, driver)
    row = await claimed(stage, account_id)
    async with stage.core.db.begin() as session:
        await session.exec(update(Message).where(col(Message.id) == row.id).values(expires_at=utcnow()))
    assert (await send(stage, command(row))).result == "not_sent"
    assert driver.sent == []
