"""The form of an account's sending is read as what it is: something that anybody can send."""

from __future__ import annotations

from datetime import time
from typing import Any

import pytest

from session_core.domain.pacing import SendingSettings
from session_core.errors import PolicyError
from whahook_app.states.sending_form import WRONG_FIELD, keeps_less, merged, wanted_days, wanted_settings

FORM: dict[str, Any] = {
    "gap": "2,5",
    "jitter": "4",
    "cap": "500",
    "duplicates": "on",
    "window": "1.5",
    "replies-first": "on",
    "quiet": "on",
    "start": "22:00",
    "until": "07:30",
    "zone": " Europe/Madrid ",
    "opt-out-words": "BAJA\r\n\r\n  no más  \nBAJA",
    "opt-in-words": "ALTA",
    "keep-days": "30",
}


def test_everything_is_read() -> None:
    wanted = wanted_settings(FORM)
    assert (wanted.gap, wanted.jitter, wanted.daily_cap, wanted.duplicate_window) == (2.5, 4, 500, 90)
    assert (wanted.duplicates, wanted.replies_first) == (True, True)
    assert (wanted.opt_out_words, wanted.opt_in_words) == (("BAJA", "no más"), ("ALTA",))
    hours = wanted.quiet_hours
    assert hours is not None
    assert (hours.start, hours.until, hours.time_zone) == (time(22), time(7, 30), "Europe/Madrid")
    assert wanted_days(FORM) == 30


def test_what_is_empty_is_the_default_and_a_box_that_is_not_ticked_is_off() -> None:
    wanted = wanted_settings({})
    assert (wanted.gap, wanted.jitter, wanted.daily_cap, wanted.duplicate_window) == (0, 0, None, None)
    assert (wanted.duplicates, wanted.replies_first, wanted.quiet_hours) == (False, False, None)
    assert (wanted.opt_out_words, wanted.opt_in_words) == ((), ())
    assert wanted_days({}) is None


@pytest.mark.parametrize(
    ("mistake", "code"),
    [
        ({"gap": "-1"}, "bad_gap"),
        ({"gap": "nan"}, "bad_gap"),
        ({"gap": "soon"}, "bad_gap"),
        ({"jitter": "3601"}, "bad_jitter"),
        ({"jitter": "inf"}, "bad_jitter"),
        ({"cap": "0"}, "bad_daily_cap"),
        ({"cap": "2.5"}, "bad_daily_cap"),
        ({"cap": "1e99"}, "bad_daily_cap"),
        ({"window": "0"}, "bad_window"),
        ({"window": "43201"}, "bad_window"),
        ({"start": "22:00", "until": "22:00"}, "bad_quiet_hours"),
        ({"zone": "Mars/North"}, "bad_quiet_hours"),
        ({"opt-in-words": "bája"}, "bad_words"),
        ({"opt-out-words": "!"}, "bad_words"),
        ({"opt-out-words": "x" * 65}, "bad_words"),
        ({"opt-out-words": "\n".join(f"word {number}" for number in range(21))}, "bad_words"),
    ],
    ids=str,
)
def test_what_makes_no_sense_names_its_field(mistake: dict[str, str], code: str) -> None:
    with pytest.raises(PolicyError) as refused:
        wanted_settings(FORM | mistake)
    assert refused.value.code == code
    assert refused.value.code in WRONG_FIELD


@pytest.mark.parametrize("days", ["x", "-1", "1.5", "²", "9" * 30])
def test_days_are_a_number(days: str) -> None:
    with pytest.raises(PolicyError) as refused:
        wanted_days({"keep-days": days})
    assert refused.value.code == "bad_retention"


@pytest.mark.parametrize("form", [None, [], "form", {1: 2}, {"gap": {"a": 1}, "quiet": [], "opt-out-words": 3}])
def test_nonsense_is_an_empty_form(form: object) -> None:
    assert wanted_settings(form) == wanted_settings({})


def test_what_a_program_changed_meanwhile_stays() -> None:
    began = SendingSettings(gap=1, daily_cap=100)
    now = SendingSettings(gap=1, daily_cap=200, jitter=3)
    wanted = SendingSettings(gap=5, daily_cap=100)
    assert merged(now, began, wanted) == SendingSettings(gap=5, daily_cap=200, jitter=3)


def test_two_changes_that_contradict_each_other_are_refused() -> None:
    now = SendingSettings(opt_in_words=("HOLA",))
    wanted = SendingSettings(opt_out_words=("HOLA",))
    with pytest.raises(PolicyError) as refused:
        merged(now, SendingSettings(), wanted)
    assert refused.value.code == "bad_settings"


@pytest.mark.parametrize(
    ("before", "after", "less"),
    [(None, 30, True), (90, 30, True), (30, 90, False), (30, None, False), (30, 30, False), (None, None, False)],
)
def test_when_messages_go_away(before: int | None, after: int | None, less: bool) -> None:
    assert keeps_less(before, after) is less
