from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_core.domain.text import fold, is_storable, storable

ANYTHING = st.text(st.characters())


@given(ANYTHING)
def test_what_is_storable_is_left_alone_and_anything_becomes_it(text: str) -> None:
    kept = storable(text)
    assert is_storable(kept)
    assert len(kept) == len(text)
    assert (kept == text) == is_storable(text)
    kept.encode()
    assert "\\u0000" not in json.dumps(kept)


@given(ANYTHING, st.integers(0, 20))
def test_the_limit_is_kept(text: str, limit: int) -> None:
    assert storable(text, limit) == storable(text)[:limit]


@pytest.mark.parametrize("text", ["", "ñ", "\U0001f468\u200d\U0001f469", "\x01\x7f", "\ufffd", "\uffff"])
def test_what_people_write_is_storable(text: str) -> None:
    assert is_storable(text)


@pytest.mark.parametrize("text", ["\0", "a\0b", "\ud800", "\ud83d \ude00"])
def test_what_is_not(text: str) -> None:
    assert not is_storable(text)


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Camión", "camion"),
        ("camio\u0301n", "camion"),
        ("ÑANDÚ", "nandu"),
        ("Straße", "strasse"),
        ("ﬁn", "fin"),
        ("ПРИВЕТ", "привет"),
        ("a \U0001f600 b", "a \U0001f600 b"),
        ("", ""),
    ],
    ids=range(8),
)
def test_case_and_accents_do_not_count_in_a_search(text: str, folded: str) -> None:
    assert fold(text) == folded
    assert fold(folded) == folded
