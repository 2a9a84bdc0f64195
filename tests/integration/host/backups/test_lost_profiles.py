"""Profiles and logins that are gone: a host takes the newest good backup by itself."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from uuid import UUID

from session_core.backups import swap
from session_core.browser.profile import quarantines
from session_core.clock import utcnow
from session_core.domain.backup import BackupStatus, BackupView
from session_core.domain.status import Desired, ReasonCode, SessionStatus
from session_core.services import backups as service
from session_core.store import accounts
from session_core.whatsapp.driver import Loaded, LoggedOut, LogoutCause, Loss, Lost
from tests.fakes.drivers import ScriptedDriver, qr, ready
from tests.integration.backups.profiles import NEEDED, make_profile
from tests.integration.host.backups.archives import (
    LOG,
    archives,
    at_rest,
    backed_up,
    file_of,
    kinds,
    linked,
    log_of,
    ready_driver,
    spoil,
    write,
)
from tests.integration.host.stage import PATIENCE, Stage, stage_on
from tests.waiting import eventually

S = SessionStatus
B = BackupStatus


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
    account_id, made = await lost_profile(stage, 2)
    async with stage_on(stage.core, stage.profile(account_id).parent, user_id=stage.user_id) as next_life:
        next_life.will_get(ready_driver())
        await next_life.manager.start()
        await next_life.until(account_id, S.READY, ReasonCode.RESTORED)
    assert log_of(stage, account_id) == b"version 1"
    assert "backup_restored" in await kinds(stage, account_id)
    # What was sent after that backup is not in it, and the host knows that.
    gap = swap.gap_of(stage.profile(account_id))
    assert gap is not None
    assert (gap.begins, gap.closed) == (made[-1].created_at, made[-1].clean)
    assert gap.begins < gap.ends <= utcnow()


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
