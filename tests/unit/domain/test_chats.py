from __future__ import annotations

import pytest

from session_core.domain.chats import ChatKind, phone_of, searchable


@pytest.mark.parametrize(
    ("wa_id", "phone"),
    [
        ("34612345678@c.us", "34612345678"),
        ("34612345678@s.whatsapp.net", "34612345678"),
        ("123456789012345@lid", None),
        ("34612345678-1600000000@g.us", None),
        ("status@broadcast", None),
        ("x@c.us", None),
        ("", None),
    ],
)
def test_the_number_in_an_id(wa_id: str, phone: str | None) -> None:
    assert phone_of(wa_id) == phone


def test_groups_have_a_server_of_their_own() -> None:
    assert ChatKind.of("120363000000000001@g.us") is ChatKind.GROUP
    assert ChatKind.of("34612345678@c.us") is ChatKind.USER
    assert ChatKind.of("123456789012345@lid") is ChatKind.USER


def test_what_a_chat_is_found_by() -> None:
    assert searchable("Peña ÁVILA", None, "34612345678") == "pena avila 34612345678"
    assert searchable(None, "") == ""
