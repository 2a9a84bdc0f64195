from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from session_core.domain.changes import ReactionView
from session_core.domain.chats import ChatKind, ChatView
from session_core.domain.events import MessageView
from session_core.domain.message import Direction, MessageStatus
from whahook_app.views.chats import PREVIEW, Bubble, bubble, chat_row, mention, placed

AT = datetime(2026, 1, 1, tzinfo=UTC)
ACCOUNT = UUID(int=1)
ANA = "34612345678@c.us"
GROUP = "120363000000000001@g.us"


def message(**fields: Any) -> MessageView:
    values = {
        "id": uuid4(),
        "account_id": ACCOUNT,
        "direction": Direction.IN,
        "chat_id": ANA,
        "text": "hola",
        "status": MessageStatus.RECEIVED,
        "created_at": AT,
        "updated_at": AT,
    }
    return MessageView(**(values | fields))


def sent(**fields: Any) -> MessageView:
    return message(direction=Direction.OUT, status=MessageStatus.READ, **fields)


def chat(**fields: Any) -> ChatView:
    values = {
        "account_id": ACCOUNT,
        "chat_id": ANA,
        "kind": ChatKind.USER,
        "name": None,
        "phone": "34612345678",
        "unread": 0,
        "archived": False,
        "last_at": AT,
        "last": None,
    }
    return ChatView(**(values | fields))


class TestChatRow:
    def test_a_person_with_a_name(self) -> None:
        row = chat_row(chat(name="Ana", unread=2, last=message(text="a\n b")), "es")
        assert (row.name, row.number, row.preview) == ("Ana", "+34 612 34 56 78", "a b")
        assert (row.unread, row.unread_word, row.icon, row.out) == (2, "2 sin leer", "", False)

    def test_a_number_without_a_name_is_said_once(self) -> None:
        row = chat_row(chat(last=sent()), "en")
        assert (row.name, row.number) == ("+34 612 34 56 78", "")
        assert (row.icon, row.word, row.unread_word) == ("read", "Read", "")

    def test_what_has_neither(self) -> None:
        assert chat_row(chat(phone=None, chat_id="1@lid"), "es").name == "Número oculto"
        group = chat_row(chat(phone=None, chat_id=GROUP, kind=ChatKind.GROUP), "es")
        assert (group.name, group.group) == ("Grupo", True)

    def test_a_chat_in_which_nobody_knows_when_something_was_written(self) -> None:
        row = chat_row(chat(last_at=datetime(1970, 1, 1, tzinfo=UTC)), "es")
        assert (row.at, row.preview) == ("", "")


class TestBubble:
    def test_what_came_in(self) -> None:
        row = bubble(message(replayed=True, wa_message_id="false_a_b"), "es", {}, {})
        assert (row.out, row.author, row.text, row.icon, row.word) == (False, "", "hola", "", "")
        assert (row.replayed, row.wa_id, row.answers) == (True, "false_a_b", False)

    def test_what_went_out_says_how_far_it_got(self) -> None:
        row = bubble(sent(author="34600000000@c.us"), "es", {}, {})
        assert (row.out, row.icon, row.word, row.author) == (True, "read", "Leído", "")

    @pytest.mark.parametrize(
        ("names", "fields", "shown"),
        [
            ({ANA: "Ana López"}, {"author": ANA, "sender_name": "ana"}, "Ana López"),
            ({}, {"author": ANA, "sender_name": "ana"}, "ana"),
            ({}, {"author": ANA}, "+34 612 34 56 78"),
            ({}, {"author": "1@lid"}, "Número oculto"),
        ],
        ids=["saved", "chosen", "number", "hidden"],
    )
    def test_in_a_group_every_message_has_its_author(self, names: Any, fields: Any, shown: str) -> None:
        assert bubble(message(chat_id=GROUP, **fields), "es", names, {}).author == shown

    def test_what_became_of_it(self) -> None:
        at = datetime(2026, 1, 1, tzinfo=UTC)
        own = ReactionView(sender="me", from_me=True, emoji="👍", at=at)
        theirs = ReactionView(sender=ANA, emoji="🎉", at=at)
        row = bubble(message(edited_at=at, reactions=(own, theirs)), "es", {ANA: "Ana"}, {})
        assert (row.edited, row.reactions, row.reactions_word) == (True, "👍 🎉", "Tú: 👍, Ana: 🎉")
        gone = bubble(message(text="", edited_at=at, revoked_at=at), "es", {}, {})
        assert (gone.text, gone.note, gone.edited, gone.deleted) == ("", "Mensaje eliminado", False, True)

    def test_an_answer_shows_what_it_answers(self) -> None:
        first = message(text="x" * 500)
        row = bubble(sent(quoted_id="false_a_b"), "es", {ANA: "Ana"}, {"false_a_b": first})
        assert (row.answers, row.quote_author) == (True, "Ana")
        assert len(row.quote) == PREVIEW
        own = bubble(message(quoted_id="true_a_b"), "es", {}, {"true_a_b": sent()})
        assert (own.quote_author, own.quote) == ("Tú", "hola")

    def test_an_answer_to_what_is_not_there(self) -> None:
        row = bubble(sent(quoted_id="false_a_b"), "es", {}, {})
        assert (row.quote_author, row.quote) == ("", "Un mensaje que no está guardado")

    def test_what_is_no_text_says_what_it_is(self) -> None:
        assert bubble(message(kind="image", text=""), "es", {}, {}).note == "Imagen"
        assert "hologram" in bubble(message(kind="hologram", text=""), "en", {}, {}).note
        assert mention(message(kind="voice", text=""), "es") == "Nota de voz"
        assert mention(message(kind="image", text="la entrega"), "es") == "Imagen la entrega"


class TestPlaced:
    def at(self, minute: int, **fields: Any) -> Bubble:
        return Bubble(id=fields.pop("id", str(minute)), at=(AT + timedelta(minutes=minute)).isoformat(), **fields)

    def test_news_go_where_their_time_is(self) -> None:
        shown = [self.at(1), self.at(5)]
        assert [row.id for row in placed(shown, [self.at(7), self.at(3)])] == ["1", "3", "5", "7"]

    def test_what_is_there_is_replaced(self) -> None:
        shown = [self.at(1), self.at(5)]
        rows = placed(shown, [self.at(1, status="read")])
        assert [(row.id, row.status) for row in rows] == [("1", "read"), ("5", "")]

    def test_what_lies_before_comes_with_its_page(self) -> None:
        assert [row.id for row in placed([self.at(5)], [self.at(1)])] == ["5"]
        assert [row.id for row in placed([], [self.at(1)])] == ["1"]
