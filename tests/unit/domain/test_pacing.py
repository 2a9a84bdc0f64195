from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from uuid import uuid4

import pytest
from pydantic import ValidationError

from session_core.domain.alerts import QuietHours
from session_core.domain.pacing import DAY, SendingSettings, free_after_gap, free_under_cap, quiet_until

NOW = datetime(2026, 6, 1, 21, 30, tzinfo=UTC)
NIGHT = QuietHours(start=time(22), until=time(8), time_zone="Europe/Madrid")


def test_the_gap_is_kept_and_the_chance_is_the_same_for_whoever_asks() -> None:
    settings = SendingSettings(gap=4, jitter=6)
    instants = [free_after_gap(settings, NOW, uuid4()) - NOW for _ in range(200)]
    assert min(instants) >= timedelta(seconds=4)
    assert max(instants) <= timedelta(seconds=10)
    assert max(instants) - min(instants) > timedelta(seconds=4)
    one = uuid4()
    assert free_after_gap(settings, NOW, one) == free_after_gap(settings, NOW, one)


def test_a_cap_has_room_a_day_after_the_oldest_that_counts() -> None:
    sent = [NOW - timedelta(hours=hour) for hour in (1, 2, 3)]
    assert free_under_cap(3, sent) == NOW - timedelta(hours=3) + DAY
    assert free_under_cap(2, sent) == NOW - timedelta(hours=2) + DAY
    assert free_under_cap(4, sent) is None


def test_quiet_hours_end_on_the_owners_clock() -> None:
    assert quiet_until(NIGHT, NOW) == datetime(2026, 6, 2, 6, tzinfo=UTC)
    assert quiet_until(NIGHT, NOW - timedelta(hours=2)) is None
    assert quiet_until(None, NOW) is None


def test_a_word_cannot_mean_both() -> None:
    with pytest.raises(ValidationError, match="both"):
        SendingSettings(opt_out_words=("Ya",), opt_in_words=("yá",))


@pytest.mark.parametrize("words", [("...",), ("",), ("x" * 65,), tuple("abcdefghijklmnopqrstuvwxyz")])
def test_words_say_something_and_are_not_too_many(words: tuple[str, ...]) -> None:
    with pytest.raises(ValidationError):
        SendingSettings(opt_out_words=words)


def test_settings_survive_the_database_and_a_newer_version() -> None:
    settings = SendingSettings(gap=2, quiet_hours=NIGHT, opt_out_words=("NO",))
    stored = settings.model_dump(mode="json")
    assert SendingSettings.model_validate({**stored, "of_tomorrow": 1}) == settings
