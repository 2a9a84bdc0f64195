"""Backups by a host: made, read back, restored, removed; and what happens when one of them is no good."""

from __future__ import annotations

import asyncio
import shutil
import threading
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from session_core.backups import swap
from session_core.browser.profile import quarantines
from session_core.bus import hosts
from session_core.clock import utcnow
from session_core.core import Core
from session_core.domain.alerts import AlertKind
from session_core.domain.backup import BackupProblem, BackupReason, BackupStatus, BackupView
from session_core.domain.status import Desired, ReasonCode, SessionStatus
from session_core.host import backup_making
from session_core.services import accounts as account_service
from session_core.services import backups as service
from session_core.store import accounts, alerts, backups
from session_core.store.models import SessionBackup
from session_core.whatsapp.driver import Loaded, LoggedOut, LogoutCause, Loss, Lost
from tests.fakes.drivers import NeverReadyDriver, ScriptedDriver, qr, ready
from tests.integration.backups.profiles import NEEDED, contents, make_profile
from tests.integration.backups.test_freeze import browser_on
from tests.integration.host.stage import PATIENCE, QUICK_BACKUPS, Stage, listening, stage_on
from tests.waiting import eventually

S = SessionStatus
B = BackupStatus
LOG = "Default/IndexedDB/https_x_0.indexeddb.leveldb/000003.log"


@pytest.fixture
async def stage(core: Core, tmp_path: Path) -> AsyncIterator[Stage]:
    """Give a host that backs up a running session as soon as it is ready, when its browser is there."""
    rhythm = replace(QUICK_BACKUPS, first_after=timedelta(0), clean_every=timedelta(0))
    async with stage_on(core, tmp_path / "profiles", backups=rhythm) as stage:
        yield stage


async def linked(stage: Stage, status: SessionStatus = S.RECONNECTING, **runtime: object) -> UUID:
    account_id = await stage.linked(status, **runtime)
    make_profile(stage.profile(account_id))
    return account_id


async def at_rest(stage: Stage) -> UUID:
    return await linked(stage, S.STOPPED, desired=Desired.STOPPED)


def ready_driver() -> ScriptedDriver:
    return ScriptedDriver([Loaded(), ready()])


async def listed(stage: Stage, account_id: UUID) -> list[BackupView]:
    return await service.list_backups(stage.core, stage.user_id, account_id)


async def until_backup(
    stage: Stage, account_id: UUID, status: BackupStatus, backup_id: UUID | None = None
) -> BackupView:
    """Return the newest backup (or that one) once it has the status and nothing more is done about it."""

    async def found() -> BackupView | None:
        shown = [one for one in await listed(stage, account_id) if backup_id in {None, one.id}]
        if not shown or shown[0].status is not status or shown[0].verifying:
            return None
        return shown[0] if status is not B.COMPLETE or shown[0].verified_at else None

    return await eventually(found, PATIENCE, f"backup {status}")


async def backed_up(stage: Stage, account_id: UUID) -> BackupView:
    asked = await service.request(stage.core, stage.user_id, account_id)
    return await until_backup(stage, account_id, B.COMPLETE, asked.id)


def file_of(stage: Stage, account_id: UUID, backup: BackupView) -> Path:
    folder = stage.core.settings.backups_dir / str(stage.user_id) / str(account_id)
    (found,) = folder.glob(f"*{backup.id}*")
    return found


def archives(stage: Stage) -> list[Path]:
    return list(stage.core.settings.backups_dir.rglob("*.wabk"))


def spoil(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


def write(stage: Stage, account_id: UUID, content: bytes) -> None:
    """Let time pass in a profile."""
    (stage.profile(account_id) / LOG).write_bytes(content)


def log_of(stage: Stage, account_id: UUID) -> bytes:
    return (stage.profile(account_id) / LOG).read_bytes()


async def kinds(stage: Stage, account_id: UUID) -> list[str]:
    return [kind for kind, _, _ in await stage.history(account_id)]


# ---- Making ---------------------------------------------------------------------------------------------------------


async def test_stopping_leaves_a_clean_backup_that_was_read_back(stage: Stage) -> None:
    account_id = await linked(stage)
    stage.will_get(ready_driver())
    await stage.manager.start()
    await stage.until(account_id, S.READY)
    async with listening(stage.core, stage.user_id) as pages:
        await account_service.disconnect(stage.core, stage.user_id, account_id)
        made = await until_backup(stage, account_id, B.COMPLETE)
        await eventually(lambda: "backup" in pages.kinds())
    assert (made.clean, made.reason, made.store, made.chromium) == (True, BackupReason.STOPPED, "local", "156.0.1")
    assert made.size == file_of(stage, account_id, made).stat().st_size
    assert made.verified_at is not None
    assert contents(stage.profile(account_id)).items() >= NEEDED.items()


async def test_a_young_clean_backup_is_enough(core: Core, tmp_path: Path) -> None:
    async with stage_on(core, tmp_path / "profiles") as stage:
        account_id = await linked(stage)
        stage.will_get(ready_driver())
        await stage.manager.start()
        for _ in range(2):
            await stage.until(account_id, S.READY)
            await account_service.disconnect(core, stage.user_id, account_id)
            await until_backup(stage, account_id, B.COMPLETE)
            await stage.until_idle(account_id)
            stage.will_get(ready_driver())
            await stage.connect(account_id)
        await stage.until(account_id, S.READY)
        assert len([one for one in await listed(stage, account_id) if one.clean]) == 1


async def test_a_host_that_stops_backs_up_what_was_ready(stage: Stage) -> None:
    was_ready, never_ready = await linked(stage), await linked(stage, last_activity=None)
    stage.will_get(ready_driver(), NeverReadyDriver())
    await stage.manager.start()
    ready_one = await eventually(lambda: _first_ready(stage, was_ready, never_ready), PATIENCE)
    other = never_ready if ready_one == was_ready else was_ready
    await stage.manager.stop()
    made = await listed(stage, ready_one)
    assert [(one.status, one.clean) for one in made][:1] == [(B.COMPLETE, True)]
    assert await listed(stage, other) == []
    assert not (stage.house.profiles.path("x").parent / ".backups" / "host-one").exists()  # type: ignore[attr-defined]


async def _first_ready(stage: Stage, *account_ids: UUID) -> UUID | None:
    for account_id in account_ids:
        if (await stage.runtime(account_id)).status is S.READY:
            return account_id
    return None


async def test_a_running_session_is_backed_up_by_itself_and_held_still_for_a_moment_only(stage: Stage) -> None:
    account_id = await linked(stage)
    with browser_on(stage.profile(account_id)) as found:
        stage.will_get(ready_driver())
        await stage.manager.start()
        made = await until_backup(stage, account_id, B.COMPLETE)
        assert (made.clean, made.reason) == (False, BackupReason.SCHEDULED)
        assert all(process.status() != "stopped" for process in found)
        asked = await backed_up(stage, account_id)
        assert (asked.clean, asked.reason) == (False, BackupReason.REQUESTED)
        # The next one by itself comes much later.
        assert len(await listed(stage, account_id)) == 2


async def test_one_that_fails_says_so_once_and_is_tried_again_later(stage: Stage) -> None:
    account_id = await linked(stage)
    stage.will_get(ready_driver())
    await stage.manager.start()  # no browser has the profile open, so there is nothing to hold still
    failed = await until_backup(stage, account_id, B.FAILED)
    assert failed.problem is BackupProblem.PROFILE
    assert (await stage.runtime(account_id)).status is S.READY
    assert len(await listed(stage, account_id)) == 1
    assert (await kinds(stage, account_id)).count("backup_failed") == 1
    assert archives(stage) == []
    # Once is a busy page; twice in a row is something that its owner has to know.
    assert await open_alerts(stage, account_id) == 0
    await service.request(stage.core, stage.user_id, account_id)
    await eventually(lambda: open_alerts(stage, account_id), PATIENCE, "an alert")
    with browser_on(stage.profile(account_id)):
        await backed_up(stage, account_id)
        await eventually(lambda: _no_alert(stage, account_id), PATIENCE, "the alert is over")


async def open_alerts(stage: Stage, account_id: UUID) -> int:
    async with stage.core.db.read() as session:
        return int(await alerts.open_about(session, account_id, AlertKind.BACKUP_FAILING) is not None)


async def _no_alert(stage: Stage, account_id: UUID) -> bool:
    return await open_alerts(stage, account_id) == 0


async def test_what_is_asked_for_at_rest_is_made_without_a_browser(stage: Stage) -> None:
    account_id = await at_rest(stage)
    await stage.manager.start()
    made = await backed_up(stage, account_id)
    assert (made.clean, made.reason) == (True, BackupReason.REQUESTED)
    assert stage.made == []
    assert (await stage.runtime(account_id)).status is S.STOPPED
    assert "backup_made" in await kinds(stage, account_id)
    await stage.until_idle(account_id)


async def test_a_browser_does_not_start_while_its_profile_is_put_aside(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on = threading.Event(), threading.Event()
    stage_closed = backup_making.stage_closed

    def slowly(profile: Path, folder: Path) -> object:
        begun.set()
        go_on.wait(PATIENCE.total_seconds())
        return stage_closed(profile, folder)

    monkeypatch.setattr(backup_making, "stage_closed", slowly)
    account_id = await at_rest(stage)
    await stage.manager.start()
    asked = await service.request(stage.core, stage.user_id, account_id)
    await asyncio.to_thread(begun.wait)
    driver = ready_driver()
    stage.will_get(driver)
    await stage.connect(account_id)
    # Several looks at the rows later nothing has started.
    await eventually(lambda: _looked_again(stage), PATIENCE)
    assert driver.started == 0
    go_on.set()
    await stage.until(account_id, S.READY)
    await until_backup(stage, account_id, B.COMPLETE, asked.id)


async def _looked_again(stage: Stage, times: int = 3) -> bool:
    """Return after so many heartbeats, each of which is longer than a poke takes."""
    seen = set()
    while len(seen) <= times:
        seen |= {beat.at for beat in await hosts.alive(stage.core.redis)}
    return True


async def test_asking_twice_makes_one(stage: Stage) -> None:
    account_id = await at_rest(stage)
    first = await service.request(stage.core, stage.user_id, account_id)
    assert await service.request(stage.core, stage.user_id, account_id) == first
    await stage.manager.start()
    await until_backup(stage, account_id, B.COMPLETE, first.id)
    assert len(archives(stage)) == 1


async def test_what_nobody_can_do_is_given_up(core: Core, tmp_path: Path) -> None:
    rhythm = replace(QUICK_BACKUPS, patience=timedelta(milliseconds=300))
    async with stage_on(core, tmp_path / "profiles", backups=rhythm) as stage:
        account_id = await at_rest(stage)
        shutil.rmtree(stage.profile(account_id))
        await stage.manager.start()
        asked = await service.request(core, stage.user_id, account_id)
        failed = await until_backup(stage, account_id, B.FAILED, asked.id)
        assert failed.problem is BackupProblem.NOT_READY


async def test_a_host_that_died_over_a_backup_leaves_nothing_behind(stage: Stage) -> None:
    account_id = await at_rest(stage)
    dead, young = _uploading(account_id, "host-one"), _uploading(account_id, "host-two")
    old = _uploading(account_id, "host-two", age=timedelta(hours=2))
    left = [one.path for one in (dead, old)]
    kept = young.path
    ids = {"dead": dead.id, "young": young.id, "old": old.id}
    for path in (*left, kept):
        place = stage.core.settings.backups_dir / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(b"half an archive")
    async with stage.core.db.begin() as session:
        for one in (dead, young, old):
            await backups.add(session, one)
    await stage.manager.start()
    for name in ("dead", "old"):
        failed = await until_backup(stage, account_id, B.FAILED, ids[name])
        assert failed.problem is BackupProblem.INTERRUPTED
    assert [str(path) for path in archives(stage)] == [str(stage.core.settings.backups_dir / kept)]
    assert (await service.get(stage.core, stage.user_id, account_id, ids["young"])).status is B.UPLOADING


def _uploading(account_id: UUID, host_id: str, age: timedelta = timedelta(0)) -> SessionBackup:
    at, backup_id = utcnow() - age, uuid4()
    return SessionBackup(
        id=backup_id,
        account_id=account_id,
        status=B.UPLOADING,
        because=BackupReason.SCHEDULED,
        store="local",
        path=f"{uuid4()}/{account_id}/{backup_id}.wabk",
        host_id=host_id,
        created_at=at,
        updated_at=at,
    )


async def test_old_ones_go_by_themselves(stage: Stage) -> None:
    account_id = await at_rest(stage)
    await stage.manager.start()
    made = [await backed_up(stage, account_id) for _ in range(5)]
    await eventually(lambda: len(archives(stage)) == 3, PATIENCE, "retention")
    assert [one.id for one in await listed(stage, account_id)] == [one.id for one in reversed(made[2:])]


async def test_a_backup_that_was_given_up_while_it_was_made_leaves_no_archive(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    account_id = await at_rest(stage)
    finish = backup_making.backups.finish

    async def too_late(session: object, backup_id: UUID, **values: object) -> bool:
        await backups.want_removed(session, [backup_id], utcnow())  # type: ignore[arg-type]
        return bool(await finish(session, backup_id, **values))

    monkeypatch.setattr(backup_making.backups, "finish", too_late)
    await stage.manager.start()
    await service.request(stage.core, stage.user_id, account_id)
    await eventually(lambda: _none_left(stage, account_id), PATIENCE)
    assert archives(stage) == []


async def _none_left(stage: Stage, account_id: UUID) -> bool:
    async with stage.core.db.read() as session:
        return not await listed(stage, account_id) and not await backups.to_do(session)


# ---- Verifying, removing --------------------------------------------------------------------------------------------


async def test_verifying_finds_the_good_and_the_bad(stage: Stage) -> None:
    account_id = await at_rest(stage)
    await stage.manager.start()
    good, bad, missing = [await backed_up(stage, account_id) for _ in range(3)]
    spoil(file_of(stage, account_id, bad))
    file_of(stage, account_id, missing).unlink()
    for one in (good, bad, missing):
        await service.verify(stage.core, stage.user_id, account_id, one.id)
    again = await until_backup(stage, account_id, B.COMPLETE, good.id)
    assert again.verified_at is not None
    assert good.verified_at is not None
    assert again.verified_at > good.verified_at
    assert (await until_backup(stage, account_id, B.DAMAGED, bad.id)).problem is BackupProblem.DAMAGED
    assert (await until_backup(stage, account_id, B.DAMAGED, missing.id)).problem is BackupProblem.MISSING


async def test_a_key_that_is_away_makes_no_backup_worthless(stage: Stage) -> None:
    account_id = await at_rest(stage)
    await stage.manager.start()
    made = await backed_up(stage, account_id)
    key = stage.core.settings.data_dir / "backup.key"
    key.rename(key.with_suffix(".away"))
    await service.verify(stage.core, stage.user_id, account_id, made.id)

    async def told() -> BackupView | None:
        found = await service.get(stage.core, stage.user_id, account_id, made.id)
        return found if found.problem else None

    found = await eventually(told, PATIENCE)
    assert (found.status, found.problem) == (B.COMPLETE, BackupProblem.KEY_MISSING)
    key.with_suffix(".away").rename(key)
    await service.verify(stage.core, stage.user_id, account_id, made.id)

    async def fine() -> bool:
        return (await service.get(stage.core, stage.user_id, account_id, made.id)).problem is None

    await eventually(fine, PATIENCE)


async def test_deleting_one_removes_its_archive(stage: Stage) -> None:
    account_id = await at_rest(stage)
    await stage.manager.start()
    one, other = [await backed_up(stage, account_id) for _ in range(2)]
    await service.delete(stage.core, stage.user_id, account_id, one.id)
    await eventually(lambda: len(archives(stage)) == 1, PATIENCE)
    assert file_of(stage, account_id, other) == archives(stage)[0]


async def test_logging_out_removes_all_of_them(stage: Stage) -> None:
    account_id, bystander = await at_rest(stage), await at_rest(stage)
    await stage.manager.start()
    for one in (account_id, bystander):
        await backed_up(stage, one)
    stage.will_get(ready_driver())
    await account_service.disconnect(stage.core, stage.user_id, account_id, logout=True)
    await stage.until(account_id, S.STOPPED, ReasonCode.LOGGED_OUT)
    await eventually(lambda: _none_left(stage, account_id), PATIENCE)
    assert len(archives(stage)) == 1
    assert len(await listed(stage, bystander)) == 1


async def test_deleting_the_account_removes_all_of_them_before_it_is_gone(stage: Stage) -> None:
    account_id = await at_rest(stage)
    await stage.manager.start()
    await backed_up(stage, account_id)
    swap.previous(stage.profile(account_id)).mkdir()
    stage.will_get(ready_driver())
    await account_service.delete(stage.core, stage.user_id, account_id)
    await stage.until_gone(account_id)
    assert archives(stage) == []
    assert not stage.profile(account_id).exists()
    assert not swap.previous(stage.profile(account_id)).exists()


# ---- Restoring ------------------------------------------------------------------------------------------------------


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


# ---- A profile that is gone -----------------------------------------------------------------------------------------


async def lost_profile(stage: Stage, count: int = 1) -> tuple[UUID, list[BackupView]]:
    """Return an account that is wanted, has backups, and whose profile is gone; its host is stopped."""
    account_id = await at_rest(stage)
    await stage.manager.start()
    made = []
    for number in range(count):
        write(stage, account_id, f"version {number}".encode())
        made.append(await backed_up(stage, account_id))
    await stage.manager.stop()
    shutil.rmtree(stage.profile(account_id))
    epoch = (await stage.runtime(account_id)).epoch
    async with stage.core.db.begin() as session:
        await accounts.want(session, account_id, Desired.CONNECTED)
        await accounts.save_status(
            session,
            account_id,
            epoch=epoch,
            status=S.RECONNECTING,
            reason_code=ReasonCode.HOST_STOPPED,
            reason="",
            since=utcnow(),
            host_id=None,
            attempt=0,
            next_retry_at=None,
        )
    return account_id, made


async def test_a_lost_profile_comes_back_from_the_newest_backup(stage: Stage) -> None:
    account_id, _ = await lost_profile(stage, 2)
    async with stage_on(stage.core, stage.profile(account_id).parent, user_id=stage.user_id) as next_life:
        next_life.will_get(ready_driver())
        await next_life.manager.start()
        await next_life.until(account_id, S.READY, ReasonCode.RESTORED)
    assert log_of(stage, account_id) == b"version 1"
    assert "backup_restored" in await kinds(stage, account_id)


async def test_a_folder_with_nothing_in_it_is_a_lost_profile_too(stage: Stage) -> None:
    account_id, _ = await lost_profile(stage)
    stage.profile(account_id).mkdir()
    async with stage_on(stage.core, stage.profile(account_id).parent, user_id=stage.user_id) as next_life:
        next_life.will_get(ready_driver())
        await next_life.manager.start()
        await next_life.until(account_id, S.READY, ReasonCode.RESTORED)
    assert log_of(stage, account_id) == b"version 0"


async def lost_login(stage: Stage, *drivers: ScriptedDriver) -> UUID:
    """Let a host find an account's profile without its login, while there is a backup; the drivers are what it gets."""
    account_id = await at_rest(stage)
    await stage.manager.start()
    write(stage, account_id, b"as it was saved")
    await backed_up(stage, account_id)
    first = ready_driver()
    stage.will_get(first)
    await stage.connect(account_id)
    await stage.until(account_id, S.READY)
    write(stage, account_id, b"damaged")
    stage.will_get(ScriptedDriver([Loaded(), qr()]), *drivers)
    first.emit(Lost(Loss.BROWSER))
    return account_id


async def test_a_login_that_is_not_in_its_profile_any_more_comes_back_from_the_newest_backup(stage: Stage) -> None:
    account_id = await lost_login(stage, ready_driver())
    await stage.until(account_id, S.RECONNECTING, ReasonCode.PROFILE_QUARANTINED)
    await stage.until(account_id, S.READY, ReasonCode.RESTORED)
    assert log_of(stage, account_id) == b"as it was saved"
    (aside,) = quarantines(stage.profile(account_id))
    assert (aside / LOG).read_bytes() == b"damaged"


async def test_when_the_backup_has_no_login_either_the_phone_has_unlinked_it(stage: Stage) -> None:
    account_id = await lost_login(stage, ScriptedDriver([Loaded(), qr()]))
    await stage.until(account_id, S.ACTION_REQUIRED, ReasonCode.UNLINKED)
    assert len(quarantines(stage.profile(account_id))) == 1


async def test_an_end_that_was_told_is_believed_at_once(stage: Stage) -> None:
    account_id = await at_rest(stage)
    await stage.manager.start()
    await backed_up(stage, account_id)
    stage.will_get(ScriptedDriver([Loaded(), ready(), LoggedOut(LogoutCause.UNLINKED), qr()]))
    await stage.connect(account_id)
    await stage.until(account_id, S.ACTION_REQUIRED, ReasonCode.UNLINKED)
    assert quarantines(stage.profile(account_id)) == []


async def test_when_the_newest_is_damaged_the_one_before_is_taken(stage: Stage) -> None:
    account_id, made = await lost_profile(stage, 2)
    spoil(file_of(stage, account_id, made[1]))
    async with stage_on(stage.core, stage.profile(account_id).parent, user_id=stage.user_id) as next_life:
        next_life.will_get(ready_driver())
        await next_life.manager.start()
        await next_life.until(account_id, S.READY, ReasonCode.RESTORED)
    assert log_of(stage, account_id) == b"version 0"
    assert (await service.get(stage.core, stage.user_id, account_id, made[1].id)).status is B.DAMAGED


async def test_without_its_key_nothing_is_begun_anew_behind_the_owners_back(stage: Stage) -> None:
    account_id, made = await lost_profile(stage)
    key = stage.core.settings.data_dir / "backup.key"
    key.rename(key.with_suffix(".away"))
    async with stage_on(stage.core, stage.profile(account_id).parent, user_id=stage.user_id) as next_life:
        await next_life.manager.start()
        runtime = await next_life.until(account_id, S.ERROR, ReasonCode.BACKUP_UNREADABLE)
        assert runtime.phone_number is not None
        assert not stage.profile(account_id).exists()
        assert next_life.made == []
        assert (await service.get(stage.core, stage.user_id, account_id, made[0].id)).status is B.COMPLETE
        # The key is back: connecting is enough.
        key.with_suffix(".away").replace(key)
        next_life.will_get(ready_driver())
        await next_life.connect(account_id)
        await next_life.until(account_id, S.READY)
        assert log_of(stage, account_id) == b"version 0"


async def test_without_its_key_the_owner_can_link_anew(stage: Stage) -> None:
    account_id, _ = await lost_profile(stage)
    (stage.core.settings.data_dir / "backup.key").unlink()
    async with stage_on(stage.core, stage.profile(account_id).parent, user_id=stage.user_id) as next_life:
        await next_life.manager.start()
        await next_life.until(account_id, S.ERROR, ReasonCode.BACKUP_UNREADABLE)
        next_life.will_get(ScriptedDriver([Loaded(), qr()]))
        await next_life.connect(account_id)
        await next_life.until(account_id, S.QR)


async def test_without_any_backup_it_goes_on_as_before(stage: Stage) -> None:
    account_id = await linked(stage)
    shutil.rmtree(stage.profile(account_id))
    stage.will_get(ScriptedDriver([Loaded(), qr()]))
    await stage.manager.start()
    await stage.until(account_id, S.ACTION_REQUIRED, ReasonCode.UNLINKED)


async def test_a_crash_in_the_middle_of_a_restore_is_made_good(stage: Stage) -> None:
    account_id = await linked(stage)
    stage.profile(account_id).rename(swap.previous(stage.profile(account_id)))
    stage.will_get(ready_driver())
    await stage.manager.start()
    await stage.until(account_id, S.READY)
    assert log_of(stage, account_id) == NEEDED[LOG]
    assert "backup_restored" not in await kinds(stage, account_id)


async def test_nothing_of_a_login_is_left_in_the_workshop(stage: Stage) -> None:
    account_id = await at_rest(stage)
    left = stage.profile(account_id).parent / ".backups" / "host-one" / "restore-1"
    other_hosts = stage.profile(account_id).parent / ".backups" / "host-two" / "restore-1"
    for folder in (left, other_hosts):
        make_profile(folder)
    await stage.manager.start()
    assert not left.exists()
    assert other_hosts.exists()
    await backed_up(stage, account_id)
    assert list(left.parent.glob("*")) == []


async def test_a_host_leaves_alone_what_lies_in_the_folder_of_another(stage: Stage, tmp_path: Path) -> None:
    account_id = await at_rest(stage)
    await stage.manager.start()
    made = await backed_up(stage, account_id)
    await stage.manager.stop()
    elsewhere = stage.core.settings.model_copy(update={"data_dir": tmp_path / "elsewhere"})
    other_core = replace(stage.core, settings=elsewhere)
    await service.delete(stage.core, stage.user_id, account_id, made.id)
    async with stage_on(other_core, tmp_path / "other", host_id="host-two", user_id=stage.user_id) as other:
        await other.manager.start()
        # It looks at the wishes one after the other, so once this one is done that one was looked at.
        second = await linked(other, S.STOPPED, desired=Desired.STOPPED)
        await backed_up(other, second)
        assert len(archives(stage)) == 1
    async with stage_on(stage.core, stage.profile(account_id).parent, user_id=stage.user_id) as back:
        await back.manager.start()
        await eventually(lambda: archives(stage) == [], PATIENCE, "its own host removes it")
