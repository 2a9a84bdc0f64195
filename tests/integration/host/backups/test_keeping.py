"""Backups that are there: verified, removed with their account."""

from __future__ import annotations

from session_core.backups import swap
from session_core.domain.backup import BackupProblem, BackupStatus, BackupView
from session_core.domain.status import ReasonCode, SessionStatus
from session_core.services import accounts as account_service
from session_core.services import backups as service
from tests.integration.host.backups.archives import (
    archives,
    at_rest,
    backed_up,
    file_of,
    listed,
    none_left,
    ready_driver,
    spoil,
    until_backup,
)
from tests.integration.host.stage import PATIENCE, Stage
from tests.waiting import eventually

S = SessionStatus
B = BackupStatus


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
    await eventually(lambda: none_left(stage, account_id), PATIENCE)
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
