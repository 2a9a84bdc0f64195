from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from session_core.domain.status import Desired, ReasonCode, SessionStatus
from session_core.errors import FatalError, LoginRequired, PersonRequired, TransientError
from session_core.host.policy import (
    BACKOFF_CAP,
    PHASE_DEADLINES,
    Goal,
    Order,
    Restore,
    Running,
    Wanted,
    backoff,
    cause_of,
    decide,
    reason_of,
    status_after,
    worth_a_line,
)
from session_core.store.models import SessionRuntime
from session_core.whatsapp.driver import Gate, LogoutCause, Loss

S = SessionStatus
RESTORE = Restore(UUID(int=7), 4)
CONNECTED, STOPPED, DELETED = Desired.CONNECTED, Desired.STOPPED, Desired.DELETED


@pytest.mark.parametrize(
    ("wanted", "order"),
    [
        (Wanted(CONNECTED, S.STOPPED, 1), Order(Goal.CONNECT, 1)),
        (Wanted(CONNECTED, S.READY, 1), Order(Goal.CONNECT, 1)),
        (Wanted(CONNECTED, S.ACTION_REQUIRED, 4), Order(Goal.CONNECT, 4)),
        (Wanted(CONNECTED, S.STOPPED, 5, restart_seq=5), Order(Goal.CONNECT, 5)),
        (Wanted(STOPPED, S.STOPPED, 2), None),
        (Wanted(STOPPED, S.ACTION_REQUIRED, 2), None),
        (Wanted(STOPPED, S.ERROR, 2), None),
        (Wanted(STOPPED, S.READY, 2), Order(Goal.STOP, 2)),
        (Wanted(STOPPED, S.QUEUED, 2), Order(Goal.STOP, 2)),
        (Wanted(STOPPED, S.STOPPED, 3, logout_seq=3), Order(Goal.LOGOUT, 3)),
        (Wanted(CONNECTED, S.STOPPED, 4, logout_seq=3), Order(Goal.LOGOUT, 3)),
        (Wanted(DELETED, S.STOPPED, 3, logout_seq=3), Order(Goal.DELETE, 3)),
        (Wanted(DELETED, S.READY, 3), Order(Goal.DELETE, 3)),
        (Wanted(CONNECTED, S.STOPPED, 4, restore=RESTORE), Order(Goal.CONNECT, 4, restore=RESTORE)),
        (Wanted(CONNECTED, S.STOPPED, 4, logout_seq=3, restore=RESTORE), Order(Goal.LOGOUT, 3)),
        (Wanted(DELETED, S.STOPPED, 4, restore=RESTORE), Order(Goal.DELETE, 4)),
    ],
)
def test_what_is_done_about_a_row_without_a_session(wanted: Wanted, order: Order | None) -> None:
    assert decide(wanted, None) == order


@pytest.mark.parametrize(
    ("wanted", "running", "order"),
    [
        (Wanted(CONNECTED, S.READY, 1), Running(Goal.CONNECT, 1), None),
        (Wanted(CONNECTED, S.READY, 3), Running(Goal.CONNECT, 1), None),
        (Wanted(CONNECTED, S.READY, 3, restart_seq=1), Running(Goal.CONNECT, 1), None),
        (Wanted(CONNECTED, S.READY, 3, restart_seq=2), Running(Goal.CONNECT, 1), Order(Goal.CONNECT, 3, restart=True)),
        (
            Wanted(CONNECTED, S.READY, 4, restore=RESTORE),
            Running(Goal.CONNECT, 3),
            Order(Goal.CONNECT, 4, restart=True, restore=RESTORE),
        ),
        (Wanted(CONNECTED, S.READY, 5, restore=RESTORE), Running(Goal.CONNECT, 4), None),
        (Wanted(CONNECTED, S.READY, 4, restore=RESTORE), Running(Goal.BACK_UP, 0), None),
        (Wanted(DELETED, S.STOPPED, 4), Running(Goal.BACK_UP, 0), Order(Goal.DELETE, 4)),
        (Wanted(STOPPED, S.READY, 2), Running(Goal.CONNECT, 1), Order(Goal.STOP, 2)),
        (Wanted(STOPPED, S.READY, 2, logout_seq=2), Running(Goal.CONNECT, 1), Order(Goal.LOGOUT, 2)),
        (Wanted(CONNECTED, S.READY, 3, logout_seq=2), Running(Goal.CONNECT, 1), Order(Goal.LOGOUT, 2)),
        (Wanted(DELETED, S.READY, 2, logout_seq=2), Running(Goal.CONNECT, 1), Order(Goal.DELETE, 2)),
        (Wanted(DELETED, S.STOPPING, 3), Running(Goal.LOGOUT, 2), Order(Goal.DELETE, 3)),
        (Wanted(CONNECTED, S.STOPPING, 3), Running(Goal.STOP, 2), None),
        (Wanted(CONNECTED, S.STOPPING, 3, logout_seq=2), Running(Goal.LOGOUT, 2), None),
        (Wanted(DELETED, S.READY, 3), Running(Goal.DELETE, 3), None),
        (Wanted(DELETED, S.READY, 3), Running(Goal.LEAVE, 0), None),
        (Wanted(STOPPED, S.READY, 3), Running(Goal.LOSE, 0), None),
        (Wanted(STOPPED, S.ACTION_REQUIRED, 1), Running(Goal.CONNECT, 1, ending=True), None),
        (Wanted(STOPPED, S.ACTION_REQUIRED, 1), Running(Goal.CONNECT, 1, gave_up=True), None),
        (Wanted(STOPPED, S.ACTION_REQUIRED, 2), Running(Goal.CONNECT, 1, gave_up=True), Order(Goal.STOP, 2)),
        (Wanted(CONNECTED, S.ACTION_REQUIRED, 2), Running(Goal.CONNECT, 1, gave_up=True), None),
        (Wanted(DELETED, S.ACTION_REQUIRED, 2), Running(Goal.CONNECT, 1, gave_up=True), Order(Goal.DELETE, 2)),
        (Wanted(DELETED, S.STOPPED, 3), Running(Goal.STOP, 2, ending=True), None),
    ],
)
def test_what_is_done_about_a_row_with_a_session(wanted: Wanted, running: Running, order: Order | None) -> None:
    assert decide(wanted, running) == order


def test_backoff_grows_to_its_cap_and_is_half_chance() -> None:
    longest = [backoff(number, lambda: 1.0) for number in range(1, 9)]
    assert longest[:6] == [timedelta(seconds=seconds) for seconds in (1, 2, 4, 8, 16, 32)]
    assert longest[6:] == [BACKOFF_CAP, BACKOFF_CAP]
    assert backoff(3, lambda: 0.0) == timedelta(seconds=2)
    assert backoff(10_000, lambda: 1.0) == BACKOFF_CAP
    assert backoff(0, lambda: 1.0) == timedelta(seconds=1)


@pytest.mark.parametrize("loss", list(Loss))
def test_every_loss_has_a_reason_for_people(loss: Loss) -> None:
    assert reason_of(TransientError("gone", code=loss)) is ReasonCode(loss.value)


@pytest.mark.parametrize("gate", list(Gate))
def test_every_gate_has_a_reason_for_people(gate: Gate) -> None:
    assert reason_of(PersonRequired("first", code=gate)) is ReasonCode(gate.value)


@pytest.mark.parametrize("cause", list(LogoutCause))
def test_every_logout_has_a_reason_for_people(cause: LogoutCause) -> None:
    assert reason_of(LoginRequired("gone", code=cause)) is ReasonCode(cause.value)


@pytest.mark.parametrize(
    ("error", "reason", "status"),
    [
        (FatalError("x", code="no_chromium"), ReasonCode.BROWSER_MISSING, S.ERROR),
        (FatalError("x", code="profile_in_use"), ReasonCode.PROFILE_IN_USE, S.ERROR),
        (FatalError("x", code="sandbox_off"), ReasonCode.SANDBOX_OFF, S.ERROR),
        (FatalError("x", code="never heard of"), ReasonCode.INTERNAL, S.ERROR),
        (LoginRequired("x", code="qr_expired"), ReasonCode.QR_EXPIRED, S.ACTION_REQUIRED),
        (LoginRequired("x", code="conflict"), ReasonCode.CONFLICT, S.ACTION_REQUIRED),
        (PersonRequired("x", code="unsupported_browser"), ReasonCode.UNSUPPORTED_BROWSER, S.ACTION_REQUIRED),
        (TransientError("x", code="browser_crashed"), ReasonCode.BROWSER_CRASHED, S.RECONNECTING),
        (TimeoutError(), ReasonCode.LOAD_TIMEOUT, S.RECONNECTING),
        (KeyError("x"), ReasonCode.INTERNAL, S.RECONNECTING),
    ],
)
def test_the_type_of_an_error_chooses_what_comes_next(
    error: Exception, reason: ReasonCode, status: SessionStatus
) -> None:
    assert (reason_of(error), status_after(error)) == (reason, status)


def test_history_tells_a_thing_once_and_no_steps_on_the_way() -> None:
    assert worth_a_line(S.QR, ReasonCode.NONE, (S.STOPPED, ReasonCode.NONE))
    assert not worth_a_line(S.QR, ReasonCode.NONE, (S.QR, ReasonCode.NONE))
    assert worth_a_line(S.QUEUED, ReasonCode.WAITING_FOR_ROOM, None)
    assert not worth_a_line(S.QUEUED, ReasonCode.REQUESTED, None)
    assert worth_a_line(S.RECONNECTING, ReasonCode.OFFLINE, (S.RECONNECTING, ReasonCode.PAGE_CRASHED))
    for status in (S.LAUNCHING, S.LOADING, S.LINKING, S.SYNCING, S.STOPPING):
        assert not worth_a_line(status, ReasonCode.NONE, None)


def test_only_phases_that_may_last_have_no_deadline() -> None:
    # Ready is watched by other means, queued waits for room, stopping has the limit of closing a browser.
    lasting = {S.READY, S.QUEUED, S.STOPPING, S.STOPPED, S.ACTION_REQUIRED, S.ERROR}
    assert set(PHASE_DEADLINES) == set(S) - lasting
    assert all(limit > timedelta(0) for limit in PHASE_DEADLINES.values())


@pytest.mark.parametrize(
    ("reason", "wanted_host", "told"),
    [
        (ReasonCode.MOVING, "host-one", ReasonCode.MOVING),
        (ReasonCode.MOVING, None, ReasonCode.HOST_STOPPED),
        (ReasonCode.MOVING, "host-two", ReasonCode.HOST_STOPPED),
        (ReasonCode.DEAF, "host-one", ReasonCode.HOST_STOPPED),
    ],
)
def test_a_moved_account_is_told_so_until_it_is_ready(
    reason: ReasonCode, wanted_host: str | None, told: ReasonCode
) -> None:
    runtime = SessionRuntime(account_id=UUID(int=1), reason_code=reason, wanted_host_id=wanted_host)
    assert cause_of(runtime, "host-one") is told
