from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from session_core.domain.webhooks import DeliveryStatus, OffReason, Problem
from session_core.webhooks import policy
from session_core.webhooks.policy import Facts, Verdict
from tests.factories import T0

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
D = DeliveryStatus


def judge(now_after: timedelta, **facts: Any) -> Verdict:
    values: dict[str, Any] = {
        "test": False,
        "problem": Problem.STATUS,
        "status_code": 500,
        "tries": 1,
        "queued_at": T0,
        "lane_failing_since": T0,
        "endpoint_failing_since": T0,
        **facts,
    }
    return policy.after_failure(
        Facts(**values), now=T0 + now_after, retry_for=DAY, off_after=3 * DAY, random=lambda: 1.0
    )


def test_it_is_tried_again_for_a_day() -> None:
    assert judge(HOUR) == Verdict(D.PENDING, T0 + HOUR + timedelta(seconds=5))
    assert judge(DAY - HOUR, tries=40).next_try_at == T0 + DAY
    assert judge(DAY) == Verdict(D.DEAD)


def test_what_stood_behind_a_dead_one_gets_one_try_and_not_another_day() -> None:
    assert judge(DAY + HOUR, queued_at=T0 + timedelta(minutes=1)).status is D.DEAD
    assert judge(DAY + HOUR, queued_at=T0 + 2 * HOUR).status is D.PENDING


def test_what_waited_for_us_gets_its_day() -> None:
    """Nobody delivered for two days; the lane fails since a moment."""
    assert judge(2 * DAY, lane_failing_since=T0 + 2 * DAY, endpoint_failing_since=T0 + 2 * DAY).status is D.PENDING


def test_days_of_failure_switch_it_off() -> None:
    assert judge(3 * DAY) == Verdict(D.PENDING, off=OffReason.FAILING)
    assert judge(3 * DAY, endpoint_failing_since=T0 + DAY).off is OffReason.NONE


def test_gone_is_gone() -> None:
    assert judge(timedelta(0), status_code=410) == Verdict(D.PENDING, off=OffReason.GONE)


def test_a_test_is_tried_once_and_switches_nothing_off() -> None:
    assert judge(5 * DAY, test=True, status_code=410) == Verdict(D.DEAD)


def test_our_own_fault_kills_nothing() -> None:
    verdict = judge(5 * DAY, problem=Problem.KEY_MISSING, status_code=None)
    assert verdict == Verdict(D.PENDING, T0 + 5 * DAY + policy.KEY_PAUSE)


@pytest.mark.parametrize(("asked", "waits"), [(1, 5), (600, 600), (99_999, 3600)])
def test_an_endpoint_may_ask_for_time(asked: int, waits: int) -> None:
    verdict = judge(HOUR, retry_after=timedelta(seconds=asked))
    assert verdict.next_try_at == T0 + HOUR + timedelta(seconds=waits)


def test_pauses_double_up_to_an_hour_and_differ() -> None:
    longest = [policy.pause(tries, lambda: 1.0).total_seconds() for tries in (1, 2, 3, 4, 10, 11, 500)]
    assert longest == [5, 10, 20, 40, 2560, 3600, 3600]
    assert policy.pause(1, lambda: 0.0) == timedelta(seconds=3.75)


def test_a_day_of_tries_is_some_thirty() -> None:
    spent, tries = timedelta(0), 0
    while spent < DAY:
        tries += 1
        spent += policy.pause(tries, lambda: 0.5)
    assert 30 <= tries <= 40


def test_back_is_who_was_away() -> None:
    assert policy.is_back(T0, T0 + HOUR)
    assert not policy.is_back(T0, T0 + timedelta(seconds=2))
    assert not policy.is_back(None, T0)
