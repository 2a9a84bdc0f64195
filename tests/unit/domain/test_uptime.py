"""When an account was up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_core.domain.status import ReasonCode, SessionStatus
from session_core.domain.uptime import Condition, StatusLine, Uptime, uptime

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(hours=24)
S = SessionStatus
R = ReasonCode


def line(hours_ago: float, status: SessionStatus, reason: ReasonCode = R.NONE) -> StatusLine:
    return StatusLine(NOW - timedelta(hours=hours_ago), status, reason)


def day(*lines: StatusLine) -> Uptime:
    return uptime(lines, NOW, over=DAY, segments=24)


def conditions(found: Uptime) -> str:
    return "".join(segment.condition.value[0] for segment in found.segments)


def test_an_account_that_was_ready_before_is_up_all_the_time() -> None:
    found = day(line(100, S.READY))
    assert found.percent == 100
    assert found.up == DAY
    assert {segment.condition for segment in found.segments} == {Condition.UP}


def test_nothing_known_is_neither_up_nor_down() -> None:
    found = day()
    assert found.percent is None
    assert {segment.condition for segment in found.segments} == {Condition.OFF}


def test_a_break_is_seen_in_its_place_and_counted() -> None:
    found = day(line(30, S.READY), line(6, S.RECONNECTING, R.OFFLINE), line(4, S.LAUNCHING), line(3, S.READY))
    assert found.down == timedelta(hours=3)
    assert found.percent == 87.5
    assert conditions(found) == "u" * 18 + "ddd" + "uuu"


def test_a_break_of_a_second_is_not_called_100_percent() -> None:
    second = 1 / 3600
    found = day(line(30, S.READY), line(5 + second, S.RECONNECTING), line(5, S.READY))
    assert found.percent == 99.9
    (broken,) = [segment for segment in found.segments if segment.condition is Condition.DOWN]
    assert broken.mostly_up


@pytest.mark.parametrize("end", [S.STOPPED, S.STOPPING])
def test_what_the_owner_stopped_is_not_down(end: SessionStatus) -> None:
    found = day(line(30, S.READY), line(12, end, R.REQUESTED))
    assert (found.percent, found.up) == (100, timedelta(hours=12))
    assert conditions(found) == "u" * 12 + "o" * 12


def test_the_way_to_the_first_ready_does_not_count() -> None:
    way = [S.QUEUED, S.LAUNCHING, S.LOADING, S.QR, S.LINKING, S.SYNCING]
    lines = [line(10 - number, status) for number, status in enumerate(way)]
    assert day(*lines).percent is None
    assert day(*lines, line(2, S.READY)).up == timedelta(hours=2)
    assert day(*lines, line(2, S.READY)).percent == 100
    assert day(*lines, line(2, S.ACTION_REQUIRED, R.QR_EXPIRED)).percent is None


def test_on_its_way_back_is_still_down() -> None:
    found = day(line(30, S.READY), line(4, S.ACTION_REQUIRED, R.UNLINKED), line(2, S.QR))
    assert found.down == timedelta(hours=4)
    expired = day(line(30, S.READY), line(4, S.QR), line(2, S.ACTION_REQUIRED, R.QR_EXPIRED))
    assert expired.down == timedelta(hours=4)


@given(
    st.lists(
        st.tuples(st.floats(-5, 60), st.sampled_from(list(S)), st.sampled_from(list(R))),
        max_size=30,
    )
)
def test_whatever_clocks_do_no_time_is_counted_twice(changes: list[tuple[float, SessionStatus, ReasonCode]]) -> None:
    found = day(*(line(*change) for change in changes))
    assert len(found.segments) == 24
    for segment in found.segments:
        assert timedelta(0) <= segment.up + segment.down <= segment.length + timedelta(microseconds=1)
    assert found.percent is None or 0 <= found.percent <= 100
