"""Backups of a real profile: taken while Chromium runs, and a login that comes back from one without a QR."""

from __future__ import annotations

import asyncio
import shutil

import pytest

from session_core.browser import processes
from session_core.domain.backup import BackupStatus, BackupView
from session_core.domain.status import AccountKind, ReasonCode, SessionStatus
from session_core.services import accounts as account_service
from session_core.services import backups as service
from tests.integration.host import test_real
from tests.integration.host.test_real import FRIEND, PATIENCE, Owner, RealHost
from tests.servers.sandbox import PhoneClient, RunningSandbox
from tests.waiting import eventually

S = SessionStatus
sandbox, settings, host, owner = test_real.sandbox, test_real.settings, test_real.host, test_real.owner


async def complete(owner: Owner, account_id: object, backup_id: object) -> BackupView:
    async def found() -> BackupView | None:
        shown = await service.get(owner.core, owner.user_id, account_id, backup_id)
        assert shown.status is not BackupStatus.FAILED, shown
        return shown if shown.status is BackupStatus.COMPLETE and shown.verified_at else None

    return await eventually(found, PATIENCE, "a backup")


async def linked(owner: Owner, phone: PhoneClient) -> tuple[object, str]:
    account = await account_service.create(owner.core, owner.user_id, name="Shop", kind=AccountKind.SANDBOX)
    await account_service.connect(owner.core, owner.user_id, account.account_id)
    await phone.scan(await eventually(lambda: test_real._code(owner, account.account_id), PATIENCE, "a code"))
    await owner.until(account.account_id, S.READY)
    return account.account_id, account.session_id


@pytest.mark.slow
async def test_a_login_comes_back_from_a_backup_that_was_made_while_it_ran(
    owner: Owner, host: RealHost, sandbox: RunningSandbox
) -> None:
    phone = sandbox.phone("34600112244", "Ana")
    account_id, session_id = await linked(owner, phone)
    profile = host.settings.whatsapp_sessions_dir / session_id
    await phone.write(FRIEND, "before")
    await eventually(lambda: test_real._came_in(owner, account_id, "before"), PATIENCE, "message in")

    asked = await asyncio.gather(*(service.request(owner.core, owner.user_id, account_id) for _ in range(3)))
    assert len({one.id for one in asked}) == 1
    made = await complete(owner, account_id, asked[0].id)
    assert not made.clean
    assert made.chromium
    assert all(process.status() != "stopped" for process in processes.of_profile(profile))
    # It is as alive as before.
    await phone.write(FRIEND, "after the backup")
    await eventually(lambda: test_real._came_in(owner, account_id, "after the backup"), PATIENCE, "message in")

    # The disk with the profile is lost, and the host with it.
    host.kill()
    await eventually(lambda: not processes.of_profile(profile), PATIENCE, "its browser ends")
    shutil.rmtree(profile)
    left = await owner.snapshot(account_id)
    host.start()
    back = await owner.until(account_id, S.READY, ReasonCode.RESTORED, after=left.seq)
    await phone.write(FRIEND, "after the loss")
    await eventually(lambda: test_real._came_in(owner, account_id, "after the loss"), PATIENCE, "message in")

    # The owner goes back by hand, on a running account.
    await service.restore(owner.core, owner.user_id, account_id, made.id)
    await owner.until(account_id, S.READY, ReasonCode.RESTORED, after=back.seq + 2)
    await phone.write(FRIEND, "after the restore")
    await eventually(lambda: test_real._came_in(owner, account_id, "after the restore"), PATIENCE, "message in")
    await owner.send(account_id, "and out")
    history = await account_service.history(owner.core, owner.user_id, account_id, limit=200)
    assert [line.kind for line in history].count("backup_restored") == 2
    assert [line.status for line in history].count(S.QR) == 1, "the phone was linked once"
    assert len((await phone.view())["devices"]) == 1

    # In order, with a clean backup on the way out, from which it comes back as well.
    left = await owner.snapshot(account_id)
    assert host.stop() == 0
    newest = (await service.list_backups(owner.core, owner.user_id, account_id))[0]
    assert (newest.status, newest.clean) == (BackupStatus.COMPLETE, True)
    shutil.rmtree(profile)
    host.start()
    await owner.until(account_id, S.READY, ReasonCode.RESTORED, after=left.seq)
    texts = [text for text, _ in await owner.incoming(account_id)]
    assert texts == ["before", "after the backup", "after the loss", "after the restore"]
