"""What the page knows about chats and contacts is written down at every ready."""

from __future__ import annotations

from typing import Any

import pytest

from session_core.domain.chats import ChatFacts, ContactFacts
from session_core.domain.events import ChatsChanged
from session_core.errors import TransientError
from session_core.host import directory
from session_core.services import chats, live
from session_core.whatsapp.driver import DirectoryPart, DirectoryPiece
from tests.fakes.drivers import ScriptedDriver, ready
from tests.integration.host.stage import PATIENCE, Stage
from tests.waiting import eventually

GROUP = "120363000000000001@g.us"


@pytest.fixture
def knowing() -> ScriptedDriver:
    """A driver whose page knows more than one piece of chats."""
    driver = ScriptedDriver([ready()])
    driver.known_chats = [ChatFacts(GROUP, name="Peña", unread=2)]
    driver.known_chats += [ChatFacts(f"346{number:08}@c.us") for number in range(directory.PIECE + 5)]
    driver.known_contacts = [ContactFacts("34600000001@c.us", name="Ana")]
    return driver


async def test_a_ready_account_learns_whom_it_knows(running: Stage, knowing: ScriptedDriver) -> None:
    stage = running
    stage.will_get(knowing)
    account_id = await stage.linked()

    async def learned() -> Any:
        page = await chats.list_chats(stage.core, stage.user_id, account_id, query="pena")
        people = await chats.list_contacts(stage.core, stage.user_id, account_id)
        return page.items and people.items and (page.items[0], people.items[0])

    group, ana = await eventually(learned, timeout=PATIENCE)
    assert (group.name, group.unread) == ("Peña", 2)
    assert ana.name == "Ana"
    count, cursor = 0, None
    while True:
        page = await chats.list_chats(stage.core, stage.user_id, account_id, limit=200, cursor=cursor)
        count, cursor = count + len(page.items), page.next_cursor
        if cursor is None:
            break
    assert count == len(knowing.known_chats)


class HalfTellingDriver(ScriptedDriver):
    """Tells one piece, and then nothing but errors."""

    async def directory(self, part: DirectoryPart, after: str = "", *, limit: int) -> DirectoryPiece:
        if after:
            raise TransientError("The page did not answer in time.", code="page_timeout")
        return await super().directory(part, after, limit=limit)


async def test_what_was_told_before_an_error_stays(stage: Stage, knowing: ScriptedDriver) -> None:
    broken = HalfTellingDriver()
    broken.known_chats = knowing.known_chats
    account_id = await stage.account()
    await directory.learn(stage.core, stage.user_id, account_id, broken)
    page = await chats.list_chats(stage.core, stage.user_id, account_id, limit=200)
    assert len(page.items) == directory.PIECE
    await stage.core.hub.start()
    with live.subscribe(stage.core, stage.user_id) as heard:
        await directory.learn(stage.core, stage.user_id, account_id, knowing)
        event = await heard.get(PATIENCE)
    assert event == ChatsChanged(user_id=stage.user_id, account_id=account_id)
