"""Several hosts, leases, and the stopping and starting of a host."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from session_core.bus import hosts, keys, lease
from session_core.core import Core
from session_core.domain.status import Desired, ReasonCode, SessionStatus
from session_core.errors import FatalError
from session_core.host.identity import only_host
from session_core.host.leases import LeaseKeeper
from session_core.services import accounts as service
from session_core.whatsapp.driver import Loaded
from tests.fakes.drivers import NeverStartedDriver, ScriptedDriver, UnstartableDriver, ready
from tests.integration.host.stage import QUICK, Stage, stage_on
from tests.waiting import eventually

S = SessionStatus


async def test_an_account_of_another_host_is_left_alone(stage: Stage) -> None:
    account_id = await stage.linked()
    theirs = await lease.acquire(stage.core.redis, account_id, "host-two", timedelta(minutes=1))
    assert theirs is not None
    await stage.manager.start()
    mine = await stage.linked()
    stage.will_get(ScriptedDriver([Loaded(), ready()]))
    await stage.until(mine, S.READY)
    assert (await stage.runtime(account_id)).status is S.RECONNECTING
    stage.will_get(ScriptedDriver([Loaded(), ready()]))
    await lease.release(stage.core.redis, theirs)
    await stage.until(account_id, S.READY)


async def test_what_a_dead_host_left_running_is_stopped_by_another_when_its_owner_wants_that(stage: Stage) -> None:
    account_id = await stage.linked(S.READY, desired=Desired.STOPPED, host_id="host-dead")
    theirs = await lease.acquire(stage.core.redis, account_id, "host-dead", timedelta(minutes=1))
    assert theirs is not None
    await stage.manager.start()
    mine = await stage.linked()
    stage.will_get(ScriptedDriver([Loaded(), ready()]))
    await stage.until(mine, S.READY)
    assert (await stage.runtime(account_id)).status is S.READY  # it may still be alive
    await lease.release(stage.core.redis, theirs)
    await stage.until(account_id, S.STOPPED)
    assert len(stage.made) == 1


async def test_who_loses_the_lease_closes_at_once_and_says_nothing(stage: Stage) -> None:
    account_id = await stage.linked()
    driver = ScriptedDriver([Loaded(), ready()])
    stage.will_get(driver)
    await stage.manager.start()
    before = await stage.until(account_id, S.READY)
    await stage.core.redis.set(keys.lease(account_id), "host-two:99")
    await eventually(lambda: driver.closed == 1)
    await stage.until_idle(account_id)
    after = await stage.runtime(account_id)
    assert (after.seq, after.status, after.desired) == (before.seq, S.READY, Desired.CONNECTED)
    assert await stage.core.redis.get(keys.lease(account_id)) == "host-two:99"


async def test_a_lease_outlives_its_time_while_the_session_runs(stage: Stage) -> None:
    account_id = await stage.linked()
    stage.will_get(ScriptedDriver([Loaded(), ready()]))
    await stage.manager.start()
    await stage.until(account_id, S.READY)
    first = await stage.core.redis.pttl(keys.lease(account_id))

    async def renewed() -> bool:
        left = await stage.core.redis.pttl(keys.lease(account_id))
        nonlocal first
        if left > first:
            return True
        first = left
        return False

    await eventually(renewed)
    assert first < QUICK.lease.total_seconds() * 1000


async def test_a_host_that_stops_closes_everything_and_leaves_it_wanted(core: Core, tmp_path: Path) -> None:
    folder = tmp_path / "profiles"
    driver, starting = ScriptedDriver([Loaded(), ready()]), NeverStartedDriver()
    async with stage_on(core, folder) as first:
        first.will_get(driver, starting, UnstartableDriver())
        account_ids = [await first.linked() for _ in range(3)]
        await first.manager.start()
        await eventually(lambda: len(first.made) == 3)
        ready_id, _, pausing_id = (account_id for account_id, _ in first.made)
        await first.until(ready_id, S.READY)
        await first.until(pausing_id, S.RECONNECTING, ReasonCode.BROWSER_CRASHED)
        await first.manager.stop()
        for account_id in account_ids:
            runtime = await first.runtime(account_id)
            assert (runtime.status, runtime.reason_code) == (S.RECONNECTING, ReasonCode.HOST_STOPPED)
            assert (runtime.desired, runtime.host_id) == (Desired.CONNECTED, None)
            assert await core.redis.get(keys.lease(account_id)) is None
        assert (driver.closed, driver.logouts, starting.closed) == (1, 0, 1)
        assert await hosts.alive(core.redis) == []
        user_id = first.user_id
    async with stage_on(core, folder, host_id="host-two", user_id=user_id) as second:
        second.will_get(*(ScriptedDriver([Loaded(), ready()]) for _ in range(3)))
        await second.manager.start()
        for account_id in account_ids:
            runtime = await second.until(account_id, S.READY, ReasonCode.RESTORED)
            assert runtime.host_id == "host-two"
        lines = await second.history(ready_id)
        assert lines.count(("status", S.RECONNECTING, ReasonCode.HOST_STOPPED)) == 2


async def test_what_a_dead_host_left_half_done_is_finished(stage: Stage) -> None:
    stopping = await stage.linked(S.STOPPING, desired=Desired.STOPPED, wanted_seq=2, host_id="host-one")
    logging_out = await stage.linked(S.STOPPING, desired=Desired.STOPPED, wanted_seq=3, logout_seq=3)
    restarting = await stage.linked(S.STOPPING, wanted_seq=2, restart_seq=2, host_id="host-one")
    unlinking = ScriptedDriver([Loaded(), ready()])
    stage.will_get(unlinking, ScriptedDriver([Loaded(), ready()]))
    await stage.manager.start()
    await stage.until(stopping, S.STOPPED)
    await stage.until(logging_out, S.STOPPED, ReasonCode.LOGGED_OUT)
    await stage.until(restarting, S.READY)


async def test_heartbeats_tell_room_and_warnings(stage: Stage) -> None:
    stage.house.room._max = 1
    stage.manager._about.warnings.append("Something to know.")
    await stage.manager.start()
    (beat,) = await eventually(lambda: hosts.alive(stage.core.redis))
    assert (beat.host_id, beat.running, beat.room_for, beat.warnings) == ("host-one", 0, 1, ["Something to know."])
    account_id = await stage.linked()
    stage.will_get(ScriptedDriver([Loaded(), ready()]))
    await stage.connect(account_id)

    async def full() -> bool:
        (beat,) = await hosts.alive(stage.core.redis)
        return beat.running == 1 and beat.room_for == 0 and len(beat.warnings) == 2

    await eventually(full)


async def test_a_poke_is_answered_at_once_and_its_loss_costs_little(core: Core, tmp_path: Path) -> None:
    async with stage_on(core, tmp_path / "profiles") as stage:
        await stage.manager.start()
        account_id = await stage.linked(S.STOPPED)
        stage.will_get(ScriptedDriver([Loaded(), ready()]))
        # Nobody pokes: the row alone is enough.
        await stage.until(account_id, S.READY)
        await service.disconnect(core, stage.user_id, account_id)
        await stage.until(account_id, S.STOPPED)


async def test_a_release_in_the_middle_of_a_renewal_leaves_no_lease_behind(
    core: Core, monkeypatch: pytest.MonkeyPatch
) -> None:
    account_id = uuid4()
    keeper = LeaseKeeper(core.redis, "host-one", lambda _: None)
    assert await keeper.acquire(account_id)
    assert keeper.sure(account_id)

    async def release_meanwhile(*_: object) -> bool:
        await keeper.release(account_id)
        return False

    monkeypatch.setattr(lease, "renew", release_meanwhile)
    await keeper._renew(account_id)
    assert await core.redis.get(keys.lease(account_id)) is None
    assert not keeper.sure(account_id)


def test_one_host_for_each_data_folder_and_one_name_for_ever(tmp_path: Path) -> None:
    with only_host(tmp_path / "data") as name:
        assert name.startswith("host-")
        with pytest.raises(FatalError) as refused, only_host(tmp_path / "data"):
            pass
        assert refused.value.code == "host_running"
        with only_host(tmp_path / "other") as other:
            assert other != name
    with only_host(tmp_path / "data") as again:
        assert again == name
    (tmp_path / "data" / "host_id").write_text("half a na")
    with only_host(tmp_path / "data") as fresh:
        assert fresh.startswith("host-")
        assert fresh != name
