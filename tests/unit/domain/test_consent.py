from __future__ import annotations

import pytest

from session_core.domain.consent import OPT_IN_WORDS, OPT_OUT_WORDS, Person, says


@pytest.mark.parametrize("text", ["BAJA", "baja", " Bájá ", "stop.", "STOP!", "Unsubscribe"])
def test_a_word_alone_is_understood_however_it_is_written(text: str) -> None:
    assert says(text, OPT_OUT_WORDS)


@pytest.mark.parametrize("text", ["", "bajamos mañana", "no me deis de baja", "stop it", "BAJA " * 100, "alta"])
def test_anything_more_is_no_such_word(text: str) -> None:
    assert says(text, OPT_OUT_WORDS) is None


def test_the_word_that_was_meant_is_named() -> None:
    assert says("start", OPT_IN_WORDS) == "START"
    assert says("Adiós", ["adios"]) == "adios"


@pytest.mark.parametrize(
    ("chat_id", "person"),
    [
        ("34612345678@c.us", Person(phone="34612345678")),
        ("34612345678@s.whatsapp.net", Person(phone="34612345678")),
        ("99887766@lid", Person(lid="99887766@lid")),
        ("123456@g.us", None),
    ],
)
def test_a_chat_is_with_a_person_or_with_many(chat_id: str, person: Person | None) -> None:
    assert Person.of(chat_id) == person


def test_a_person_has_a_chat_under_each_id() -> None:
    assert Person("34612345678", "99@lid").chat_ids == ["34612345678@c.us", "99@lid"]
    assert Person(lid="99@lid").name == "99@lid"
