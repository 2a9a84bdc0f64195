from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_core.domain.message import MessageStatus
from session_core.sending.policy import (
    LONGEST_BACKOFF,
    MAX_ATTEMPTS,
    Anew,
    GiveUp,
    Head,
    Send,
    Wait,
    backoff,
    hold_after_loss,
    limiter_lease,
    longest_lease,
    margin,
    next_step,
    row_lease,
)

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MS = timedelta(milliseconds=1)
WINDOW = timedelta(minutes=1)
TIMEOUT = timedelta(seconds=30)


def queued(attempts: int = 0, updated_at: datetime = NOW) -> Head:
    return Head(MessageStatus.QUEUED, attempts, updated_at, None, None)


def sending(attempts: int, lease_until: datetime, updated_at: datetime = NOW) -> Head:
    return Head(MessageStatus.SENDING, attempts, updated_at, lease_until, "old")


def test_a_fresh_message_is_sent_without_looking() -> None:
    assert next_step(queued(), NOW, TIMEOUT) == Send(look_first=False)


def test_a_message_that_proved_unsent_waits_for_its_backoff_then_looks_first() -> None:
    released = queued(attempts=2, updated_at=NOW)
    assert next_step(released, NOW + SECOND, TIMEOUT) == Wait(backoff(2) - SECOND)
    assert next_step(released, NOW + backoff(2), TIMEOUT) == Send(look_first=True)


def test_a_message_that_is_being_sent_blocks_its_lane_until_the_lease_is_over() -> None:
    under_way = sending(1, NOW + 3 * SECOND)
    step = next_step(under_way, NOW, TIMEOUT)
    assert isinstance(step, Wait)
    assert next_step(under_way, NOW + step.delay, TIMEOUT) == Send(look_first=True, previous_token="old")


def test_after_the_last_try_nobody_asks_again() -> None:
    assert next_step(sending(MAX_ATTEMPTS, NOW - SECOND), NOW, TIMEOUT) == GiveUp("old")
    assert isinstance(next_step(sending(MAX_ATTEMPTS - 1, NOW - SECOND), NOW, TIMEOUT), Send)


@pytest.mark.parametrize("ahead", [timedelta(minutes=5), timedelta(hours=1), timedelta(days=400)])
def test_a_lease_from_before_the_clock_was_set_back_begins_anew(ahead: timedelta) -> None:
    # Whoever has it may still be sending: one true lease goes by before anybody else tries.
    assert next_step(sending(1, NOW + ahead), NOW, TIMEOUT) == Anew(row_lease(TIMEOUT))
    assert next_step(sending(1, NOW + row_lease(TIMEOUT)), NOW, TIMEOUT) == Wait(row_lease(TIMEOUT) + MS)


def test_a_pause_from_before_the_clock_was_set_back_is_over() -> None:
    assert next_step(queued(2, NOW + timedelta(hours=1)), NOW, TIMEOUT) == Send(look_first=True)
    # Two machines differ by a little: that is no reason to hurry.
    assert next_step(queued(2, NOW + SECOND), NOW, TIMEOUT) == Wait(backoff(2) + SECOND)


def test_a_released_message_is_never_given_up_by_its_number_of_tries_alone() -> None:
    # Tries without any host are counted too; what ends a message is an answer, or none, at its last try.
    assert next_step(queued(attempts=MAX_ATTEMPTS + 3), NOW + LONGEST_BACKOFF, TIMEOUT) == Send(look_first=True)


@given(st.integers(1, 50))
def test_backoff_grows_up_to_its_limit(attempts: int) -> None:
    assert timedelta(0) < backoff(attempts) <= backoff(attempts + 1) <= LONGEST_BACKOFF


@given(st.timedeltas(min_value=timedelta(milliseconds=1), max_value=timedelta(minutes=10)))
def test_each_lease_outlives_what_it_covers(send_timeout: timedelta) -> None:
    # The host may answer up to a second after the timeout: `CommandClient.call` waits that much longer at most.
    assert send_timeout + SECOND <= row_lease(send_timeout)
    assert row_lease(send_timeout) + SECOND <= limiter_lease(send_timeout)


@pytest.mark.parametrize(
    ("heads", "hold"),
    [
        ([], timedelta(0)),
        ([Head(MessageStatus.READ, 1, NOW - 2 * WINDOW, None, None)], timedelta(0)),
        ([Head(MessageStatus.SENT, 1, NOW - SECOND, None, None)], WINDOW + margin(TIMEOUT) - SECOND),
        (
            [queued(1, NOW - 2 * WINDOW), Head(MessageStatus.SERVER, 1, NOW - WINDOW / 2, None, None)],
            WINDOW / 2 + margin(TIMEOUT),
        ),
        ([sending(1, NOW + 5 * SECOND, NOW)], 5 * SECOND + WINDOW + margin(TIMEOUT)),
        ([sending(1, NOW - 2 * WINDOW, NOW - 3 * WINDOW)], timedelta(0)),
        # The clock was set back by an hour since.
        (
            [Head(MessageStatus.SENT, 1, NOW + timedelta(hours=1), None, None)],
            WINDOW + margin(TIMEOUT),
        ),
        ([sending(1, NOW + timedelta(hours=1))], longest_lease(TIMEOUT) + WINDOW + margin(TIMEOUT)),
    ],
)
def test_hold_after_the_limiter_lost_its_memory(heads: list[Head], hold: timedelta) -> None:
    assert hold_after_loss(heads, NOW, WINDOW, TIMEOUT) == hold
