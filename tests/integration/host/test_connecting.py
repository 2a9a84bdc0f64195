"""From the request to ready: codes, restored logins, and what only a person can solve."""

from __future__ import annotations

import asyncio
import base64
from datetime import timedelta
from io import BytesIO
from typing import Any
from unittest.mock import patch

import pytest
import zxingcpp
from PIL import Image

from session_core.clock import utcnow
from session_core.domain.status import Desired, ReasonCode, SessionStatus
from session_core.errors import FatalError
from session_core.host.policy import Goal
from session_core.services import accounts as service
from session_core.store import accounts
from session_core.whatsapp.driver import (
    Conflicted,
    Gate,
    Gated,
    Linking,
    Loaded,
    LoggedOut,
    LogoutCause,
    Loss,
    Lost,
    Offline,
    QrExpired,
    Syncing,
)
from tests.factories import T0
from tests.fakes.drivers import NeverStartedDriver, ScriptedDriver, UnclosableDriver, qr, ready
from tests.integration.host.stage import Stage, listening
from tests.waiting import eventually

S = SessionStatus


async def test_a_new_account_shows_a_code_and_becomes_ready(running: Stage) -> None:
    account_id = await running.account()
    driver = ScriptedDriver([Loaded(), qr(1, shown_at=utcnow())])
    running.will_get(driver)
    async with listening(running.core, running.user_id) as pages:
        await running.connect(account_id)
        await running.until(account_id, S.QR)
        code = await eventually(lambda: running.qr(account_id))
        image = Image.open(BytesIO(base64.b64decode(code.png.partition(",")[2])))
        assert zxingcpp.read_barcodes(image.convert("L"))[0].text == code.code == "2@ref1,noise,identity,adv"
        assert (code.number, code.expires_at - code.shown_at) == (1, timedelta(seconds=60))
        driver.emit(Linking(), Syncing(), ready())
        runtime = await running.until(account_id, S.READY, ReasonCode.NONE)
        await eventually(lambda: S.READY in pages.phases())
        assert pages.phases() == [S.QUEUED, S.LAUNCHING, S.LOADING, S.QR, S.LINKING, S.SYNCING, S.READY]
        shown = [session for session in pages.sessions() if session.qr]
        assert [session.qr for session in shown] == [code]
        seqs = [session.seq for session in pages.sessions()]
        assert seqs == sorted(set(seqs))
    assert (runtime.phone_number, runtime.push_name, runtime.attempt) == ("34600111222", "Ana", 0)
    assert runtime.host_id == "host-one"
    assert await running.qr(account_id) is None
    assert await running.history(account_id) == [
        ("connect_requested", None, ReasonCode.REQUESTED),
        ("status", S.QR, ReasonCode.REQUESTED),
        ("status", S.READY, ReasonCode.NONE),
    ]


async def test_a_renewed_code_replaces_the_old_one_without_a_line_of_history(running: Stage) -> None:
    account_id = await running.account()
    driver = ScriptedDriver([qr(1, shown_at=utcnow()), qr(2, shown_at=utcnow())])
    running.will_get(driver)
    await running.connect(account_id)

    async def second() -> bool:
        code = await running.qr(account_id)
        return code is not None and code.number == 2

    await eventually(second)
    since = (await running.runtime(account_id)).status_since
    driver.emit(qr(3, shown_at=utcnow()))
    await eventually(lambda: _number_is(running, account_id, 3))
    assert (await running.runtime(account_id)).status_since == since
    assert len(await running.history(account_id)) == 2


async def _number_is(stage: Stage, account_id: object, number: int) -> bool:
    code = await stage.qr(account_id)  # type: ignore[arg-type]
    return code is not None and code.number == number


async def test_a_host_that_starts_restores_what_is_wanted_without_a_code(stage: Stage) -> None:
    heard_at = utcnow() - timedelta(days=2)
    account_id = await stage.linked(S.READY, last_activity=heard_at)
    idle = await stage.linked(S.STOPPED, desired=Desired.STOPPED)
    stage.will_get(ScriptedDriver([Loaded(), Linking(), Syncing(), ready()]))
    await stage.manager.start()
    await stage.until(account_id, S.READY, ReasonCode.RESTORED)
    ((made_for, since),) = stage.made
    assert made_for == account_id
    assert since is not None
    assert T0 < since < heard_at
    assert (await stage.runtime(idle)).status is S.STOPPED
    assert await stage.history(account_id) == [
        ("status", S.RECONNECTING, ReasonCode.HOST_STOPPED),
        ("status", S.READY, ReasonCode.RESTORED),
    ]


@pytest.mark.parametrize("news", [qr(), LoggedOut(LogoutCause.UNLINKED), QrExpired()])
async def test_a_login_lost_while_away_needs_a_person_and_is_no_silent_code(stage: Stage, news: object) -> None:
    account_id = await stage.linked()
    driver = ScriptedDriver([Loaded(), news])  # type: ignore[list-item]
    stage.will_get(driver)
    await stage.manager.start()
    runtime = await stage.until(account_id, S.ACTION_REQUIRED, ReasonCode.UNLINKED)
    assert (runtime.desired, runtime.host_id, runtime.phone_number) == (Desired.STOPPED, None, "34600111222")
    await stage.until_idle(account_id)
    assert driver.closed == 1
    again = ScriptedDriver([Loaded(), LoggedOut(LogoutCause.UNLINKED), qr(shown_at=utcnow())])
    stage.will_get(again)
    await stage.connect(account_id)
    await stage.until(account_id, S.QR, ReasonCode.UNLINKED)
    again.emit(Linking(), Syncing(), ready("34699000111", "Eva"))
    runtime = await stage.until(account_id, S.READY, ReasonCode.NONE)
    assert (runtime.phone_number, runtime.push_name) == ("34699000111", "Eva")


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        (LoggedOut(LogoutCause.UNLINKED), ReasonCode.UNLINKED),
        (LoggedOut(LogoutCause.LOGGED_OUT), ReasonCode.LOGGED_OUT),
        (Conflicted(), ReasonCode.CONFLICT),
        (qr(), ReasonCode.UNLINKED),
    ],
)
async def test_what_ends_a_ready_session_for_a_person_to_solve(stage: Stage, event: object, reason: ReasonCode) -> None:
    account_id = await stage.linked()
    driver = ScriptedDriver([Loaded(), ready()])
    stage.will_get(driver)
    await stage.manager.start()
    await stage.until(account_id, S.READY)
    driver.emit(event)  # type: ignore[arg-type]
    runtime = await stage.until(account_id, S.ACTION_REQUIRED, reason)
    assert runtime.desired is Desired.STOPPED
    await stage.until_idle(account_id)
    assert driver.closed == 1


async def test_a_code_that_nobody_scans_frees_the_browser(running: Stage) -> None:
    account_id = await running.account()
    driver = ScriptedDriver([Loaded(), qr(shown_at=utcnow()), QrExpired()])
    running.will_get(driver)
    await running.connect(account_id)
    await running.until(account_id, S.ACTION_REQUIRED, ReasonCode.QR_EXPIRED)
    await running.until_idle(account_id)
    assert driver.closed == 1
    assert await running.qr(account_id) is None
    running.will_get(ScriptedDriver([Loaded(), qr(shown_at=utcnow())]))
    await running.connect(account_id)
    await running.until(account_id, S.QR)


async def test_why_only_a_person_can_go_on_is_still_said_while_the_browser_closes(running: Stage) -> None:
    account_id = await running.account()
    driver = UnclosableDriver([Loaded(), qr(shown_at=utcnow()), QrExpired()])
    running.will_get(driver)
    await running.connect(account_id)
    await running.until(account_id, S.ACTION_REQUIRED, ReasonCode.QR_EXPIRED)
    await looked(running)
    assert driver.closed == 0
    # Pressed again before the browser is closed: the next one waits for it, since they share a profile.
    await running.connect(account_id)
    await looked(running)
    driver.gate.set()
    running.will_get(ScriptedDriver([Loaded(), qr(shown_at=utcnow())]))
    await running.until(account_id, S.QR)
    assert driver.closed == 1
    said = [(status, reason) for kind, status, reason in await running.history(account_id) if kind == "status"]
    assert (S.STOPPED, ReasonCode.REQUESTED) not in said


async def test_a_browser_that_closes_is_waited_for_whatever_is_wanted_meanwhile(running: Stage) -> None:
    account_id = await running.account()
    driver = UnclosableDriver([Loaded(), qr(shown_at=utcnow()), QrExpired()])
    running.will_get(driver)
    await running.connect(account_id)
    await running.until(account_id, S.ACTION_REQUIRED)
    await service.delete(running.core, running.user_id, account_id)
    await eventually(lambda: running.manager._sessions[account_id].running.goal is Goal.DELETE)
    await looked(running)
    assert await running.row(account_id) is not None
    driver.gate.set()
    await running.until_gone(account_id)
    assert driver.closed == 1


async def looked(stage: Stage) -> None:
    """Return once the host has compared what is wanted with what runs, twice: a round may have been under way."""
    manager = stage.manager
    rounds, compare = 0, manager._compare

    def counted(*args: Any) -> None:
        nonlocal rounds
        compare(*args)
        rounds += 1

    with patch.object(manager, "_compare", counted):
        await eventually(lambda: rounds >= 2)


async def test_a_newer_request_is_not_swallowed_by_an_older_end(running: Stage) -> None:
    account_id = await running.account()
    first = ScriptedDriver([Loaded(), qr(shown_at=utcnow()), QrExpired()])
    running.will_get(first, ScriptedDriver([Loaded(), ready()]))
    async with running.core.db.begin() as session:
        # Asked for before the host ever looked, and once more while it works on the first request.
        await accounts.want(session, account_id, Desired.CONNECTED)
        await accounts.want(session, account_id, Desired.CONNECTED, restart=True)
    await running.connect(account_id)
    await running.until(account_id, S.ACTION_REQUIRED)
    await running.connect(account_id)
    await running.until(account_id, S.READY)


async def test_offline_keeps_the_browser_and_comes_back_by_itself(stage: Stage) -> None:
    account_id = await stage.linked()
    driver = ScriptedDriver([Loaded(), ready()])
    stage.will_get(driver)
    await stage.manager.start()
    await stage.until(account_id, S.READY)
    driver.emit(Offline("no socket"))
    runtime = await stage.until(account_id, S.RECONNECTING, ReasonCode.OFFLINE)
    assert runtime.reason == "no socket"
    driver.emit(ready())
    await stage.until(account_id, S.READY, ReasonCode.RESTORED)
    assert (driver.started, driver.closed) == (1, 0)


async def test_a_page_that_loads_anew_is_followed(stage: Stage) -> None:
    account_id = await stage.linked()
    driver = ScriptedDriver([Loaded(), ready()])
    stage.will_get(driver)
    await stage.manager.start()
    await stage.until(account_id, S.READY)
    driver.emit(Loaded())
    await stage.until(account_id, S.LOADING)
    driver.emit(Syncing(), ready())
    await stage.until(account_id, S.READY)


async def test_events_that_make_no_sense_change_nothing(stage: Stage) -> None:
    account_id = await stage.linked()
    driver = ScriptedDriver([Loaded(), ready(), Linking()])
    stage.will_get(driver)
    async with listening(stage.core, stage.user_id) as pages:
        await stage.manager.start()
        await stage.until(account_id, S.READY)
        driver.emit(Offline("marker"))
        await stage.until(account_id, S.RECONNECTING, ReasonCode.OFFLINE)
        await eventually(lambda: pages.phases()[-1] is S.RECONNECTING)
        assert S.LINKING not in pages.phases()


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (FatalError("none", code="no_chromium"), ReasonCode.BROWSER_MISSING),
        (FatalError("off", code="sandbox_off"), ReasonCode.SANDBOX_OFF),
        (FatalError("full", code="disk_full"), ReasonCode.DISK_FULL),
    ],
)
async def test_what_cannot_work_is_an_error_with_its_reason(
    running: Stage, error: FatalError, reason: ReasonCode
) -> None:
    account_id = await running.account()
    running.will_get(error)
    await running.connect(account_id)
    runtime = await running.until(account_id, S.ERROR, reason)
    assert (runtime.desired, runtime.reason) == (Desired.STOPPED, error.message)
    running.will_get(ScriptedDriver([Loaded(), qr(shown_at=utcnow())]))
    await running.connect(account_id)
    await running.until(account_id, S.QR)


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        (Lost(Loss.UNSUPPORTED, "update Chrome"), ReasonCode.UNSUPPORTED_BROWSER),
        (Gated(Gate.PASSKEY), ReasonCode.PASSKEY),
        (Gated(Gate.BANNED), ReasonCode.BANNED),
        (Gated(Gate.LIMITED), ReasonCode.LIMITED),
        (Gated(Gate.TERMS), ReasonCode.TERMS),
    ],
)
async def test_what_only_a_person_can_solve_is_said_and_ends_the_browser(
    running: Stage, event: Lost | Gated, reason: ReasonCode
) -> None:
    account_id = await running.account()
    driver = ScriptedDriver([Loaded(), event])
    running.will_get(driver)
    await running.connect(account_id)
    runtime = await running.until(account_id, S.ACTION_REQUIRED, reason)
    assert runtime.desired is Desired.STOPPED
    await running.until_idle(account_id)
    assert driver.closed == 1


async def test_without_room_a_start_waits_in_line(stage: Stage) -> None:
    stage.house.room._max = 1
    first, second = await stage.account(), await stage.account()
    stage.will_get(ScriptedDriver([Loaded(), qr(shown_at=utcnow())]))
    await stage.manager.start()
    await stage.connect(first)
    await stage.until(first, S.QR)
    stage.will_get(ScriptedDriver([Loaded(), qr(shown_at=utcnow())]))
    await stage.connect(second)
    await stage.until(second, S.QUEUED, ReasonCode.WAITING_FOR_ROOM)
    assert ("status", S.QUEUED, ReasonCode.WAITING_FOR_ROOM) in await stage.history(second)
    await service.disconnect(stage.core, stage.user_id, first)
    await stage.until(second, S.QR)


async def test_browsers_start_a_few_at_a_time(stage: Stage) -> None:
    object.__setattr__(stage.house, "starts", asyncio.Semaphore(1))
    account_ids = [await stage.linked() for _ in range(3)]
    slow = NeverStartedDriver()
    stage.will_get(slow, ScriptedDriver([ready()]), ScriptedDriver([ready()]))
    await stage.manager.start()
    await eventually(lambda: slow.started == 1)
    blocking = stage.made[0][0]
    for account_id in account_ids:
        status = (await stage.until(account_id, S.LAUNCHING if account_id == blocking else S.RECONNECTING)).status
        assert status is not S.READY
    await service.disconnect(stage.core, stage.user_id, blocking)
    for account_id in account_ids:
        await stage.until(account_id, S.STOPPED if account_id == blocking else S.READY)
