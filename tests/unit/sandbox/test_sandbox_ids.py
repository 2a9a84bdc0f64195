"""Numbers as people write them, ids, and what is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_core.sandbox.errors import SandboxError
from session_core.sandbox.ids import lid_of, new_message_id, new_ref, parse_number, split_wid


@pytest.mark.parametrize(
    "text",
    [
        "34600112233",
        "+34 600 11 22 33",
        "34-600-112-233",
        " (34) 600.11.22.33 ",
        "34600112233@c.us",
        "34600112233@s.whatsapp.net",
    ],
)
def test_numbers_as_people_write_them(text: str) -> None:
    assert parse_number(text) == "34600112233"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "+",
        "123456",
        "0034600112233",
        "1234567890123456",
        "34600a12233",
        "34600112233@lid",
        "3４600112233",
    ],
)
def test_what_is_no_number(text: str) -> None:
    with pytest.raises(SandboxError) as refused:
        parse_number(text)
    assert (refused.value.status, refused.value.error) == (422, "malformed_number")


@given(st.from_regex(r"[1-9][0-9]{6,14}", fullmatch=True))
def test_a_hidden_id_is_15_digits_and_always_the_same(number: str) -> None:
    assert parse_number(f"+{number}") == number
    assert len(lid_of(number)) == 15
    assert lid_of(number) == lid_of(number) != number
    assert split_wid(f"{lid_of(number)}@lid") == (lid_of(number), "lid")


def test_wids() -> None:
    assert split_wid("34600112233:7@c.us") == ("34600112233", "c.us")
    for text in ("34600112233", "1@c.us", "x@lid", "34600112233@g.us", ""):
        with pytest.raises(SandboxError, match="neither"):
            split_wid(text)


def test_made_ids_differ_and_fit_into_a_qr() -> None:
    assert new_message_id() != new_message_id()
    assert new_ref() != new_ref()
    assert "," not in new_ref()
