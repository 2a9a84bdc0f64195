"""Files that went down with their page: what counted as out has failed, what is being sent is left to its lane."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest
from sqlmodel import col, update

from session_core.domain.content import Media as MediaContent
from session_core.domain.message import MessageStatus
from session_core.sending.drain import drain_lane
from session_core.services import outgoing
from session_core.store.models import Message
from session_core.whatsapp.driver import Loaded, UploadLost
from tests.fakes.drivers import ScriptedDriver, ready
from tests.integration.host.stage import Stage
from tests.integration.host.test_commands import events_of, ready_with
from tests.integration.host.test_media import upload
from tests.integration.host.test_reach_out import LUIS, hears, row


async def sent_file(stage: Stage, account_id: UUID) -> UUID:
    """Send a file; returns the id of its message."""
    content = MediaContent(type="image", media_id=await upload(stage), caption="look")
    made = await outgoing.send(stage.core, stage.user_id, account_id, to=LUIS, content=content)
    await drain_lane(stage.core, account_id)
    assert (await row(stage, account_id, made.message.id)).status is MessageStatus.SENT
    return made.message.id


async def lose(stage: Stage, driver: ScriptedDriver, account_id: UUID, message_id: UUID) -> Message:
    """Have the page tell that a file is lost, as often as it does; returns the row after that."""
    lost = UploadLost(str((await row(stage, account_id, message_id)).wa_message_id))
    driver.emit(lost, lost)
    await hears(stage, driver, account_id, uuid4().hex, LUIS)
    return await row(stage, account_id, message_id)


async def test_what_counted_as_out_has_failed_and_is_not_sent_again(stage: Stage) -> None:
    driver = ScriptedDriver([Loaded(), ready()])
    account_id = await ready_with(stage, driver)
    lost = await lose(stage, driver, account_id, await sent_file(stage, account_id))
    assert (lost.status, lost.failure) == (MessageStatus.FAILED, "upload_failed")
    await drain_lane(stage.core, account_id)
    assert len(driver.sent) == 1
    events = await events_of(stage.core, account_id)
    assert events == ["message.queued", "message.sent", "message.ack", "message.received"]


@pytest.mark.parametrize("status", [MessageStatus.SERVER, MessageStatus.SENDING, MessageStatus.CANCELLED])
async def test_what_is_further_on_or_under_way_is_left_alone(stage: Stage, status: MessageStatus) -> None:
    driver = ScriptedDriver([Loaded(), ready()])
    account_id = await ready_with(stage, driver)
    message_id = await sent_file(stage, account_id)
    async with stage.core.db.begin() as session:
        values = {"status": status, "status_rank": status.rank}
        await session.exec(update(Message).where(col(Message.id) == message_id).values(**values))
    assert (await lose(stage, driver, account_id, message_id)).status is status
