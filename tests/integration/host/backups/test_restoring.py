"""Backups that are put back, and those that are no good."""

from __future__ import annotations

from session_core.backups import swap
from session_core.domain.backup import BackupProblem, BackupStatus
from session_core.domain.status import Desired, ReasonCode, SessionStatus
from session_core.services import accounts as account_service
from session_core.services import backups as service
from session_core.whatsapp.driver import Loaded
from tests.fakes.drivers import ScriptedDriver, ready
from tests.integration.backups.profiles import NEEDED, contents
from tests.integration.host.backups.archives import (
    LOG,
    at_rest,
    backed_up,
    file_of,
    kinds,
    listed,
    log_of,
    ready_driver,
    spoil,
    until_backup,
    write,
)
from tests.integration.host.stage import PATIENCE, Stage, listening, stage_on
from tests.waiting import eventually

S = SessionStatus
B = BackupStatus


async def test_restoring_at_rest_brings_the_old_profile_back_and_connects(stage: Stage) -> None:
    account_id = await at_rest(stage)
    await stage.manager.start()
    made = await backed_up(stage, account_id)
    write(stage, account_id, b"later")
    stage.will_get(ready_driver())
    async with listening(stage.core, stage.user_id) as pages:
        await service.restore(stage.core, stage.user_id, account_id, made.id)
        await stage.until(account_id, S.READY)
        reasons = [session.reason_code for session in pages.sessions()]
    assert ReasonCode.RESTORING in reasons
    assert log_of(stage, account_id) == NEEDED[LOG]
    await eventually(lambda: not swap.previous(stage.profile(account_id)).exists(), PATIENCE, "the old one is let go")
    assert (await kinds(stage, account_id))[-3:-1] == ["restore_requested", "backup_restored"]
    runtime = await stage.runtime(account_id)
    assert (runtime.restore_seq, runtime.restore_backup_id, runtime.desired) == (0, None, Desired.CONNECTED)


async def test_restoring_a_running_account_closes_its_browser_first(stage: Stage) -> None:
    account_id = await at_rest(stage)
    await stage.manager.start()
    made = await backed_up(stage, account_id)
    first, second = ready_driver(), ready_driver()
    stage.will_get(first, second)
    await stage.connect(account_id)
    await stage.until(account_id, S.READY)
    write(stage, account_id, b"later")
    await service.restore(stage.core, stage.user_id, account_id)  # the newest
    await eventually(lambda: second.started == 1, PATIENCE)
    await stage.until(account_id, S.READY)
    assert first.closed == 1
    assert log_of(stage, account_id) == NEEDED[LOG]
    assert made.id == (await listed(stage, account_id))[-1].id


async def test_a_restored_profile_keeps_the_old_one_until_it_is_ready(stage: Stage) -> None:
    account_id = await at_rest(stage)
    await stage.manager.start()
    made = await backed_up(stage, account_id)
    write(stage, account_id, b"later")
    driver = ScriptedDriver([Loaded()])
    stage.will_get(driver)
    await service.restore(stage.core, stage.user_id, account_id, made.id)
    await stage.until(account_id, S.LOADING)
    assert (swap.previous(stage.profile(account_id)) / LOG).read_bytes() == b"later"
    driver.emit(ready())
    await stage.until(account_id, S.READY)
    await eventually(lambda: not swap.previous(stage.profile(account_id)).exists(), PATIENCE)


async def test_a_damaged_backup_of_an_account_at_rest_changes_nothing_and_says_so(stage: Stage) -> None:
    account_id = await at_rest(stage)
    await stage.manager.start()
    made = await backed_up(stage, account_id)
    spoil(file_of(stage, account_id, made))
    write(stage, account_id, b"later")
    before = contents(stage.profile(account_id))
    await service.restore(stage.core, stage.user_id, account_id, made.id)
    await stage.until(account_id, S.ERROR, ReasonCode.RESTORE_FAILED)
    assert contents(stage.profile(account_id)) == before
    assert not swap.previous(stage.profile(account_id)).exists()
    assert (await until_backup(stage, account_id, B.DAMAGED, made.id)).problem is BackupProblem.DAMAGED
    assert "restore_failed" in await kinds(stage, account_id)
    assert stage.made == []
    await stage.until_idle(account_id)
    runtime = await stage.runtime(account_id)
    assert (runtime.restore_seq, runtime.desired) == (0, Desired.STOPPED)
    stage.will_get(ready_driver())
    await stage.connect(account_id)
    await stage.until(account_id, S.READY)
    assert log_of(stage, account_id) == b"later"


async def test_a_damaged_backup_of_a_running_account_leaves_it_running(stage: Stage) -> None:
    account_id = await at_rest(stage)
    await stage.manager.start()
    made = await backed_up(stage, account_id)
    spoil(file_of(stage, account_id, made))
    second = ready_driver()
    stage.will_get(ready_driver(), second)
    await stage.connect(account_id)
    await stage.until(account_id, S.READY)
    write(stage, account_id, b"later")
    await service.restore(stage.core, stage.user_id, account_id, made.id)
    await eventually(lambda: second.started == 1, PATIENCE)
    await stage.until(account_id, S.READY)
    assert log_of(stage, account_id) == b"later"
    assert "restore_failed" in await kinds(stage, account_id)


async def test_the_same_request_is_not_carried_out_twice(stage: Stage) -> None:
    """A host died after the restored profile was in its place and before it was noted: what happened since stays."""
    account_id = await at_rest(stage)
    await stage.manager.start()
    made = await backed_up(stage, account_id)
    await stage.manager.stop()
    await service.restore(stage.core, stage.user_id, account_id, made.id)
    runtime = await stage.runtime(account_id)
    swap.mark(stage.profile(account_id), f"{made.id} {runtime.restore_seq}")
    write(stage, account_id, b"since then")
    async with stage_on(stage.core, stage.profile(account_id).parent, user_id=stage.user_id) as next_life:
        next_life.will_get(ready_driver())
        await next_life.manager.start()
        await next_life.until(account_id, S.READY)
        assert log_of(stage, account_id) == b"since then"
        assert (await stage.runtime(account_id)).restore_seq == 0


async def test_disconnecting_takes_back_a_restore_that_nobody_has_begun(stage: Stage) -> None:
    account_id = await at_rest(stage)
    await stage.manager.start()
    made = await backed_up(stage, account_id)
    await stage.manager.stop()
    await service.restore(stage.core, stage.user_id, account_id, made.id)
    await account_service.disconnect(stage.core, stage.user_id, account_id)
    runtime = await stage.runtime(account_id)
    assert (runtime.restore_seq, runtime.restore_backup_id) == (0, None)
