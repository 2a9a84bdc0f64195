"""Erasing a person, keeping messages for a time, exporting: what goes is gone, what stays is whole."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from session_core.core import Core
from session_core.domain.chats import ChatFacts, ContactFacts
from session_core.domain.message import Ack, Direction, MessageStatus
from session_core.errors import NotFound, PolicyError
from session_core.host import directory
from session_core.host import messages as host
from session_core.services import chats, history, search
from session_core.store import chats as store
from session_core.store import erasure, messages, outbox
from session_core.store.models import Message
from session_core.whatsapp.driver import MessageSeen
from tests.factories import CHAT, SECOND, T0, add_account, add_user, message
from tests.fakes.drivers import ScriptedDriver

LID = "1000001@lid"
OTHER = "34699999999@c.us"
GROUP = "120363000000000001@g.us"


@pytest.fixture
async def ana(core: Core) -> UUID:
    return await add_user(core.db)


@pytest.fixture
async def account(core: Core, ana: UUID) -> UUID:
    return await add_account(core.db, ana)


async def hear(core: Core, account: UUID, words: str, **fields: Any) -> Message:
    values = {"direction": Direction.IN, "status": MessageStatus.RECEIVED, "text": words, **fields}
    row = message(account, **values)
    async with core.db.begin() as session:
        await messages.add(session, row)
        await store.note(session, row)
        await outbox.add(session, account, "message.received", messages.view(row).model_dump(mode="json"))
    return row


async def learn(core: Core, account: UUID, *facts: ContactFacts) -> None:
    async with core.db.begin() as session:
        await store.learn_contacts(session, account, facts)


async def texts(core: Core, account: UUID) -> list[str]:
    async with core.db.read() as session:
        return [row.text for row in await messages.after(session, account, 0, limit=5000)]


async def everything(core: Core) -> str:
    """Every table's every value, as one text."""
    async with core.db.read() as session:
        found = []
        for table in ("messages", "chats", "contacts", "outbox_events", "activity_log", "erasures"):
            found += [str(tuple(row)) for row in (await session.exec(text(f"SELECT * FROM {table}"))).all()]
    return "\n".join(found)


async def everything_in_the_file(core: Core) -> bytes:
    """Every byte of the SQLite file, with what was in its journal."""
    async with core.db.read() as session:
        await session.exec(text("PRAGMA wal_checkpoint(TRUNCATE)"))
        path = (await session.exec(text("PRAGMA database_list"))).all()[0][2]
    return await asyncio.to_thread(Path(path).read_bytes)


def seen(words: str, chat: str = CHAT, key: str = "A", **fields: Any) -> MessageSeen:
    values = {"author": None, "sender_name": "Ana", "kind": "text", "at": T0, "ack": Ack.SERVER, **fields}
    return MessageSeen(wa_message_id=f"false_{chat}_{key}", chat_id=chat, from_me=False, text=words, **values)


class TestErasing:
    async def test_nothing_of_the_person_is_left(self, core: Core, ana: UUID, account: UUID) -> None:
        await host.seen(core, ana, account, seen("zapato"))
        await host.seen(core, ana, account, seen("baja", key="B"))
        await host.seen(core, ana, account, seen("alta", key="C"))
        await hear(core, account, "sombrero", chat_id=LID)
        await hear(core, account, "paraguas", chat_id=GROUP, author=LID)
        await hear(core, account, "kept in the group", chat_id=GROUP, author=OTHER, created_at=T0 - SECOND)
        await hear(core, account, "kept", chat_id=OTHER)
        await learn(
            core,
            account,
            ContactFacts(CHAT, name="Ana López", lid=LID),
            ContactFacts(LID, phone="34612345678"),
            ContactFacts(OTHER, name="Bob"),
        )
        await hear(core, account, "my number is 34612345670", chat_id=OTHER)
        erased = await history.erase(core, ana, account, CHAT)
        # What is told of consent as well: by their bare number.
        assert (erased.messages, erased.events) == (5, 7)
        assert await texts(core, account) == ["kept in the group", "kept", "my number is 34612345670"]
        left = await everything(core)
        for trace in ("34612345678", LID, "López", "Ana", "zapato", "sombrero", "paraguas"):
            assert trace not in left, trace
        assert not (await search.search_messages(core, ana, "paraguas")).items
        rows = {chat.chat_id: chat for chat in (await chats.list_chats(core, ana, account)).items}
        assert rows.keys() == {GROUP, OTHER}
        assert rows[GROUP].last is not None
        assert rows[GROUP].last.text == "kept in the group"
        assert [one.name for one in (await chats.list_contacts(core, ana, account)).items] == ["Bob"]

    async def test_no_word_is_left_in_the_file(self, core: Core, ana: UUID, account: UUID) -> None:
        if core.db.dialect != "sqlite":
            pytest.skip("Postgres overwrites when it vacuums")
        for number in range(300):
            await hear(core, account, f"kept {number}", chat_id=OTHER)
        await hear(core, account, "the word is zapatófono")
        assert b"zapat" in await everything_in_the_file(core)
        await history.erase(core, ana, account, CHAT)
        assert b"zapat" not in await everything_in_the_file(core)

    async def test_the_hidden_id_leads_to_the_same_person(self, core: Core, ana: UUID, account: UUID) -> None:
        await hear(core, account, "by number")
        await hear(core, account, "by hidden id", chat_id=LID)
        await learn(core, account, ContactFacts(LID, phone="34612345678"))
        assert (await history.erase(core, ana, account, LID)).messages == 2

    async def test_what_was_erased_does_not_come_back(self, core: Core, ana: UUID, account: UUID) -> None:
        await host.seen(core, ana, account, seen("before"))
        await history.erase(core, ana, account, CHAT)
        await host.seen(core, ana, account, seen("before", replayed=True))
        await host.seen(core, ana, account, seen("also before", GROUP, "B", author=CHAT, replayed=True))
        driver = ScriptedDriver()
        driver.known_chats = [ChatFacts(CHAT, last_at=T0), ChatFacts(OTHER, last_at=T0)]
        driver.known_contacts = [ContactFacts(CHAT, name="Ana"), ContactFacts(OTHER, name="Bob")]
        await directory.learn(core, ana, account, driver)
        assert await texts(core, account) == []
        assert [chat.chat_id for chat in (await chats.list_chats(core, ana, account)).items] == [OTHER]
        assert [one.name for one in (await chats.list_contacts(core, ana, account)).items] == ["Bob"]

    async def test_who_writes_again_is_heard(self, core: Core, ana: UUID, account: UUID) -> None:
        await host.seen(core, ana, account, seen("before"))
        await history.erase(core, ana, account, CHAT)
        async with core.db.read() as session:
            (at,) = (await erasure.erased(session, account, [CHAT])).values()
        # In the same second, as WhatsApp tells it: rather kept than lost.
        await host.seen(core, ana, account, seen("after", key="B", at=at.replace(microsecond=0)))
        assert await texts(core, account) == ["after"]
        (chat,) = (await chats.list_chats(core, ana, account)).items
        assert chat.name == "Ana"

    async def test_more_than_a_piece_goes_in_pieces(
        self, core: Core, ana: UUID, account: UUID, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(erasure, "PIECE", 2)
        for number in range(5):
            await hear(core, account, f"text {number}")
        assert await history.erase(core, ana, account, CHAT) == history.Erased(5, 5)
        assert await texts(core, account) == []

    @pytest.mark.parametrize("wa_id", [OTHER, GROUP, "", "\0", "%"], ids=range(5))
    async def test_nobody_of_that_name(self, core: Core, ana: UUID, account: UUID, wa_id: str) -> None:
        await hear(core, account, "kept", chat_id=GROUP, author=CHAT)
        with pytest.raises(NotFound):
            await history.erase(core, ana, account, wa_id)
        assert await texts(core, account) == ["kept"]

    async def test_other_accounts_keep_what_they_have(self, core: Core, ana: UUID, account: UUID) -> None:
        other = await add_account(core.db)
        await hear(core, account, "gone")
        await hear(core, other, "kept")
        await history.erase(core, ana, account, CHAT)
        assert await texts(core, other) == ["kept"]
        with pytest.raises(NotFound):
            await history.erase(core, ana, other, CHAT)


class TestRetention:
    async def test_what_is_too_old_goes(
        self, core: Core, ana: UUID, account: UUID, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(erasure, "PIECE", 2)
        now = T0 + timedelta(days=10)
        for day in range(10):
            await hear(core, account, f"day {day}", created_at=T0 + timedelta(days=day))
        await hear(core, account, "waits", direction=Direction.OUT, status=MessageStatus.QUEUED)
        assert await history.remove_old(core, now) == 0
        assert await history.set_retention(core, ana, account, 3) == 3
        assert await history.retention(core, ana, account) == 3
        assert await history.remove_old(core, now) == 7
        assert await texts(core, account) == ["day 7", "day 8", "day 9", "waits"]
        assert await history.remove_old(core, now) == 0

    async def test_events_are_kept_as_long(self, core: Core, ana: UUID, account: UUID) -> None:
        await hear(core, account, "now")
        await history.set_retention(core, ana, account, 1)
        async with core.db.begin() as session:
            await session.exec(text("UPDATE outbox_events SET created_at = '2020-01-01 00:00:00.000000'"))
        await hear(core, account, "later")
        await history.remove_old(core, T0)
        async with core.db.read() as session:
            assert (await session.exec(text("SELECT count(*) FROM outbox_events"))).scalar_one() == 1

    async def test_days_that_are_none(self, core: Core, ana: UUID, account: UUID) -> None:
        for days in (0, -1, 3651):
            with pytest.raises(PolicyError):
                await history.set_retention(core, ana, account, days)
        assert await history.set_retention(core, ana, account, None) is None
        with pytest.raises(NotFound):
            await history.set_retention(core, ana, await add_account(core.db), 3)


class TestExport:
    async def test_all_of_it_in_order(
        self, core: Core, ana: UUID, account: UUID, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(erasure, "PIECE", 2)
        for number in range(5):
            await hear(core, account, f"text {number}", chat_id=CHAT if number % 2 else OTHER)
        await hear(core, await add_account(core.db), "foreign")

        async def exported(chat: str | None = None) -> list[str]:
            return [one.text async for piece in await history.export(core, ana, account, chat=chat) for one in piece]

        assert await exported() == [f"text {number}" for number in range(5)]
        assert await exported(CHAT) == ["text 1", "text 3"]
        for chat in ("nobody", "\0"):
            with pytest.raises(NotFound):
                await history.export(core, ana, account, chat=chat)
        with pytest.raises(NotFound):
            await history.export(core, ana, await add_account(core.db))
