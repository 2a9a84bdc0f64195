"""Backups that a host makes: at a stop, by itself, when asked; and those that fail."""

from __future__ import annotations

import asyncio
import shutil
import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from session_core.bus import hosts
from session_core.clock import utcnow
from session_core.core import Core
from session_core.domain.alerts import AlertKind
from session_core.domain.backup import BackupProblem, BackupReason, BackupStatus
from session_core.domain.status import SessionStatus
from session_core.host import backup_making
from session_core.services import accounts as account_service
from session_core.services import backups as service
from session_core.store import alerts, backups
from session_core.store.models import SessionBackup
from tests.fakes.drivers import NeverReadyDriver
from tests.integration.backups.profiles import NEEDED, contents
from tests.integration.backups.test_freeze import browser_on
from tests.integration.host.backups.archives import (
    archives,
    at_rest,
    backed_up,
    file_of,
    kinds,
    linked,
    listed,
    none_left,
    ready_driver,
    until_backup,
)
from tests.integration.host.stage import PATIENCE, QUICK_BACKUPS, Stage, listening, stage_on
from tests.waiting import eventually

S = SessionStatus
B = BackupStatus


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
    await eventually(lambda: none_left(stage, account_id), PATIENCE)
    assert archives(stage) == []
