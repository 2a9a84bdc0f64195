"""What an opened card shows of the account's messages, over a real store."""

from __future__ import annotations

from uuid import uuid4

import pytest

from session_core.core import Core
from session_core.domain.content import Text
from session_core.domain.events import MessageChanged
from session_core.domain.message import MessageStatus
from session_core.services import outgoing
from session_core.store import messages
from tests.factories import add_account, add_user
from whahook_app.states.details import details_now, read_messages


@pytest.fixture
def database_kind() -> str:
    """The page asks services only, which are tried on both databases."""
    return "sqlite"


async def test_an_event_that_comes_late_does_not_take_a_message_back(core: Core) -> None:
    user_id = await add_user(core.db)
    account_id = await add_account(core.db, user_id)
    accepted = await outgoing.send(core, user_id, account_id, to="34600000000@c.us", content=Text(text="hola"))
    late = MessageChanged(user_id=user_id, message=accepted.message)
    async with core.db.begin() as session:
        row = await messages.get(session, account_id, accepted.message.id)
        assert row is not None
        row.status = MessageStatus.SENT
        session.add(row)
    (shown,) = await read_messages(core, user_id, str(account_id), [late])
    assert shown.status is MessageStatus.SENT
    assert await read_messages(core, user_id, str(uuid4()), [late]) == [], "it is of another card"


async def test_a_card_whose_account_is_gone_ends_quietly(core: Core) -> None:
    user_id, other = await add_user(core.db), await add_user(core.db)
    account_id = await add_account(core.db, user_id)
    accepted = await outgoing.send(core, user_id, account_id, to="34600000000@c.us", content=Text(text="hola"))
    event = MessageChanged(user_id=user_id, message=accepted.message)
    assert await read_messages(core, other, str(account_id), [event]) == []
    assert await details_now(core, other, str(account_id)) is None
