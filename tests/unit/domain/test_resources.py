from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from session_core.domain.resources import LEAST_AGE, Budget, Pressure, Resources, Sample, Situation, may_recycle

MB = 1024**2
BUDGET = Budget(alarm=600 * MB, recycle=800 * MB)
QUIET = Situation(ready_for=timedelta(hours=1), quiet_for=timedelta(minutes=15), waiting=0, sending=False)


def situation(**changes: object) -> Situation:
    return QUIET.model_copy(update=changes)


@pytest.mark.parametrize(
    ("megabytes", "pressure"),
    [(599, Pressure.NORMAL), (600, Pressure.ALARM), (799, Pressure.ALARM), (800, Pressure.RECYCLE)],
)
def test_pressure(megabytes: int, pressure: Pressure) -> None:
    sample = Sample(at=datetime(2026, 1, 1, tzinfo=UTC), memory=megabytes * MB, cpu=1.0, processes=5)
    old = sample.model_copy(update={"memory": 2000 * MB})
    assert Resources(samples=(old, sample), budget=BUDGET).pressure is pressure
    assert Resources(samples=(), budget=BUDGET).pressure is Pressure.NORMAL


@pytest.mark.parametrize(
    ("megabytes", "now", "due"),
    [
        (599, QUIET, False),
        (600, QUIET, True),
        (600, situation(quiet_for=timedelta(minutes=9)), False),
        (800, situation(quiet_for=timedelta(seconds=20)), True),
        (800, situation(quiet_for=timedelta(seconds=19)), False),
        (1599, situation(waiting=1), False),
        (1599, situation(sending=True), False),
        (1599, situation(ready_for=None), False),
        (1599, situation(ready_for=LEAST_AGE - timedelta(seconds=1)), False),
        # Better a pause than a machine without memory.
        (1600, situation(waiting=9, quiet_for=timedelta(0)), True),
        (1600, situation(sending=True), False),
        (1600, situation(ready_for=timedelta(minutes=1)), False),
    ],
)
def test_only_a_quiet_moment_is_taken(megabytes: int, now: Situation, due: bool) -> None:
    assert may_recycle(megabytes * MB, BUDGET, now) is due


@pytest.mark.parametrize(("age", "due"), [(2, True), (3, True), (4, False)])
def test_the_least_age_is_the_budgets(age: int, due: bool) -> None:
    budget = BUDGET.model_copy(update={"least_age": timedelta(minutes=age)})
    assert may_recycle(800 * MB, budget, situation(ready_for=timedelta(minutes=3))) is due
