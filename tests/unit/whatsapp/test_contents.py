from __future__ import annotations

from typing import Any

import pytest

from session_core.domain.content import AnyContent, Card, Contacts, Location, Poll, Text
from session_core.whatsapp.contents import read

VCARD = "BEGIN:VCARD\nFN:Eva\nTEL;type=CELL;waid=34611000001:+34 611 00 00 01\nEND:VCARD"


@pytest.mark.parametrize(
    ("kind", "said", "content"),
    [
        ("text", None, Text(text="hello")),
        ("text", {"mentions": ["1@lid"]}, Text(text="hello", mentions=("1@lid",))),
        (
            "location",
            {"latitude": 1, "longitude": 2, "place": "Sol\nMadrid\nSpain", "live": False},
            Location(latitude=1, longitude=2, name="Sol", address="Madrid\nSpain"),
        ),
        (
            "contact",
            {"contacts": [{"name": "Eva", "vcard": VCARD}]},
            Contacts(contacts=(Card(name="Eva", phone="34611000001", vcard=VCARD),)),
        ),
        (
            "contact",
            {"contacts": [{"name": "", "vcard": "TEL:112"}]},
            Contacts(contacts=(Card(name="112", phone="112", vcard="TEL:112"),)),
        ),
        (
            "poll",
            {"question": "q\0", "options": ["a", "b"], "selectable": 0},
            Poll(question="q\ufffd", options=("a", "b"), selectable=0),
        ),
    ],
)
def test_what_the_page_says(kind: str, said: dict[str, Any] | None, content: AnyContent) -> None:
    assert read(kind, "hello", said) == content


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("event", {"name": "party"}),
        ("location", None),
        ("location", {"latitude": "north", "longitude": 2}),
        ("contact", {"contacts": []}),
        ("poll", {"question": None, "options": ["a"]}),
    ],
)
def test_what_is_not_understood_is_no_content(kind: str, said: dict[str, Any] | None) -> None:
    assert read(kind, "hello", said) is None
