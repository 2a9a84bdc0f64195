from __future__ import annotations

from datetime import UTC, datetime

import pytest

from session_core.domain.chats import ChatFacts, ContactFacts
from session_core.whatsapp.directory import piece

GROUP = "120363000000000001@g.us"


def test_chats_with_all_that_is_known() -> None:
    answer = {
        "items": [
            {"id": GROUP, "name": "Peña", "unread": 3, "archived": True, "t": 1_700_000_000},
            {"id": "34612345678@c.us", "name": None, "unread": -1, "archived": False, "t": 0},
        ],
        "more": False,
    }
    found = piece("chats", answer)
    assert found.chats == [
        ChatFacts(GROUP, "Peña", 3, True, datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)),
        ChatFacts("34612345678@c.us", None, 1, False, None),
    ]
    assert found.contacts == []
    assert found.end is None


@pytest.mark.parametrize("chat_id", ["status@broadcast", "120363@newsletter", "0@bot"])
def test_what_is_no_conversation_is_left_out_and_the_next_piece_begins_behind_it(chat_id: str) -> None:
    found = piece("chats", {"items": [{"id": chat_id}], "more": True})
    assert (found.chats, found.end) == ([], chat_id)


def test_a_person_under_both_ids() -> None:
    answer = {
        "items": [
            {"id": "1000001@lid", "other": "34612345678@c.us", "name": None, "pushName": "Ana"},
            {"id": "34612345678@c.us", "other": "1000001@lid", "name": "Ana López", "pushName": None},
        ],
        "more": False,
    }
    assert piece("contacts", answer).contacts == [
        ContactFacts("1000001@lid", phone="34612345678", push_name="Ana"),
        ContactFacts("34612345678@c.us", lid="1000001@lid", name="Ana López"),
    ]


def test_people_of_whom_only_the_id_is_known_and_groups_are_left_out() -> None:
    items = [{"id": "34612345678@c.us", "other": None, "name": None, "pushName": None}, {"id": GROUP, "name": "Peña"}]
    assert piece("contacts", {"items": items, "more": False}).contacts == []


@pytest.mark.parametrize(
    "t", [float("inf"), float("nan"), -5, 1e300, 2**33], ids=["endless", "none", "before", "huge", "later"]
)
def test_a_time_that_is_none_is_unknown(t: float) -> None:
    assert piece("chats", {"items": [{"id": GROUP, "t": t}]}).chats[0].last_at is None


@pytest.mark.parametrize("answer", [None, {}, {"items": None}, {"items": [{}]}, {"items": [{"id": 1}]}], ids=range(5))
def test_what_was_not_agreed_is_no_piece(answer: object) -> None:
    with pytest.raises((TypeError, KeyError, ValueError)):
        piece("chats", answer)
