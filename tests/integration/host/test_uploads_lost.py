"""Files that went down with their page after they counted as out: they go out again, unless something overtook them."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlmodel import col, update

from session_core.clock import utcnow
from session_core.domain.content import Media as MediaContent
from session_core.domain.message import MAX_ATTEMPTS, MessageStatus
from session_core.sending.drain import drain_lane
from session_core.services import outgoing
from session_core.store.models import Message
from session_core.whatsapp.driver import Loaded, UploadLost
from tests.fakes.drivers import ScriptedDriver, ready
from tests.integration.host.stage import Stage
from tests.integration.host.test_commands import events_of, ready_with
from tests.integration.host.test_media import upload
from tests.integration.host.test_reach_out import LUIS, accept, hears, row

QUEUED, SENT, FAILED = MessageStatus.QUEUED, MessageStatus.SENT, MessageStatus.FAILED


async def sent_file(stage: Stage, account_id: UUID) -> UUID:
    """Send a file; returns the id of its message."""
    content = MediaContent(type="image", media_id=await upload(stage), caption="look")
    made = await outgoing.send(stage.core, stage.user_id, account_id, to=LUIS, content=content)
    await drain_lane(stage.core, account_id)
    assert (await row(stage, account_id, made.message.id)).status is SENT
    return made.message.id


async def lose(stage: Stage, driver: ScriptedDriver, account_id: UUID, message_id: UUID) -> Message:
    """Have the page tell that a file is lost, as often as it does; returns the row after that."""
    lost = UploadLost(str((await row(stage, account_id, message_id)).wa_message_id))
    driver.known.clear()
    driver.emit(lost, lost)
    await hears(stage, driver, account_id, uuid4().hex, LUIS)
    return await row(stage, account_id, message_id)


async def test_it_goes_out_again_under_its_id(stage: Stage) -> None:
    driver = ScriptedDriver([Loaded(), ready()])
    account_id = await ready_with(stage, driver)
    message_id = await sent_file(stage, account_id)
    lost = await lose(stage, driver, account_id, message_id)
    assert (lost.status, lost.wa_message_id, lost.sent_at, lost.failure) == (QUEUED, None, None, None)
    await wait_no_longer(stage, message_id)
    await drain_lane(stage.core, account_id)
    assert (await row(stage, account_id, message_id)).status is SENT
    (_, _, first), (_, _, second) = driver.sent
    assert first == second
    assert await events_of(stage.core, account_id) == [
        "message.queued",
        "message.sent",
        "message.queued",
        "message.received",
        "message.sent",
    ]


async def test_what_was_overtaken_or_tried_too_often_has_failed(stage: Stage) -> None:
    driver = ScriptedDriver([Loaded(), ready()])
    account_id = await ready_with(stage, driver)
    overtaken = await sent_file(stage, account_id)
    await accept(stage, account_id, LUIS, "did you see it?")
    await drain_lane(stage.core, account_id)
    assert (await lose(stage, driver, account_id, overtaken)).status is FAILED

    tried = await sent_file(stage, account_id)
    async with stage.core.db.begin() as session:
        await session.exec(update(Message).where(col(Message.id) == tried).values(attempts=MAX_ATTEMPTS))
    assert (await lose(stage, driver, account_id, tried)).status is FAILED


@pytest.mark.parametrize("status", [MessageStatus.SERVER, MessageStatus.SENDING, MessageStatus.CANCELLED])
async def test_what_is_further_on_or_under_way_is_left_alone(stage: Stage, status: MessageStatus) -> None:
    driver = ScriptedDriver([Loaded(), ready()])
    account_id = await ready_with(stage, driver)
    message_id = await sent_file(stage, account_id)
    async with stage.core.db.begin() as session:
        values = {"status": status, "status_rank": status.rank}
        await session.exec(update(Message).where(col(Message.id) == message_id).values(**values))
    assert (await lose(stage, driver, account_id, message_id)).status is status


async def wait_no_longer(stage: Stage, message_id: UUID) -> None:
    """Have the pause between two tries be over."""
    async with stage.core.db.begin() as session:
        long_ago = utcnow() - timedelta(minutes=2)
        await session.exec(update(Message).where(col(Message.id) == message_id).values(updated_at=long_ago))
