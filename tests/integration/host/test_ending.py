"""Disconnecting, restarting, logging out and deleting, whatever is going on at that moment."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from session_core.browser.profile import quarantined
from session_core.bus import keys
from session_core.clock import utcnow
from session_core.domain.status import Desired, ReasonCode, SessionStatus
from session_core.errors import TransientError
from session_core.host import attempt, unlink
from session_core.host.policy import Goal
from session_core.services import accounts as service
from session_core.store import users
from session_core.tasks import spawn
from session_core.whatsapp.driver import Loaded, LoggedOut, Loss, Lost
from tests.fakes.drivers import (
    NeverReadyDriver,
    NeverStartedDriver,
    ScriptedDriver,
    SlowDriver,
    UnclosableDriver,
    UnstartableDriver,
    qr,
    ready,
)
from tests.integration.host.stage import PATIENCE, Stage, listening
from tests.waiting import eventually

S = SessionStatus
SOON = timedelta(seconds=2)
"""Far below the time of anything that could be waited for."""


async def ready_account(stage: Stage) -> tuple[object, ScriptedDriver]:
    account_id = await stage.linked()
    driver = ScriptedDriver([Loaded(), ready()])
    stage.will_get(driver)
    await stage.manager.start()
    await stage.until(account_id, S.READY)
    return account_id, driver


async def test_disconnecting_keeps_the_login(stage: Stage) -> None:
    account_id, driver = await ready_account(stage)
    async with listening(stage.core, stage.user_id) as pages:
        await service.disconnect(stage.core, stage.user_id, account_id)
        runtime = await stage.until(account_id, S.STOPPED, ReasonCode.REQUESTED)
        await eventually(lambda: pages.phases()[-2:] == [S.STOPPING, S.STOPPED])
    assert (driver.closed, driver.logouts, runtime.host_id) == (1, 0, None)
    assert runtime.phone_number == "34600111222"
    assert stage.profile(account_id).is_dir()
    await stage.until_idle(account_id)
    assert await stage.core.redis.get(keys.lease(account_id)) is None


async def test_stopping_while_the_browser_starts_is_immediate(running: Stage) -> None:
    account_id = await running.account()
    driver = NeverStartedDriver()
    running.will_get(driver)
    await running.connect(account_id)
    await running.until(account_id, S.LAUNCHING)
    await service.disconnect(running.core, running.user_id, account_id)
    await eventually(lambda: driver.closed == 1, SOON)
    await running.until(account_id, S.STOPPED)


async def test_stopping_during_a_pause_or_in_line_is_immediate(stage: Stage) -> None:
    stage.house.room._max = 1
    pausing, waiting = await stage.linked(), await stage.account()
    stage.will_get(UnstartableDriver())
    await stage.manager.start()
    await stage.until(pausing, S.RECONNECTING, ReasonCode.BROWSER_CRASHED)
    await stage.connect(waiting)
    await stage.until(waiting, S.QUEUED)
    for account_id in (waiting, pausing):
        await service.disconnect(stage.core, stage.user_id, account_id)
        await stage.until(account_id, S.STOPPED)
    assert stage.house.room.taken == 0


async def test_connecting_while_it_stops_starts_it_again(stage: Stage) -> None:
    account_id, _ = await ready_account(stage)
    stage.will_get(ScriptedDriver([Loaded(), ready()]))
    await service.disconnect(stage.core, stage.user_id, account_id)
    await stage.connect(account_id)
    await eventually(lambda: len(stage.made) in {1, 2})
    await stage.until(account_id, S.READY)


@contextmanager
def hanging_browser(profile: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process on the profile that no polite signal reaches: it is stopped, as a hanging browser in effect is."""
    command = [sys.executable, "-c", "import signal; signal.pause()", f"--user-data-dir={profile}"]
    process = subprocess.Popen(command)
    process.send_signal(signal.SIGSTOP)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


async def test_a_forced_stop_kills_a_browser_that_does_not_close(stage: Stage) -> None:
    account_id = await stage.linked()
    driver = UnclosableDriver([Loaded(), ready()])
    stage.will_get(driver)
    await stage.manager.start()
    await stage.until(account_id, S.READY)
    with hanging_browser(stage.profile(account_id)) as browser:
        await service.disconnect(stage.core, stage.user_id, account_id)
        await stage.until(account_id, S.STOPPING)
        forced = spawn(service.force_stop(stage.core, stage.user_id, account_id), name="forced")
        await eventually(lambda: browser.poll() is not None, SOON)
        driver.gate.set()
        await forced
    runtime = await stage.until(account_id, S.STOPPED, ReasonCode.REQUESTED)
    assert (runtime.desired, driver.logouts) == (Desired.STOPPED, 0)
    assert stage.profile(account_id).is_dir()
    await stage.until_idle(account_id)
    stage.will_get(ScriptedDriver([Loaded(), ready()]))
    await stage.connect(account_id)
    await stage.until(account_id, S.READY)


async def test_a_forced_stop_needs_no_page(running: Stage) -> None:
    account_id = await running.account()
    running.will_get(NeverStartedDriver())
    await running.connect(account_id)
    await running.until(account_id, S.LAUNCHING)
    stopped = await service.force_stop(running.core, running.user_id, account_id)
    # What is answered is what is so: a page that believed an older status would go on waiting.
    assert stopped.status is S.STOPPED
    # Neither does it need a session.
    await running.until_idle(account_id)
    await service.force_stop(running.core, running.user_id, account_id)
    assert (await running.runtime(account_id)).status is S.STOPPED


async def test_a_forced_stop_gives_up_a_logout_that_hangs(stage: Stage) -> None:
    account_id = await stage.linked()
    driver = SlowDriver([Loaded(), ready()])
    driver.gate.set()
    stage.will_get(driver)
    await stage.manager.start()
    await stage.until(account_id, S.READY)
    driver.gate.clear()
    await service.disconnect(stage.core, stage.user_id, account_id, logout=True)
    await stage.until(account_id, S.STOPPING)
    forced = spawn(service.force_stop(stage.core, stage.user_id, account_id), name="forced")
    await eventually(lambda: stage.manager._sessions[account_id]._order.goal is Goal.STOP, SOON)
    # Its browser is killed by now, so nothing of the page hangs any longer.
    driver.gate.set()
    await forced
    runtime = await stage.until(account_id, S.STOPPED)
    assert (runtime.logout_seq, runtime.desired) == (0, Desired.STOPPED)
    assert stage.profile(account_id).is_dir()
    await stage.until_idle(account_id)


async def test_a_browser_that_does_not_close_in_time_is_killed(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempt, "CLOSE_TIMEOUT", timedelta(milliseconds=100))
    account_id = await stage.linked()
    first = UnclosableDriver([Loaded(), ready()])
    stage.will_get(first, ScriptedDriver([Loaded(), ready()]))
    await stage.manager.start()
    await stage.until(account_id, S.READY)
    with hanging_browser(stage.profile(account_id)) as browser:
        first.emit(Lost(Loss.PAGE))
        await eventually(lambda: browser.poll() is not None, PATIENCE)
    await stage.until(account_id, S.READY, ReasonCode.RESTORED)
    first.gate.set()


async def test_restart_takes_a_new_browser(stage: Stage) -> None:
    account_id, first = await ready_account(stage)
    second = ScriptedDriver([Loaded(), ready()])
    stage.will_get(second)
    await service.restart(stage.core, stage.user_id, account_id)
    await eventually(lambda: second.started == 1)
    await stage.until(account_id, S.READY, ReasonCode.RESTORED)
    assert (first.closed, first.logouts) == (1, 0)


async def test_logging_out_uses_the_page_that_is_there(stage: Stage) -> None:
    account_id, driver = await ready_account(stage)
    await service.disconnect(stage.core, stage.user_id, account_id, logout=True)
    runtime = await stage.until(account_id, S.STOPPED, ReasonCode.LOGGED_OUT)
    assert (driver.logouts, driver.closed, len(stage.made)) == (1, 1, 1)
    assert (runtime.logout_seq, runtime.phone_number, runtime.push_name, runtime.reason) == (0, None, None, "")
    assert not stage.profile(account_id).exists()
    await stage.until_idle(account_id)


async def test_what_was_put_aside_of_a_login_goes_with_it(stage: Stage) -> None:
    account_id, _ = await ready_account(stage)
    aside = quarantined(stage.profile(account_id), utcnow())
    (aside / "Default").mkdir(parents=True)
    await service.delete(stage.core, stage.user_id, account_id)
    await stage.until_gone(account_id)
    assert not aside.exists()


async def test_logging_out_of_a_stopped_account_starts_a_browser_for_it(running: Stage) -> None:
    account_id = await running.linked(S.STOPPED, desired=Desired.STOPPED)
    driver = ScriptedDriver([Loaded(), ready()])
    running.will_get(driver)
    await service.disconnect(running.core, running.user_id, account_id, logout=True)
    runtime = await running.until(account_id, S.STOPPED, ReasonCode.LOGGED_OUT)
    assert (driver.logouts, driver.closed, runtime.logout_seq) == (1, 1, 0)


@pytest.mark.parametrize("news", [qr(), LoggedOut()])
async def test_a_login_that_is_gone_already_needs_no_logout(running: Stage, news: object) -> None:
    account_id = await running.linked(S.STOPPED, desired=Desired.STOPPED)
    driver = ScriptedDriver([Loaded(), news])  # type: ignore[list-item]
    running.will_get(driver)
    await service.disconnect(running.core, running.user_id, account_id, logout=True)
    runtime = await running.until(account_id, S.STOPPED, ReasonCode.LOGGED_OUT)
    assert (driver.logouts, driver.closed, runtime.reason) == (0, 1, "")


@pytest.mark.parametrize(
    "driver",
    [
        UnstartableDriver(TransientError("no net", code="page_unreachable")),
        ScriptedDriver([Loaded(), Lost(Loss.BROWSER)]),
        NeverReadyDriver(),
    ],
)
async def test_a_logout_that_cannot_reach_whatsapp_ends_and_says_so(
    running: Stage, driver: ScriptedDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unlink, "UNLINK_TIMEOUT", timedelta(milliseconds=300))
    account_id = await running.linked(S.STOPPED, desired=Desired.STOPPED)
    running.will_get(driver)
    await service.disconnect(running.core, running.user_id, account_id, logout=True)
    runtime = await running.until(account_id, S.STOPPED, ReasonCode.LOGGED_OUT)
    assert "may still list" in runtime.reason
    assert runtime.logout_seq == 0
    assert not running.profile(account_id).exists()


async def test_logging_out_and_connecting_at_once_does_both_in_order(stage: Stage) -> None:
    account_id, first = await ready_account(stage)
    stage.will_get(ScriptedDriver([Loaded(), qr(shown_at=utcnow())]))
    await service.disconnect(stage.core, stage.user_id, account_id, logout=True)
    await stage.connect(account_id)
    await stage.until(account_id, S.QR, ReasonCode.REQUESTED)
    assert first.logouts == 1


async def test_an_account_that_was_never_linked_logs_out_without_a_browser(running: Stage) -> None:
    account_id = await running.account()
    await service.disconnect(running.core, running.user_id, account_id, logout=True)
    await running.until(account_id, S.STOPPED, ReasonCode.LOGGED_OUT)
    assert running.made == []


async def test_deleting_logs_out_and_removes_the_profile_and_the_row(stage: Stage) -> None:
    account_id, driver = await ready_account(stage)
    async with listening(stage.core, stage.user_id) as pages:
        await service.delete(stage.core, stage.user_id, account_id)
        await stage.until_gone(account_id)
        await stage.until_idle(account_id)
        kinds = pages.kinds()
    assert "session" not in kinds[kinds.index("deleted") :]
    assert (driver.logouts, driver.closed) == (1, 1)
    assert not stage.profile(account_id).exists()
    assert await stage.core.redis.get(keys.lease(account_id)) is None


async def test_deleting_while_the_browser_starts_is_immediate(running: Stage) -> None:
    account_id = await running.account()
    driver = NeverStartedDriver()
    running.will_get(driver)
    await running.connect(account_id)
    await running.until(account_id, S.LAUNCHING)
    await service.delete(running.core, running.user_id, account_id)
    await running.until_gone(account_id)
    assert (driver.closed, len(running.made)) == (1, 1)


async def test_deleting_forgets_the_code_on_screen(running: Stage) -> None:
    account_id = await running.account()
    running.will_get(ScriptedDriver([Loaded(), qr(shown_at=utcnow())]))
    await running.connect(account_id)
    await running.until(account_id, S.QR)
    await service.delete(running.core, running.user_id, account_id)
    await running.until_gone(account_id)
    await running.until_idle(account_id)
    assert await running.core.redis.get(keys.qr(account_id)) is None


async def test_deleting_a_stopped_account_logs_it_out_first(running: Stage) -> None:
    account_id = await running.linked(S.STOPPED, desired=Desired.STOPPED)
    driver = ScriptedDriver([Loaded(), ready()])
    running.will_get(driver)
    await service.delete(running.core, running.user_id, account_id)
    await running.until_gone(account_id)
    assert (driver.logouts, driver.closed) == (1, 1)
    assert not running.profile(account_id).exists()


async def test_deleting_overtakes_a_logout_under_way(running: Stage) -> None:
    account_id = await running.linked(S.STOPPED, desired=Desired.STOPPED)
    stuck = NeverReadyDriver()
    running.will_get(stuck, ScriptedDriver([Loaded(), ready()]))
    await service.disconnect(running.core, running.user_id, account_id, logout=True)
    await eventually(lambda: stuck.started == 1)
    await service.delete(running.core, running.user_id, account_id)
    await running.until_gone(account_id)
    assert stuck.closed == 1


async def test_a_profile_that_cannot_be_removed_is_tried_again(running: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    account_id = await running.account()
    remove, tries = running.house.profiles.remove, []

    async def fails_once(session_id: str) -> None:
        tries.append(session_id)
        if len(tries) == 1:
            raise OSError("busy")
        await remove(session_id)

    monkeypatch.setattr(running.house.profiles, "remove", fails_once)
    await service.delete(running.core, running.user_id, account_id)
    await running.until_gone(account_id)
    assert len(tries) == 2


async def test_an_account_whose_user_is_removed_loses_its_browser_and_profile(stage: Stage) -> None:
    account_id, driver = await ready_account(stage)
    async with stage.core.db.begin() as session:
        user = await users.by_id(session, stage.user_id)
        await session.delete(user)
    await stage.until_idle(account_id)
    assert driver.closed == 1
    assert not stage.profile(account_id).exists()
