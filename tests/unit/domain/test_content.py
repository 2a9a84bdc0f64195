from __future__ import annotations

from uuid import uuid4

import pytest
from pydantic import ValidationError

from session_core.domain.content import (
    ACTIONS,
    CONTENTS,
    MEDIA,
    AnyContent,
    Card,
    Contacts,
    Edit,
    Location,
    Media,
    Poll,
    Reaction,
    Revoke,
    Text,
    is_storable,
    restored,
    same_as,
    stored,
)

TARGET = "true_34612345678@c.us_3EB0AA"
EVERY_KIND: list[AnyContent] = [
    Text(text="hello @34600111222", mentions=("34600111222",)),
    Media(type="image", media_id=uuid4(), mime="image/png", caption="look"),
    Location(latitude=40.4, longitude=-3.7, name="Sol", address="Madrid"),
    Contacts(contacts=(Card(name="Eva", phone="34611000001"), Card(name="Leo", vcard="BEGIN:VCARD"))),
    Poll(question="When?", options=("today", "tomorrow")),
    Reaction(target_id=TARGET, emoji="👍"),
    Edit(target_id=TARGET, text="hello again"),
    Revoke(target_id=TARGET),
]
NAMES = [content.type for content in EVERY_KIND]


@pytest.mark.parametrize("content", EVERY_KIND, ids=NAMES)
def test_a_content_comes_back_as_it_was_kept(content: AnyContent) -> None:
    assert restored(content.type, content.plain_text, stored(content)) == content
    assert CONTENTS.validate_json(content.model_dump_json(by_alias=True)) == content


def test_a_plain_text_needs_nothing_beside_its_text() -> None:
    assert stored(Text(text="hello")) is None
    assert restored("text", "hello", None) == Text(text="hello")


def test_what_is_not_known_here_is_no_content() -> None:
    assert restored("event", "party", None) is None
    assert restored("location", "", {"type": "location", "latitude": "north"}) is None
    assert restored("event", "", {"type": "event"}) is None


def test_no_text_of_people_is_in_what_is_printed() -> None:
    printed = repr(EVERY_KIND)
    for private in ("hello", "look", "Madrid", "Eva", "34611000001", "VCARD", "When?", "tomorrow"):
        assert private not in printed


@pytest.mark.parametrize(
    "bad",
    [
        {"type": "location", "latitude": 91, "longitude": 0},
        {"type": "poll", "question": "q", "options": ["one"]},
        {"type": "poll", "question": "q", "options": ["one", "one"]},
        {"type": "poll", "question": "q", "options": ["one", "two"], "selectable": 3},
        {"type": "contact", "contacts": []},
        {"type": "reaction", "emoji": "x"},
        {"type": "text", "text": "x", "sms": True},
        {"type": "fax"},
    ],
    ids=str,
)
def test_what_whatsapp_would_not_take(bad: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        CONTENTS.validate_python(bad)


def test_the_same_text_is_the_same_whatever_its_form() -> None:
    assert same_as(Text(text=" HELLO ")) == same_as(Text(text="hello", preview=True))


def test_contents_that_differ_in_anything_are_not_the_same() -> None:
    place = Location(latitude=40.4, longitude=-3.7)
    others = [
        *EVERY_KIND,
        place,
        place.model_copy(update={"latitude": 40.5}),
        Poll(question="When?", options=("a", "b")),
    ]
    assert len({same_as(content) for content in others}) == len(others)


def test_an_unstorable_text_is_found_wherever_it_is() -> None:
    assert all(is_storable(content) for content in EVERY_KIND)
    assert not is_storable(Poll(question="When?", options=("today", "tomor\0row")))
    assert not is_storable(Contacts(contacts=(Card(name="Eva", vcard="a\0b"),)))


def test_the_kinds_are_those_of_the_models() -> None:
    assert ACTIONS | MEDIA | {"text", "location", "contact", "poll"} == {*NAMES, *MEDIA}
