from __future__ import annotations

import pytest

from session_core.domain.content import Card
from whahook_app.states.composing import BadForm, card, place, poll


class TestPlace:
    @pytest.mark.parametrize("written", ["40.4168, -3.7038", "40.4168 -3.7038", " 40,4168, -3,7038", "40,4168 -3,7038"])
    def test_coordinates_as_maps_and_people_write_them(self, written: str) -> None:
        found = place({"coordinates": written, "name": " Sol "})
        assert (found.latitude, found.longitude, found.name, found.address) == (40.4168, -3.7038, "Sol", "")

    @pytest.mark.parametrize("written", ["", "Madrid", "40.4", "91, 0", "0, 181", "nan, 0", "1 2 3"])
    def test_anything_else_is_said(self, written: str) -> None:
        with pytest.raises(BadForm) as refused:
            place({"coordinates": written})
        assert refused.value.key == "chats.location.bad"


class TestPoll:
    def test_empty_options_are_left_out(self) -> None:
        found = poll({"question": " ¿Qué? ", "option-0": "a", "option-1": " ", "option-3": "b "})
        assert (found.question, found.options, found.selectable) == ("¿Qué?", ("a", "b"), 1)
        assert poll({"question": "q", "option-0": "a", "option-1": "b", "several": "on"}).selectable == 0

    @pytest.mark.parametrize(
        ("form", "key"),
        [
            ({"option-0": "a", "option-1": "b"}, "chats.poll.bad_question"),
            ({"question": "q", "option-0": "a"}, "chats.poll.bad_few"),
            ({"question": "q", "option-0": "a", "option-1": "a"}, "chats.poll.bad_same"),
            ("nonsense", "chats.poll.bad_question"),
        ],
        ids=["no question", "one option", "the same twice", "no form"],
    )
    def test_what_is_missing_is_said(self, form: object, key: str) -> None:
        with pytest.raises(BadForm) as refused:
            poll(form)
        assert refused.value.key == key


class TestCard:
    def test_a_number_as_people_write_it(self) -> None:
        found = card({"name": " Ana ", "phone": "+34 612 34 56 78"})
        assert found.contacts == (Card(name="Ana", phone="34612345678"),)

    def test_what_is_wrong_is_said(self) -> None:
        with pytest.raises(BadForm, match="bad_name"):
            card({"phone": "+34 612 34 56 78"})
        with pytest.raises(BadForm, match="bad_phone"):
            card({"name": "Ana", "phone": "casa"})
