"""The small lines of memory and CPU."""

from __future__ import annotations

from datetime import timedelta

import pytest

from session_core.domain.resources import Budget, Resources, Sample
from tests.unit.whahook_app.views.snapshots import NOW
from whahook_app.i18n import LANGUAGES, Language
from whahook_app.views.resources import HEIGHT, MIB, WIDTH, points, resources_view

BUDGET = Budget(alarm=400 * MIB, recycle=600 * MIB)


def used(*mib: int) -> Resources:
    samples = tuple(
        Sample(at=NOW + timedelta(minutes=number), memory=one * MIB, cpu=one / 10, processes=5)
        for number, one in enumerate(mib)
    )
    return Resources(samples=samples, budget=BUDGET)


def test_nothing_measured_shows_nothing() -> None:
    assert resources_view(used(), "es").memory.now == ""


def test_one_sample_is_a_number_and_no_line() -> None:
    line = resources_view(used(120), "es").memory
    assert (line.now, line.points) == ("120 MB", "")


def test_the_line_goes_from_left_to_right_and_its_top_is_the_highest() -> None:
    assert points([50.0, 100.0, 0.0]) == f"0.0,{HEIGHT / 2:.1f} {WIDTH / 2:.1f},1.0 {WIDTH:.1f},{HEIGHT - 1:.1f}"


def test_a_browser_that_does_nothing_has_a_flat_line() -> None:
    assert {point.split(",")[1] for point in points([0.0, 0.0, 0.0]).split()} == {f"{HEIGHT - 1:.1f}"}


def test_the_sentence_has_the_newest_and_the_highest() -> None:
    shown = resources_view(used(100, 300, 200), "es")
    assert shown.memory.label == "Memoria: 200 MB ahora; lo más alto, 300 MB."
    assert shown.cpu.label == "CPU: 20 % de un núcleo ahora; lo más alto, 30 %."


@pytest.mark.parametrize("language", LANGUAGES)
def test_too_much_is_said(language: Language) -> None:
    said = [resources_view(used(100, newest), language).pressure for newest in (399, 400, 600)]
    assert said[0] == ""
    assert len(set(said)) == 3
