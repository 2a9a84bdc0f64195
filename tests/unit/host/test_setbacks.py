from __future__ import annotations

from datetime import timedelta

from session_core.domain.status import ReasonCode
from session_core.host.policy import STABLE_AFTER
from session_core.host.setbacks import DEAF_LIMIT, WELL_AFTER, Setbacks

DEAF, CRASH = ReasonCode.DEAF, ReasonCode.BROWSER_CRASHED
SECOND = timedelta(seconds=1)


def pauses(setbacks: Setbacks) -> float:
    return setbacks.pause(lambda: 1.0).total_seconds()


def test_pauses_grow_until_a_browser_was_ready_for_a_while() -> None:
    setbacks, seen = Setbacks(), []
    for ready_for in (None, None, STABLE_AFTER, STABLE_AFTER + SECOND, None):
        setbacks.add(CRASH, ready_for)
        seen.append(pauses(setbacks))
    assert seen == [1, 2, 4, 1, 2]


def test_browsers_that_go_deaf_in_a_row_are_hopeless_at_last() -> None:
    setbacks, seen = Setbacks(), []
    for _ in range(DEAF_LIMIT):
        assert not setbacks.hopeless
        setbacks.add(DEAF, WELL_AFTER)
        seen.append(pauses(setbacks))
    assert setbacks.hopeless
    # Each was ready for longer than what else makes the pauses short again.
    assert seen == [1, 2, 4, 8, 16]


def test_a_browser_that_heard_for_long_begins_a_new_row() -> None:
    setbacks = Setbacks()
    for _ in range(DEAF_LIMIT - 1):
        setbacks.add(DEAF, None)
    setbacks.add(DEAF, WELL_AFTER + SECOND)
    assert not setbacks.hopeless
    for _ in range(DEAF_LIMIT - 2):
        setbacks.add(DEAF, None)
    assert not setbacks.hopeless
    setbacks.add(CRASH, WELL_AFTER + SECOND)
    setbacks.add(DEAF, None)
    assert not setbacks.hopeless


def test_crashes_alone_are_never_hopeless() -> None:
    setbacks = Setbacks()
    for _ in range(100):
        setbacks.add(CRASH, None)
    assert not setbacks.hopeless
    assert pauses(setbacks) == 60
