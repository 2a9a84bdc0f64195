"""Messages whose time is over while nobody knows whether they are out."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlmodel import col, update

from session_core.clock import utcnow
from session_core.core import Core
from session_core.domain.commands import SendMessage
from session_core.domain.message import MessageStatus
from session_core.sending.drain import drain_lane
from session_core.store import messages
from session_core.store.models import Message
from tests import factories
from tests.fakes.hosts import RecordingHost
from tests.integration.sending.lanes import fill, head, leave_sending, ready_account, statuses
from tests.integration.sending.test_drain import events_of, remembered, running

SECOND = timedelta(seconds=1)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_kind(request: pytest.FixtureRequest) -> str:
    """Run every test here with both databases."""
    return str(request.param)


@pytest.mark.parametrize("went_out", [False, True])
async def test_what_is_in_doubt_when_its_time_is_over_is_looked_for_and_holds_nobody_up(
    core: Core, went_out: bool
) -> None:
    user_id = await factories.add_user(core.db)
    account_id = await ready_account(core, user_id)
    await remembered(core, user_id)
    texts = await fill(core, account_id, 2)
    message = await head(core, account_id)
    await leave_sending(core, message.id, "dead", utcnow() - SECOND)
    async with core.db.begin() as session:
        over = update(Message).where(col(Message.id) == message.id).values(expires_at=utcnow() - SECOND)
        await session.exec(over)
    async with running(RecordingHost(core), account_id) as host:
        if went_out:
            host.send(_command_of(message))
        await drain_lane(core, account_id)
    assert host.texts == (texts if went_out else texts[1:])
    assert await statuses(core, account_id) == [
        MessageStatus.SENT if went_out else MessageStatus.EXPIRED,
        MessageStatus.SENT,
    ]
    assert (await events_of(core, account_id))[0] == ("message.sent" if went_out else "message.expired")


def _command_of(message: Message) -> SendMessage:
    return SendMessage(
        account_id=message.account_id,
        message_id=message.id,
        token="dead",
        chat_id=message.chat_id,
        content=messages.content_of(message),
        wa_key=message.wa_key,
    )
