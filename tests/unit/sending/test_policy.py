from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_core.domain.message import MessageStatus
from session_core.sending.policy import (
    LONGEST_BACKOFF,
    MAX_ATTEMPTS,
    GiveUp,
    Head,
    Send,
    Wait,
    backoff,
    hold_after_loss,
    limiter_lease,
    margin,
    next_step,
    row_lease,
)

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
WINDOW = timedelta(minutes=1)
TIMEOUT = timedelta(seconds=30)


def queued(attempts: int = 0, updated_at: datetime = NOW) -> Head:
    return Head(MessageStatus.QUEUED, attempts, updated_at, None, None)


def sending(attempts: int, lease_until: datetime, updated_at: datetime = NOW) -> Head:
    return Head(MessageStatus.SENDING, attempts, updated_at, lease_until, "old")


def test_a_fresh_message_is_sent_without_looking() -> None:
    assert next_step(queued(), NOW) == Send(look_first=False)


def test_a_message_that_proved_unsent_waits_for_its_backoff_then_looks_first() -> None:
    released = queued(attempts=2, updated_at=NOW)
    assert next_step(released, NOW + SECOND) == Wait(backoff(2) - SECOND)
    assert next_step(released, NOW + backoff(2)) == Send(look_first=True)


def test_a_message_that_is_being_sent_blocks_its_lane_until_the_lease_is_over() -> None:
    under_way = sending(1, NOW + 3 * SECOND)
    step = next_step(under_way, NOW)
    assert isinstance(step, Wait)
    assert next_step(under_way, NOW + step.delay) == Send(look_first=True, previous_token="old")


def test_after_the_last_try_nobody_asks_again() -> None:
    assert next_step(sending(MAX_ATTEMPTS, NOW - SECOND), NOW) == GiveUp("old")
    assert isinstance(next_step(sending(MAX_ATTEMPTS - 1, NOW - SECOND), NOW), Send)


def test_a_released_message_is_never_given_up_by_its_number_of_tries_alone() -> None:
    # Tries without any host are counted too; what ends a message is an answer, or none, at its last try.
    assert next_step(queued(attempts=MAX_ATTEMPTS + 3), NOW + LONGEST_BACKOFF) == Send(look_first=True)


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
    ],
)
def test_hold_after_the_limiter_lost_its_memory(heads: list[Head], hold: timedelta) -> None:
    assert hold_after_loss(heads, NOW, WINDOW, TIMEOUT) == hold
