"""Rows of backups: each step happens once, and only what is complete is ever given out."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from session_core.domain.backup import BackupProblem, BackupReason, BackupStatus
from session_core.store import accounts, backups
from session_core.store.engine import Database
from session_core.store.models import SessionBackup
from tests.factories import SECOND, T0, add_account, add_user

S = BackupStatus
DONE = {"size": 10, "sha256": "a" * 64, "key_id": "one", "now": T0}


def row(account_id: UUID, status: BackupStatus = S.COMPLETE, **fields: object) -> SessionBackup:
    values = {"because": BackupReason.SCHEDULED, "created_at": T0, "updated_at": T0, **fields}
    return SessionBackup(account_id=account_id, status=status, **values)


async def stored(database: Database, account_id: UUID, backup_id: UUID) -> SessionBackup:
    async with database.read() as session:
        found = await backups.get(session, account_id, backup_id)
    assert found is not None
    return found


async def put(database: Database, *rows: SessionBackup) -> list[UUID]:
    ids = [one.id for one in rows]
    async with database.begin() as session:
        for one in rows:
            await backups.add(session, one)
    return ids


async def test_only_complete_ones_are_given_out_newest_first(database: Database) -> None:
    account_id, other = await add_account(database), await add_account(database)
    old = row(account_id, created_at=T0)
    new = row(account_id, created_at=T0 + SECOND, clean=True)
    rest = [row(account_id, status, created_at=T0 + 9 * SECOND) for status in S if status is not S.COMPLETE]
    ids = await put(database, old, new, row(other), *rest)
    async with database.read() as session:
        assert [one.id for one in await backups.complete(session, account_id)] == [ids[1], ids[0]]
        assert [one.id for one in await backups.complete(session, account_id, limit=1)] == [ids[1]]
        assert [one.id for one in await backups.complete(session, account_id, clean=True)] == [ids[1]]
        assert [one.id for one in await backups.complete(session, account_id, clean=False)] == [ids[0]]
        shown = await backups.of_account(session, account_id)
    assert {one.status for one in shown} == set(S) - {S.DELETING}


async def test_somebody_elses_backup_is_not_there(database: Database) -> None:
    account_id, other = await add_account(database), await add_account(database)
    (backup_id,) = await put(database, row(account_id))
    async with database.read() as session:
        assert await backups.get(session, other, backup_id) is None


async def test_a_backup_from_its_beginning_to_its_end(database: Database) -> None:
    account_id = await add_account(database)
    made = row(account_id, S.UPLOADING, path="p", store="local")
    backup_id = made.id
    async with database.begin() as session:
        assert await backups.begin(session, made)
    async with database.begin() as session:
        assert await backups.finish(session, backup_id, **DONE)
        assert not await backups.finish(session, backup_id, **DONE)
        assert not await backups.fail(session, backup_id, BackupProblem.STORE, T0)
    found = await stored(database, account_id, backup_id)
    assert (found.status, found.size, found.key_id, found.completed_at) == (S.COMPLETE, 10, "one", T0)


async def test_what_was_asked_for_is_taken_by_one_host(database: Database) -> None:
    account_id = await add_account(database)
    (backup_id,) = await put(database, row(account_id, S.REQUESTED, because=BackupReason.REQUESTED))

    async def take(host: str) -> bool:
        made = row(account_id, S.UPLOADING, id=backup_id, because=BackupReason.REQUESTED, host_id=host, path=host)
        async with database.begin() as session:
            return await backups.begin(session, made)

    taken = await asyncio.gather(*(take(f"host-{number}") for number in range(4)))
    assert sorted(taken) == [False, False, False, True]
    found = await stored(database, account_id, backup_id)
    assert found.host_id == f"host-{taken.index(True)}"


async def test_what_was_given_up_meanwhile_is_not_complete(database: Database) -> None:
    account_id = await add_account(database)
    (backup_id,) = await put(database, row(account_id, S.UPLOADING))
    async with database.begin() as session:
        await backups.want_removed(session, [backup_id], T0)
        assert not await backups.finish(session, backup_id, **DONE)
    assert (await stored(database, account_id, backup_id)).status is S.DELETING


async def test_verifying(database: Database) -> None:
    account_id = await add_account(database)
    good, away, bad, failed = await put(
        database, row(account_id), row(account_id), row(account_id), row(account_id, S.FAILED)
    )
    async with database.begin() as session:
        for backup_id in (good, away, bad):
            assert await backups.want_verified(session, backup_id, T0)
        assert not await backups.want_verified(session, failed, T0)
        assert {one.id for one, _ in await backups.to_do(session)} == {good, away, bad}
        await backups.verified(session, good, T0)
        await backups.not_verified(session, away, BackupProblem.STORE, T0, damaged=False)
        await backups.not_verified(session, bad, BackupProblem.DAMAGED, T0, damaged=True)
        assert list(await backups.to_do(session)) == []
    assert (await stored(database, account_id, good)).verified_at == T0
    left = await stored(database, account_id, away)
    assert (left.status, left.verified_at, left.problem) == (S.COMPLETE, None, BackupProblem.STORE)
    assert (await stored(database, account_id, bad)).status is S.DAMAGED


async def test_what_is_to_do_names_the_owner(database: Database) -> None:
    user_id = await add_user(database)
    account_id = await add_account(database, user_id)
    ids = await put(database, *[row(account_id, status) for status in (S.REQUESTED, S.UPLOADING, S.DELETING)])
    await put(database, *[row(account_id, status) for status in (S.COMPLETE, S.FAILED, S.DAMAGED)])
    async with database.read() as session:
        found = await backups.to_do(session)
    assert {one.id for one, _ in found} == set(ids)
    assert {owner for _, owner in found} == {user_id}


async def test_removing_all_of_an_account(database: Database) -> None:
    account_id, other = await add_account(database), await add_account(database)
    await put(database, *[row(account_id, status) for status in S])
    (foreign,) = await put(database, row(other))
    async with database.begin() as session:
        await backups.want_all_removed(session, account_id, T0)
        assert {one.status for one, _ in await backups.to_do(session)} == {S.DELETING}
        for one, _ in await backups.to_do(session):
            await backups.remove(session, one.id)
        assert await backups.of_account(session, account_id) == []
    assert (await stored(database, other, foreign)).status is S.COMPLETE


async def test_failures_become_useless_with_time(database: Database) -> None:
    account_id = await add_account(database)
    old = [row(account_id, status, updated_at=T0) for status in (S.FAILED, S.DAMAGED, S.COMPLETE)]
    ids = await put(database, *old, row(account_id, S.FAILED, updated_at=T0 + timedelta(hours=2)))
    async with database.read() as session:
        assert set(await backups.useless(session, account_id, T0 + timedelta(hours=1))) == set(ids[:2])


async def test_one_in_line_at_a_time_is_found(database: Database) -> None:
    account_id = await add_account(database)
    async with database.read() as session:
        assert await backups.in_line(session, account_id) is None
    await put(database, row(account_id), row(account_id, S.FAILED))
    (waiting,) = await put(database, row(account_id, S.REQUESTED, created_at=T0 + SECOND))
    async with database.read() as session:
        found = await backups.in_line(session, account_id)
    assert found is not None
    assert found.id == waiting


async def test_they_go_with_their_account(database: Database) -> None:
    account_id = await add_account(database)
    await put(database, row(account_id, S.DELETING))
    async with database.begin() as session:
        await accounts.purge(session, account_id)
    async with database.read() as session:
        assert list(await backups.to_do(session)) == []


async def test_the_view_shows_what_the_owner_needs(database: Database) -> None:
    account_id = await add_account(database)
    (backup_id,) = await put(database, row(account_id, clean=True, size=7, key_id="k", verify_wanted=True))
    shown = backups.view(await stored(database, account_id, backup_id))
    assert (shown.id, shown.status, shown.clean, shown.size, shown.verifying) == (backup_id, S.COMPLETE, True, 7, True)
    assert "path" not in shown.model_dump()


@pytest.mark.parametrize("because", [BackupReason.SCHEDULED, BackupReason.STOPPED])
async def test_nobody_has_to_ask_for_the_others(database: Database, because: BackupReason) -> None:
    account_id = await add_account(database)
    async with database.begin() as session:
        assert await backups.begin(session, row(account_id, S.UPLOADING, id=uuid4(), because=because))


async def test_the_newest_of_many_accounts_at_once(database: Database) -> None:
    first, second, without = [await add_account(database) for _ in range(3)]
    ids = await put(
        database,
        row(first, created_at=T0 + SECOND),
        row(first, created_at=T0),
        row(first, S.FAILED, created_at=T0 + 2 * SECOND),
        row(second),
        row(without, S.UPLOADING),
    )
    async with database.read() as session:
        found = await backups.newest(session, [first, second, without])
        assert {account_id: one.id for account_id, one in found.items()} == {first: ids[0], second: ids[3]}
        assert await backups.newest(session, []) == {}
