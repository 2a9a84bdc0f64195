"""What the page tells about messages ends in the store once, and then with everybody."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from session_core.clock import utcnow
from session_core.domain.message import Ack, Direction, MessageStatus
from session_core.domain.status import ReasonCode, SessionStatus
from session_core.services import accounts as service_accounts
from session_core.services import messages as service
from session_core.store import messages
from session_core.whatsapp.driver import AckChanged, Loaded, LoggedOut, LogoutCause, Loss, Lost, MessageSeen
from tests.factories import CHAT, add_message
from tests.fakes.drivers import LateDriver, ScriptedDriver, ready
from tests.integration.host.stage import Stage, listening
from tests.integration.host.test_commands import claimed, events_of, ready_with
from tests.waiting import eventually

S = SessionStatus


def seen(key: str = "A1", *, from_me: bool = False, at: datetime | None = None, **fields: Any) -> MessageSeen:
    values: dict[str, Any] = {
        "wa_message_id": f"{str(from_me).lower()}_{CHAT}_{key}",
        "chat_id": CHAT,
        "from_me": from_me,
        "author": None,
        "sender_name": None if from_me else "Luis",
        "kind": "text",
        "text": f"text {key}",
        "at": at or utcnow(),
        "ack": Ack.PENDING,
        **fields,
    }
    return MessageSeen(**values)


async def listed(stage: Stage, account_id: UUID, count: int) -> list[Any]:
    async def enough() -> list[Any] | None:
        found = await service.list_messages(stage.core, stage.user_id, account_id)
        return found if len(found) >= count else None

    return await eventually(enough)


async def test_a_message_that_comes_in_is_stored_once_and_told_once(stage: Stage) -> None:
    driver = ScriptedDriver([Loaded(), ready()])
    account_id = await ready_with(stage, driver)
    at = utcnow() - timedelta(seconds=3)
    async with listening(stage.core, stage.user_id) as pages:
        driver.emit(seen("A1", at=at), seen("A1", at=at, replayed=True), seen("A2"))
        second, first = await listed(stage, account_id, 2)
        await eventually(lambda: pages.kinds().count("message") == 2)
    assert (first.direction, first.status, first.text) == (Direction.IN, MessageStatus.RECEIVED, "text A1")
    assert (first.created_at, first.replayed, second.text) == (at, False, "text A2")
    assert await events_of(stage.core, account_id) == ["message.received", "message.received"]
    lines = [line for line in await stage.history(account_id) if line[0] == "message_in"]
    assert len(lines) == 2
    runtime = await stage.runtime(account_id)
    assert runtime.last_activity == second.created_at


async def test_what_the_phone_writes_is_a_message_out(stage: Stage) -> None:
    driver = ScriptedDriver([Loaded(), ready()])
    account_id = await ready_with(stage, driver)
    driver.emit(seen("P1", from_me=True, ack=Ack.SERVER), seen("P1", from_me=True, ack=Ack.SERVER))
    driver.emit(AckChanged(f"true_{CHAT}_P1", Ack.READ), seen("END"))
    _, mine = await listed(stage, account_id, 2)
    assert (mine.direction, mine.status) == (Direction.OUT, MessageStatus.READ)
    assert await events_of(stage.core, account_id) == ["message.sent", "message.ack", "message.received"]


async def test_our_own_text_seen_in_the_page_adds_no_message_and_proves_that_it_went_out(stage: Stage) -> None:
    driver = ScriptedDriver([Loaded(), ready()])
    account_id = await ready_with(stage, driver)
    row = await claimed(stage, account_id)
    # The host that gave it to the page died before it could say so; the chat has a LID by now.
    driver.emit(seen(row.wa_key, from_me=True, wa_message_id=f"true_99@lid_{row.wa_key}", ack=Ack.DEVICE))
    driver.emit(seen("END"))
    _, mine = await listed(stage, account_id, 2)
    assert (mine.id, mine.status) == (row.id, MessageStatus.DEVICE)
    assert mine.wa_message_id == f"true_99@lid_{row.wa_key}"
    assert mine.sent_at is not None
    assert await events_of(stage.core, account_id) == ["message.sent", "message.ack", "message.received"]


async def test_acks_move_a_message_forward_only(stage: Stage) -> None:
    driver = ScriptedDriver([Loaded(), ready()])
    account_id = await ready_with(stage, driver)
    row = await add_message(
        stage.core.db, account_id, status=MessageStatus.SENT, wa_message_id=f"true_{CHAT}_K", wa_key="K"
    )
    async with listening(stage.core, stage.user_id) as pages:
        for ack in (Ack.READ, Ack.DEVICE, Ack.SERVER, Ack.READ, Ack.ERROR):
            driver.emit(AckChanged(f"true_{CHAT}_K", ack))
        driver.emit(AckChanged(f"true_{CHAT}_UNKNOWN", Ack.READ), AckChanged("nonsense", Ack.READ))
        driver.emit(AckChanged(f"false_{CHAT}_K", Ack.READ), seen("END"))
        await listed(stage, account_id, 2)
        await eventually(lambda: pages.kinds().count("message") == 2)
    async with stage.core.db.read() as session:
        stored = await messages.get(session, account_id, row.id)
    assert stored is not None
    assert stored.status is MessageStatus.READ
    assert await events_of(stage.core, account_id) == ["message.ack", "message.received"]


async def test_a_message_that_no_database_would_take_is_made_one(stage: Stage) -> None:
    driver = ScriptedDriver([Loaded(), ready()])
    account_id = await ready_with(stage, driver)
    driver.emit(seen("ODD", text="a\0b\ud800c", sender_name="x" * 400, author="y" * 400, kind="z" * 80))
    (found,) = await listed(stage, account_id, 1)
    assert found.text == "ab\ufffdc"
    assert len(found.sender_name) == 100


async def test_a_new_browser_is_told_since_when_messages_may_be_missing(stage: Stage) -> None:
    driver = ScriptedDriver([Loaded(), ready()])
    account_id = await ready_with(stage, driver)
    heard_at = utcnow()
    driver.emit(seen("A1", at=heard_at), seen("OLD", at=heard_at - timedelta(days=1), replayed=True))
    await listed(stage, account_id, 2)
    stage.will_get(ScriptedDriver([Loaded(), ready()]))
    driver.emit(Lost(Loss.BROWSER))
    await eventually(lambda: len(stage.made) == 2)
    since = stage.made[1][1]
    assert since is not None
    assert heard_at - timedelta(minutes=5) < since < heard_at
    await stage.until(account_id, S.READY)


async def test_a_person_with_a_hidden_id_has_one_chat(stage: Stage) -> None:
    driver = ScriptedDriver([Loaded(), ready()])
    account_id = await ready_with(stage, driver)
    hidden = "123456789012345@lid"
    driver.emit(
        seen("A1", chat_id=hidden, wa_message_id=f"false_{hidden}_A1"),
        seen("A2", chat_id=hidden, wa_message_id=f"false_{hidden}_A2", kept_as=CHAT),
        seen("A3"),
    )
    found = await listed(stage, account_id, 3)
    assert [(message.text, message.chat_id) for message in found] == [
        ("text A3", CHAT),
        ("text A2", CHAT),
        ("text A1", CHAT),
    ]


async def test_what_comes_in_while_the_browser_is_closed_is_stored_and_changes_nothing_else(stage: Stage) -> None:
    late = [seen("A1"), LoggedOut(LogoutCause.UNLINKED), seen("A2"), Lost(Loss.BROWSER)]
    account_id = await ready_with(stage, LateDriver([Loaded(), ready()], late))
    await service_accounts.disconnect(stage.core, stage.user_id, account_id)
    await stage.until(account_id, S.STOPPED, ReasonCode.REQUESTED)
    assert {row.text for row in await listed(stage, account_id, 2)} == {"text A1", "text A2"}
