"""Chats and contacts follow the messages, and the page knows best."""

from __future__ import annotations

from uuid import UUID, uuid4

from session_core.domain.chats import ChatFacts, ChatKind, ChatView, ContactFacts, ContactView
from session_core.domain.message import Direction, MessageStatus
from session_core.store import chats, messages
from session_core.store.engine import Database
from session_core.store.models import Message
from tests.factories import CHAT, SECOND, T0, add_account, message

GROUP = "120363000000000001@g.us"
OTHER = "34699999999@c.us"


async def say(database: Database, account_id: UUID, **fields: object) -> Message:
    row = message(account_id, **fields)
    async with database.begin() as session:
        await messages.add(session, row)
        await chats.note(session, row)
    return row


async def hear(database: Database, account_id: UUID, **fields: object) -> Message:
    values = {"direction": Direction.IN, "status": MessageStatus.RECEIVED, **fields}
    return await say(database, account_id, **values)


async def page(database: Database, account_id: UUID, **options: object) -> list[ChatView]:
    async with database.read() as session:
        return [chats.view(*row) for row in await chats.page(session, account_id, **{"limit": 50, **options})]


async def learn(database: Database, account_id: UUID, *facts: ChatFacts | ContactFacts) -> bool:
    async with database.begin() as session:
        await chats.learn_chats(session, account_id, [one for one in facts if isinstance(one, ChatFacts)])
        people = [one for one in facts if isinstance(one, ContactFacts)]
        return await chats.learn_contacts(session, account_id, people)


async def people(database: Database, account_id: UUID, **options: object) -> list[ContactView]:
    async with database.read() as session:
        rows = await chats.contacts(session, account_id, **{"limit": 50, **options})
        return [chats.contact_view(row) for row in rows]


class TestNoting:
    async def test_the_newest_message_is_the_chats_last(self, database: Database) -> None:
        account_id = await add_account(database)
        await hear(database, account_id, text="first", created_at=T0)
        await hear(database, account_id, text="second", created_at=T0 + SECOND)
        (chat,) = await page(database, account_id)
        assert chat.last is not None
        assert (chat.chat_id, chat.kind, chat.phone, chat.last.text) == (CHAT, ChatKind.USER, "34612345678", "second")
        assert (chat.unread, chat.last_at) == (2, T0 + SECOND)

    async def test_what_a_sweep_finds_later_does_not_become_the_last(self, database: Database) -> None:
        account_id = await add_account(database)
        await hear(database, account_id, text="live", created_at=T0 + SECOND)
        await hear(database, account_id, text="missed", created_at=T0, replayed=True)
        (chat,) = await page(database, account_id)
        assert chat.last is not None
        assert (chat.last.text, chat.unread) == ("live", 2)

    async def test_writing_means_having_read(self, database: Database) -> None:
        account_id = await add_account(database)
        await hear(database, account_id)
        await say(database, account_id, text="answer")
        assert [chat.unread for chat in await page(database, account_id)] == [0]

    async def test_read_marks_count_once(self, database: Database) -> None:
        account_id = await add_account(database)
        await hear(database, account_id)
        async with database.begin() as session:
            assert await chats.mark_read(session, account_id, CHAT)
            assert not await chats.mark_read(session, account_id, CHAT)
            assert not await chats.mark_read(session, account_id, "nobody")
        assert [chat.unread for chat in await page(database, account_id)] == [0]

    async def test_the_last_message_of_a_chat_may_be_gone(self, database: Database) -> None:
        account_id = await add_account(database)
        row = await hear(database, account_id)
        async with database.begin() as session:
            await session.delete(row)
        (chat,) = await page(database, account_id)
        assert chat.last is None


class TestLearning:
    async def test_the_page_knows_names_and_what_is_unread(self, database: Database) -> None:
        account_id = await add_account(database)
        await hear(database, account_id, chat_id=GROUP, author=CHAT, created_at=T0 + SECOND)
        await learn(
            database,
            account_id,
            ChatFacts(GROUP, name="Peña", unread=7, archived=True, last_at=T0 + SECOND),
            ChatFacts(OTHER, unread=-1),
        )
        group, other = await page(database, account_id)
        assert (group.name, group.kind, group.unread, group.archived) == ("Peña", ChatKind.GROUP, 7, True)
        assert group.last_at == T0 + SECOND
        assert (other.chat_id, other.unread, other.last_at) == (OTHER, 0, chats.EPOCH)

    async def test_what_was_stored_while_the_page_was_read_counts(self, database: Database) -> None:
        account_id = await add_account(database)
        await hear(database, account_id, created_at=T0 + SECOND)
        await learn(database, account_id, ChatFacts(CHAT, unread=0, last_at=T0))
        assert [chat.unread for chat in await page(database, account_id)] == [1]

    async def test_a_name_that_is_not_told_again_stays(self, database: Database) -> None:
        account_id = await add_account(database)
        await learn(database, account_id, ChatFacts(GROUP, name="Peña"))
        await learn(database, account_id, ChatFacts(GROUP, unread=1, last_at=T0))
        (group,) = await page(database, account_id)
        assert (group.name, group.unread) == ("Peña", 1)

    async def test_contacts_add_up(self, database: Database) -> None:
        account_id = await add_account(database)
        assert await learn(database, account_id, ContactFacts(CHAT, push_name="Ana \0"))
        assert await learn(database, account_id, ContactFacts(CHAT, name="Ana López", lid="1234567@lid"))
        assert not await learn(database, account_id, ContactFacts(CHAT, push_name="Ana \0"))
        (ana,) = await people(database, account_id)
        assert (ana.phone, ana.lid, ana.name, ana.push_name) == (
            "34612345678",
            "1234567@lid",
            "Ana López",
            "Ana \ufffd",
        )

    async def test_a_chat_has_its_persons_name(self, database: Database) -> None:
        account_id = await add_account(database)
        await hear(database, account_id)
        await hear(database, account_id, chat_id="1234567@lid", created_at=T0 + SECOND)
        await learn(database, account_id, ContactFacts("1234567@lid", phone="34600000001"))
        await learn(database, account_id, ContactFacts(CHAT, push_name="ana"))
        hidden, ana = await page(database, account_id)
        assert (ana.name, hidden.name, hidden.phone) == ("ana", None, "34600000001")
        await learn(database, account_id, ContactFacts(CHAT, name="Ana López"))
        assert (await page(database, account_id))[1].name == "Ana López"

    async def test_ids_that_no_column_takes_are_left_out(self, database: Database) -> None:
        account_id = await add_account(database)
        assert not await learn(database, account_id, ChatFacts("1" * 65), ContactFacts("1" * 65))
        assert not await page(database, account_id)


class TestPages:
    async def test_pages_of_chats_go_on_where_they_ended(self, database: Database) -> None:
        account_id = await add_account(database)
        await say(database, await add_account(database))
        for number in range(5):
            # Two at each moment: the id decides.
            await say(database, account_id, chat_id=f"3460000000{number}@c.us", created_at=T0 + number // 2 * SECOND)
        first = await page(database, account_id, limit=2)
        await hear(database, account_id, chat_id=OTHER, created_at=T0 + 60 * SECOND)
        rest = await page(database, account_id, before=(first[-1].last_at, first[-1].chat_id))
        assert [int(chat.chat_id[10]) for chat in (*first, *rest)] == [4, 3, 2, 1, 0]

    async def test_chats_are_found_by_name_and_number(self, database: Database) -> None:
        account_id = await add_account(database)
        await learn(database, account_id, ChatFacts(GROUP, name="Peña del 100%"), ContactFacts(CHAT, name="Ávila, Ana"))
        await say(database, account_id)

        async def found(query: str) -> list[str]:
            return [chat.chat_id for chat in await page(database, account_id, words=chats.words_of(query))]

        assert await found("PENA") == [GROUP]
        assert await found("0%") == [GROUP]
        assert await found("ana ávila") == [CHAT]
        assert await found("61234") == [CHAT]
        assert await found("pena ana") == []
        assert await found("_") == []
        assert set(await found(" ")) == {GROUP, CHAT}

    async def test_pages_of_a_conversation_go_by_time(self, database: Database) -> None:
        account_id = await add_account(database)
        await say(database, account_id, chat_id=OTHER)
        for second in (0, 2, 2, 1):
            await hear(database, account_id, text=str(second), created_at=T0 + second * SECOND)
        async with database.read() as session:
            first = await chats.of_chat(session, account_id, CHAT, limit=2)
            last = first[-1]
            rest = await chats.of_chat(session, account_id, CHAT, limit=9, before=(last.created_at, last.seq or 0))
            assert not await chats.of_chat(session, uuid4(), CHAT, limit=9)
        assert [row.text for row in (*first, *rest)] == ["2", "2", "1", "0"]
        assert len({row.id for row in (*first, *rest)}) == 4

    async def test_contacts_come_by_name(self, database: Database) -> None:
        account_id = await add_account(database)
        names = ("Óscar", "ana", "Ana", "Zoe")
        await learn(database, account_id, *(ContactFacts(f"100000{n}@lid", name=name) for n, name in enumerate(names)))
        first = await people(database, account_id, limit=2)
        rest = await people(database, account_id, after=("ana", first[-1].wa_id))
        assert [one.name for one in (*first, *rest)] == ["ana", "Ana", "Óscar", "Zoe"]
        assert [one.name for one in await people(database, account_id, words=["osc"])] == ["Óscar"]

    async def test_what_is_answered_is_found(self, database: Database) -> None:
        account_id, other = await add_account(database), await add_account(database)
        row = await hear(database, account_id, wa_message_id="false_a_b")
        async with database.read() as session:
            assert (await chats.quoted(session, account_id, ["false_a_b", "x"])).keys() == {"false_a_b"}
            assert (await chats.quoted(session, account_id, ["false_a_b"]))["false_a_b"].id == row.id
            assert not await chats.quoted(session, other, ["false_a_b"])
            assert not await chats.quoted(session, account_id, [])


class TestHiddenIds:
    HIDDEN = "123456789012345@lid"

    async def unite(self, database: Database, account_id: UUID) -> None:
        async with database.begin() as session:
            await chats.unite(session, account_id, self.HIDDEN, CHAT)

    async def test_both_chats_of_a_person_become_one(self, database: Database) -> None:
        account_id = await add_account(database)
        await hear(database, account_id, text="by number", created_at=T0)
        last = await hear(database, account_id, chat_id=self.HIDDEN, text="hidden", created_at=T0 + SECOND)
        await self.unite(database, account_id)
        await self.unite(database, account_id)
        (chat,) = await page(database, account_id)
        assert chat.last is not None
        assert (chat.chat_id, chat.unread, chat.last.id) == (CHAT, 2, last.id)
        assert chat.last.chat_id == CHAT

    async def test_a_chat_that_had_a_hidden_id_only(self, database: Database) -> None:
        account_id, other = await add_account(database), await add_account(database)
        await hear(database, account_id, chat_id=self.HIDDEN)
        await hear(database, other, chat_id=self.HIDDEN)
        await self.unite(database, account_id)
        assert [chat.chat_id for chat in await page(database, account_id)] == [CHAT]
        assert [chat.chat_id for chat in await page(database, other)] == [self.HIDDEN]

    async def test_what_is_written_to_a_hidden_id_finds_the_chat_of_the_number(self, database: Database) -> None:
        account_id = await add_account(database)
        async with database.read() as session:
            assert await chats.kept_as(session, account_id, self.HIDDEN) == self.HIDDEN
        await self.unite(database, account_id)
        async with database.read() as session:
            for given in (self.HIDDEN, CHAT):
                assert await chats.kept_as(session, account_id, given) == CHAT
