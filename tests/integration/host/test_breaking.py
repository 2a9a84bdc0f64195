"""What breaks comes back by itself, visibly, and nothing of an old browser counts any more."""

from __future__ import annotations

from datetime import timedelta

import pytest

from session_core.clock import utcnow
from session_core.domain.status import Desired, ReasonCode, SessionStatus
from session_core.errors import TransientError
from session_core.host import attempt, policy, setbacks
from session_core.whatsapp.driver import Loaded, Loss, Lost, Ready
from tests.fakes.drivers import (
    CrashingDriver,
    NeverReadyDriver,
    NeverStartedDriver,
    ScriptedDriver,
    UnstartableDriver,
    qr,
    ready,
)
from tests.integration.host.stage import Stage
from tests.waiting import eventually

S = SessionStatus


@pytest.mark.parametrize("loss", [loss for loss in Loss if loss is not Loss.UNSUPPORTED])
async def test_a_lost_browser_is_replaced_and_the_reason_is_visible(stage: Stage, loss: Loss) -> None:
    account_id = await stage.linked()
    first, second = ScriptedDriver([Loaded(), ready()]), ScriptedDriver([Loaded(), ready()])
    stage.will_get(first, second)
    await stage.manager.start()
    await stage.until(account_id, S.READY)
    first.emit(Lost(loss, "on purpose"))
    runtime = await stage.until(account_id, S.RECONNECTING, ReasonCode(loss.value))
    assert (runtime.attempt, runtime.reason) == (1, "on purpose")
    assert runtime.next_retry_at is not None
    assert timedelta(0) < runtime.next_retry_at - runtime.status_since < timedelta(seconds=1)
    runtime = await stage.until(account_id, S.READY, ReasonCode.RESTORED)
    assert (runtime.attempt, runtime.next_retry_at) == (0, None)
    assert (first.closed, second.closed) == (1, 0)


async def test_pauses_grow_and_the_history_tells_a_reason_once(stage: Stage) -> None:
    account_id = await stage.linked()
    stage.will_get(
        CrashingDriver(), UnstartableDriver(), CrashingDriver(loss=Loss.PAGE), ScriptedDriver([Loaded(), ready()])
    )
    await stage.manager.start()
    pauses = {}

    async def third() -> bool:
        runtime = await stage.runtime(account_id)
        if runtime.next_retry_at is not None:
            pauses[runtime.attempt] = (runtime.next_retry_at - runtime.status_since).total_seconds()
        return runtime.attempt == 3 and runtime.next_retry_at is not None

    await eventually(third)
    # Without chance a pause is half of 1, 2, 4 seconds.
    assert pauses == pytest.approx({1: 0.5, 2: 1, 3: 2}, abs=0.05)
    await stage.until(account_id, S.READY)
    assert [line[1:] for line in await stage.history(account_id)] == [
        (S.RECONNECTING, ReasonCode.HOST_STOPPED),
        (S.RECONNECTING, ReasonCode.BROWSER_CRASHED),
        (S.RECONNECTING, ReasonCode.PAGE_CRASHED),
        (S.READY, ReasonCode.RESTORED),
    ]


async def test_late_events_of_an_old_browser_change_nothing(stage: Stage) -> None:
    account_id = await stage.linked()
    old, new = ScriptedDriver([Loaded(), ready()]), ScriptedDriver([Loaded()])
    stage.will_get(old, new)
    await stage.manager.start()
    await stage.until(account_id, S.READY)
    old.emit(Lost(Loss.PAGE), Ready("34000000000", "Nobody"), qr())
    await stage.until(account_id, S.LOADING, ReasonCode.PAGE_CRASHED)
    old.emit(Ready("34000000000", "Nobody"))
    new.emit(ready())
    runtime = await stage.until(account_id, S.READY)
    assert runtime.phone_number == "34600111222"


async def test_a_profile_that_was_put_aside_is_told_as_such(stage: Stage) -> None:
    account_id = await stage.linked()
    stage.will_get(UnstartableDriver(TransientError("put aside", code="profile_quarantined")))
    stage.will_get(ScriptedDriver([Loaded(), qr()]))
    await stage.manager.start()
    await stage.until(account_id, S.RECONNECTING, ReasonCode.PROFILE_QUARANTINED)
    await stage.until(account_id, S.ACTION_REQUIRED, ReasonCode.PROFILE_QUARANTINED)


async def test_browsers_that_go_deaf_one_after_the_other_end_in_an_error(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(setbacks, "DEAF_LIMIT", 3)
    account_id = await stage.linked()
    stage.will_get(*(CrashingDriver([ready()], loss=Loss.DEAF) for _ in range(3)))
    await stage.manager.start()
    runtime = await stage.until(account_id, S.ERROR, ReasonCode.DEAF)
    assert runtime.desired is Desired.STOPPED
    await stage.until_idle(account_id)
    # A person presses the button: it begins anew.
    stage.will_get(ScriptedDriver([Loaded(), ready()]))
    await stage.connect(account_id)
    await stage.until(account_id, S.READY)


async def test_a_bug_is_no_end(stage: Stage) -> None:
    account_id = await stage.linked()
    stage.will_get(UnstartableDriver(KeyError("a bug")), ScriptedDriver([Loaded(), ready()]))
    await stage.manager.start()
    await stage.until(account_id, S.RECONNECTING, ReasonCode.INTERNAL)
    await stage.until(account_id, S.READY)


async def test_a_driver_that_ends_without_a_word_is_replaced(stage: Stage) -> None:
    account_id = await stage.linked()
    first = ScriptedDriver([Loaded(), ready()])
    stage.will_get(first, ScriptedDriver([Loaded(), ready()]))
    await stage.manager.start()
    await stage.until(account_id, S.READY)
    await first.close()
    await stage.until(account_id, S.RECONNECTING, ReasonCode.PAGE_CRASHED)
    await stage.until(account_id, S.READY)


@pytest.mark.parametrize("driver", [NeverReadyDriver, NeverStartedDriver])
async def test_a_browser_that_does_nothing_is_replaced(
    stage: Stage, driver: type[ScriptedDriver], monkeypatch: pytest.MonkeyPatch
) -> None:
    for phase in (S.LAUNCHING, S.LOADING):
        monkeypatch.setitem(policy.PHASE_DEADLINES, phase, timedelta(milliseconds=200))
    assert attempt.PHASE_DEADLINES is policy.PHASE_DEADLINES
    account_id = await stage.linked()
    stuck = driver()
    stage.will_get(stuck, ScriptedDriver([Loaded(), ready()]))
    await stage.manager.start()
    await stage.until(account_id, S.RECONNECTING, ReasonCode.LOAD_TIMEOUT)
    await stage.until(account_id, S.READY)
    assert stuck.closed == 1


async def test_a_crash_before_the_login_is_finished_shows_a_code_again(running: Stage) -> None:
    account_id = await running.account()
    running.will_get(
        CrashingDriver([qr(shown_at=utcnow())]), ScriptedDriver([Loaded(), qr(shown_at=utcnow()), ready()])
    )
    await running.connect(account_id)
    await running.until(account_id, S.READY, ReasonCode.NONE)


async def test_an_error_that_may_pass_is_tried_again_for_ever(stage: Stage) -> None:
    account_id = await stage.linked()
    stage.will_get(UnstartableDriver(TransientError("no net", code="page_unreachable")))
    stage.will_get(ScriptedDriver([Loaded(), ready()]))
    await stage.manager.start()
    await stage.until(account_id, S.RECONNECTING, ReasonCode.PAGE_UNREACHABLE)
    await stage.until(account_id, S.READY)
