"""What owners may ask about their backups, and nobody else."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from session_core.core import Core
from session_core.domain.backup import BackupReason, BackupStatus
from session_core.domain.status import AccountKind, Desired, SessionStatus
from session_core.errors import Conflict, NotFound
from session_core.services import accounts as account_service
from session_core.services import backups as service
from session_core.services import live
from session_core.store import backups
from session_core.store.models import SessionBackup
from tests.factories import T0, add_account, read_runtime
from tests.integration.services.conftest import Two
from tests.waiting import eventually

S = BackupStatus


async def add(core: Core, account_id: UUID, status: BackupStatus = S.COMPLETE, minutes: int = 0) -> UUID:
    at = T0 + timedelta(minutes=minutes)
    row = SessionBackup(
        account_id=account_id, status=status, because=BackupReason.SCHEDULED, created_at=at, updated_at=at
    )
    backup_id = row.id
    async with core.db.begin() as session:
        await backups.add(session, row)
    return backup_id


@pytest.fixture
async def linked(core: Core, two: Two) -> UUID:
    return await add_account(core.db, two.ana, phone_number="34600111222", status=SessionStatus.READY)


CALLS: list[Callable[..., Awaitable[Any]]] = [service.get, service.verify, service.restore, service.delete]


@pytest.mark.parametrize("call", CALLS)
async def test_somebody_elses_backup_does_not_exist(core: Core, two: Two, linked: UUID, call: Any) -> None:
    backup_id = await add(core, linked)
    other = await add_account(core.db, two.eva, phone_number="34600111223")
    for user_id, account_id in ((two.eva, linked), (two.eva, other), (two.ana, other), (two.ana, two.account_id)):
        with pytest.raises(NotFound):
            await call(core, user_id, account_id, backup_id)
    assert (await service.get(core, two.ana, linked, backup_id)).status is S.COMPLETE
    assert (await read_runtime(core.db, linked)).restore_seq == 0


async def test_lists_and_wishes_are_the_owners_alone(core: Core, two: Two, linked: UUID) -> None:
    await add(core, linked)
    for call in (service.list_backups, service.request, service.restore):
        with pytest.raises(NotFound):
            await call(core, two.eva, linked)
    assert len(await service.list_backups(core, two.ana, linked)) == 1


async def test_asking_for_one(core: Core, two: Two, linked: UUID) -> None:
    asked = await service.request(core, two.ana, linked)
    assert (asked.status, asked.reason, asked.size) == (S.REQUESTED, BackupReason.REQUESTED, None)
    assert await service.request(core, two.ana, linked) == asked
    (line,) = await account_service.history(core, two.ana, linked)
    assert line.kind == "backup_requested"


async def test_without_a_login_there_is_nothing_to_back_up(core: Core, two: Two) -> None:
    with pytest.raises(Conflict) as caught:
        await service.request(core, two.ana, two.account_id)
    assert caught.value.code == "nothing_to_back_up"


@pytest.mark.parametrize("status", [S.REQUESTED, S.UPLOADING, S.FAILED, S.DAMAGED])
async def test_only_a_complete_one_is_verified_or_restored(
    core: Core, two: Two, linked: UUID, status: BackupStatus
) -> None:
    backup_id = await add(core, linked, status)
    for call in (service.verify, service.restore):
        with pytest.raises(Conflict) as caught:
            await call(core, two.ana, linked, backup_id)
        assert caught.value.code == "backup_not_complete"
    with pytest.raises(NotFound):
        await service.restore(core, two.ana, linked)


async def test_restoring_writes_down_what_is_wanted(core: Core, two: Two, linked: UUID) -> None:
    old, newest = await add(core, linked), await add(core, linked, minutes=5)
    await add(core, linked, S.DAMAGED, minutes=9)
    assert (await service.restore(core, two.ana, linked)).id == newest
    runtime = await read_runtime(core.db, linked)
    assert (runtime.restore_backup_id, runtime.restore_seq, runtime.desired) == (newest, 1, Desired.CONNECTED)
    await service.restore(core, two.ana, linked, old)
    runtime = await read_runtime(core.db, linked)
    assert (runtime.restore_backup_id, runtime.restore_seq) == (old, 2)
    # Connecting changes nothing about it, stopping takes it back.
    await account_service.restart(core, two.ana, linked)
    assert (await read_runtime(core.db, linked)).restore_seq == 2
    await account_service.disconnect(core, two.ana, linked)
    assert (await read_runtime(core.db, linked)).restore_backup_id is None


async def test_a_sandbox_account_needs_the_sandbox(core: Core, two: Two) -> None:
    account_id = await add_account(core.db, two.ana, kind=AccountKind.SANDBOX, phone_number="34600111222")
    backup_id = await add(core, account_id)
    core.settings.sandbox = "off"
    with pytest.raises(Conflict) as caught:
        await service.restore(core, two.ana, account_id, backup_id)
    assert caught.value.code == "sandbox_off"


async def test_verifying_is_a_wish_too(core: Core, two: Two, linked: UUID) -> None:
    backup_id = await add(core, linked)
    assert (await service.verify(core, two.ana, linked, backup_id)).verifying


async def test_deleting_hides_it_at_once(core: Core, two: Two, linked: UUID) -> None:
    backup_id = await add(core, linked)
    await service.delete(core, two.ana, linked, backup_id)
    assert await service.list_backups(core, two.ana, linked) == []
    for call in CALLS:
        with pytest.raises(NotFound):
            await call(core, two.ana, linked, backup_id)


async def test_pages_hear_of_it(core: Core, two: Two, linked: UUID) -> None:
    await core.hub.start()
    with live.subscribe(core, two.ana) as ana, live.subscribe(core, two.eva) as eva:
        await service.request(core, two.ana, linked)
        heard: list[str] = []

        def all_heard() -> bool:
            heard.extend(event.type for event in ana.pending() if not isinstance(event, live.Resync))
            return {"backup", "activity"} <= set(heard)

        await eventually(all_heard)
        assert [event for event in eva.pending() if not isinstance(event, live.Resync)] == []


async def test_a_bus_that_is_away_fails_no_wish(core_without_bus: Core) -> None:
    core = core_without_bus
    account_id = await add_account(core.db, phone_number="34600111222")
    owner = await service.owner_of(core, account_id)
    assert (await service.request(core, owner, account_id)).status is S.REQUESTED


async def test_the_command_line_finds_the_owner(core: Core, two: Two) -> None:
    assert await service.owner_of(core, two.account_id) == two.ana
    with pytest.raises(NotFound):
        await service.owner_of(core, uuid4())
    await account_service.delete(core, two.ana, two.account_id)
    with pytest.raises(NotFound):
        await service.owner_of(core, two.account_id)
