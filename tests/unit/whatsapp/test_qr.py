from __future__ import annotations

from datetime import timedelta

from session_core.whatsapp.qr import QrSeries
from tests.fakes.drivers import T0


def test_the_first_code_lives_long_and_the_later_ones_short() -> None:
    series = QrSeries()
    first, second = series.see("a", "a,1", T0), series.see("b", "b,1", T0 + timedelta(seconds=60))
    assert first is not None
    assert second is not None
    assert (first.number, first.expires_at - first.shown_at) == (1, timedelta(seconds=60))
    assert (second.number, second.expires_at - second.shown_at) == (2, timedelta(seconds=20))


def test_a_code_is_told_once_whatever_its_text() -> None:
    series = QrSeries()
    assert series.see("a", "a,1", T0) is not None
    assert series.see("a", "a,1,platform", T0 + timedelta(seconds=1)) is None


def test_a_code_never_shows_in_a_representation() -> None:
    assert "secret" not in repr(QrSeries().see("secret", "secret", T0))
