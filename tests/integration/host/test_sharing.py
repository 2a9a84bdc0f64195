"""Two hosts on one store and one bus: who takes what, who hands what over, and who may say nothing any more."""

from __future__ import annotations

import errno
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from session_core.backups.errors import BackupDamaged
from session_core.bus import hosts, lease
from session_core.clock import utcnow
from session_core.core import Core
from session_core.domain.status import Desired, ReasonCode, SessionStatus
from session_core.errors import TransientError
from session_core.host import custody, removal
from session_core.host.house import Reach
from session_core.host.leases import LeaseKeeper
from session_core.services import accounts as service
from session_core.store import accounts, activity, backups
from session_core.whatsapp.driver import Loaded, Loss, Lost
from tests.factories import add_account, add_user
from tests.fakes.drivers import CrashingDriver, ScriptedDriver, ready
from tests.integration.backups.profiles import make_profile
from tests.integration.host.stage import PATIENCE, QUICK, QUICK_BACKUPS, Stage, stage_on
from tests.integration.host.test_commands import claimed, command
from tests.waiting import eventually

S = SessionStatus

LOG = "Default/IndexedDB/https_x_0.indexeddb.leveldb/000003.log"

BACKUPS = replace(QUICK_BACKUPS, clean_every=timedelta(hours=1))
"""Only hand-overs need a backup here."""

RHYTHM = replace(QUICK, lease=timedelta(seconds=6))
"""Long enough for two hosts that share two busy cores with other tests."""


def working() -> ScriptedDriver:
    return ScriptedDriver([Loaded(), ready()])


@asynccontextmanager
async def two_hosts(
    core: Core, tmp_path: Path, *, shared: bool = False, room: tuple[int, int] = (8, 8)
) -> AsyncIterator[tuple[Stage, Stage]]:
    """Prepare two hosts of one person's accounts, with a folder each or with one for both."""
    user_id = await add_user(core.db)
    folders = [tmp_path / "one", tmp_path / ("one" if shared else "two")]
    often: dict[str, Any] = {"rhythm": RHYTHM, "backups": BACKUPS}
    async with (
        stage_on(core, folders[0], user_id=user_id, max_sessions=room[0], **often) as one,
        stage_on(core, folders[1], host_id="host-two", user_id=user_id, max_sessions=room[1], **often) as two,
    ):
        for stage in (one, two):
            stage.will_get(*(working() for _ in range(9)))
        yield one, two


async def host_of(stage: Stage, account_id: UUID, *, after: int = 0) -> str | None:
    """Return the host on which the account is ready, once it is (by a change after the one numbered ``after``)."""

    async def shown() -> str | None:
        runtime = await stage.runtime(account_id)
        return runtime.host_id if runtime.status is S.READY and runtime.seq > after else None

    return await eventually(shown, PATIENCE, "ready somewhere")


async def with_login(stage: Stage) -> UUID:
    """Store an account whose login lies in this host's folder, as real as backups need it."""
    account_id = await stage.linked(last_host_id=stage.house.host_id)
    make_profile(stage.profile(account_id))
    return account_id


async def known_to(stage: Stage, other: str) -> None:
    """Return once the stage's host has seen the other one."""
    await eventually(lambda: stage.manager._neighbours.get(other) is not None, PATIENCE, f"{other} is seen")


async def test_new_accounts_are_spread_and_each_runs_once(core: Core, tmp_path: Path) -> None:
    async with two_hosts(core, tmp_path) as (one, two):
        await one.manager.start()
        await two.manager.start()
        await known_to(one, "host-two")
        await known_to(two, "host-one")
        account_ids = [await one.account() for _ in range(6)]
        for account_id in account_ids:
            await one.connect(account_id)
        holders = [await host_of(one, account_id) for account_id in account_ids]
        assert set(holders) == {"host-one", "host-two"}, holders
        assert len(one.made) + len(two.made) == 6, (one.made, two.made)
        assert not one.manager._sessions.keys() & two.manager._sessions.keys()


async def test_a_host_that_is_stopped_hands_over_and_gets_its_accounts_back_only_when_they_are_free(
    core: Core, tmp_path: Path
) -> None:
    async with two_hosts(core, tmp_path, shared=True) as (one, two):
        account_id = await one.linked(last_host_id="host-one")
        await one.manager.start()
        before = await one.until(account_id, S.READY)
        await two.manager.start()
        await known_to(one, "host-two")
        await one.manager.stop()
        assert await host_of(two, account_id, after=before.seq) == "host-two"
        after = await two.runtime(account_id)
        assert after.epoch > before.epoch
        assert (after.last_host_id, after.reason_code) == ("host-two", ReasonCode.RESTORED)
        assert len(two.made) == 1


async def test_an_account_without_a_backup_waits_for_the_host_with_its_login(core: Core, tmp_path: Path) -> None:
    async with two_hosts(core, tmp_path) as (one, two):
        account_id = await with_login(one)
        reaches_no_backup(two)
        await two.manager.start()
        await one.manager.start()
        before = await one.until(account_id, S.READY)
        assert before.host_id == "host-one"
        await one.manager.stop()
        told = await two.until(account_id, S.RECONNECTING, ReasonCode.HOST_LOST)
        # Nobody opened it, so it is still the first host's, by the same number.
        assert (told.epoch, told.last_host_id, two.made) == (before.epoch, "host-one", [])


async def test_who_says_that_a_host_is_lost_gives_back_no_lease_that_a_backup_needs(stage: Stage) -> None:
    account_id = await stage.linked()
    leases = stage.manager._leases
    held = await leases.acquire(account_id)
    assert held is not None
    before = await stage.runtime(account_id)
    await stage.manager._taker._say_host_lost(account_id, before)
    assert leases.epoch(account_id) == held.epoch
    assert await lease.held_as(stage.core.redis, account_id) == held.value
    assert (await stage.runtime(account_id)).reason_code is before.reason_code
    await leases.release(account_id)


async def test_a_login_goes_from_host_to_host_and_only_the_newest_is_ever_opened(core: Core, tmp_path: Path) -> None:
    async with two_hosts(core, tmp_path) as (one, two):
        account_id = await with_login(one)
        await one.manager.start()
        first = await one.until(account_id, S.READY)
        await two.manager.start()
        await known_to(one, "host-two")
        (one.profile(account_id) / LOG).write_bytes(b"written by the first")
        await one.manager.stop()
        assert await host_of(two, account_id, after=first.seq) == "host-two"
        newer = two.profile(account_id) / LOG
        assert newer.read_bytes() == b"written by the first"
        newer.write_bytes(b"written by the second")
        # The first host comes back: it is not its turn, and its own folder is out of date.
        async with stage_on(core, tmp_path / "one", user_id=one.user_id, rhythm=RHYTHM) as again:
            again.will_get(working())
            await again.manager.start()
            await known_to(two, "host-one")
            assert again.made == []
            second = await two.runtime(account_id)
            await two.manager.stop()
            assert await host_of(again, account_id, after=second.seq) == "host-one"
            profile = again.profile(account_id)
            assert (profile / LOG).read_bytes() == b"written by the second"
            aside = profile.with_name(profile.name + custody.STALE)
            assert (aside / LOG).read_bytes() == b"written by the first"


async def test_a_move_whose_login_cannot_be_saved_does_not_happen(
    core: Core, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "full")

    async with two_hosts(core, tmp_path) as (one, two):
        account_id = await with_login(one)
        await one.manager.start()
        await one.until(account_id, S.READY)
        await two.manager.start()
        await known_to(one, "host-two")
        monkeypatch.setattr("session_core.backups.vault.pack", full)
        wished = await wish(core, account_id, "host-two")
        assert await host_of(one, account_id, after=wished + 1) == "host-one"
        runtime = await one.runtime(account_id)
        assert (runtime.wanted_host_id, two.made) == (None, [])
        assert await failures(core, account_id) == ["login_not_saved"]


async def test_a_wish_moves_an_account_and_one_that_cannot_be_fulfilled_is_forgotten(
    core: Core, tmp_path: Path
) -> None:
    async with two_hosts(core, tmp_path, shared=True) as (one, two):
        account_id = await one.linked(last_host_id="host-one")
        await one.manager.start()
        await one.until(account_id, S.READY)
        await wish(core, account_id, "host-nowhere")
        await eventually(lambda: forgotten(one, account_id), PATIENCE, "wish forgotten")
        assert await failures(core, account_id) == ["host_gone"]
        assert account_id in one.manager._sessions
        await two.manager.start()
        await known_to(one, "host-two")
        wished = await wish(core, account_id, "host-two")
        assert await host_of(two, account_id, after=wished) == "host-two"
        after = await two.runtime(account_id)
        assert (after.wanted_host_id, after.desired) == (None, Desired.CONNECTED)
        # One reason all the way: nobody reads that a host was stopped.
        lines = [line for line in await two.history(account_id) if line[0] == "status"]
        assert lines[-2:] == [("status", S.RECONNECTING, ReasonCode.MOVING), ("status", S.READY, ReasonCode.RESTORED)]
        await one.until_idle(account_id)
        assert (len(one.made), len(two.made)) == (1, 1)


async def test_a_login_that_no_other_host_can_open_is_not_moved(core: Core, tmp_path: Path) -> None:
    async with two_hosts(core, tmp_path) as (one, two):
        account_id = await with_login(one)
        await one.manager.start()
        before = await one.until(account_id, S.READY)
        reaches_no_backup(two)
        await two.manager.start()
        await known_to(one, "host-two")
        await wish(core, account_id, "host-two")
        await eventually(lambda: forgotten(one, account_id), PATIENCE, "wish forgotten")
        assert (await one.runtime(account_id)).status_since == before.status_since


async def test_a_login_that_could_not_be_restored_elsewhere_stays_where_it_lies(core: Core, tmp_path: Path) -> None:
    async with two_hosts(core, tmp_path) as (one, two):
        account_id = await with_login(one)
        (one.profile(account_id) / LOG).write_bytes(b"the only one")

        async def damaged(*_: object) -> bool:
            raise BackupDamaged("half of it is missing")

        two.house.backups.restore_newest = damaged  # type: ignore[method-assign]
        await one.manager.start()
        await one.until(account_id, S.READY)
        await two.manager.start()
        await known_to(one, "host-two")
        await wish(core, account_id, "host-two")
        told = await two.until(account_id, S.ERROR, ReasonCode.BACKUP_UNREADABLE)
        assert (told.last_host_id, told.desired, two.made) == ("host-one", Desired.STOPPED, [])
        # Asked to try again it goes home, where its login is as it was.
        await two.until_idle(account_id)
        await one.connect(account_id)
        assert await host_of(one, account_id, after=told.seq) == "host-one"
        assert (one.profile(account_id) / LOG).read_bytes() == b"the only one"


async def test_a_stopped_account_is_connected_where_its_login_lies_and_handed_over_if_there_is_no_room(
    core: Core, tmp_path: Path
) -> None:
    async with two_hosts(core, tmp_path, room=(1, 8)) as (one, two):
        account_id = await with_login(one)
        await one.manager.start()
        await one.until(account_id, S.READY)
        await two.manager.start()
        await known_to(one, "host-two")
        await service.disconnect(core, one.user_id, account_id)
        await one.until(account_id, S.STOPPED)
        await one.until_idle(account_id)
        await eventually(lambda: backed_up(core, account_id), PATIENCE, "backed up")
        # Since then it ran here again, too shortly for another backup; and there is no room any more.
        epoch = (await one.runtime(account_id)).epoch
        async with core.db.begin() as session:
            assert await accounts.claim(session, account_id, epoch + 1, "host-one")
        (one.profile(account_id) / LOG).write_bytes(b"newer than the backup")
        one.house.room._max = 0
        one.house.room._memory = lambda: 0
        await one.connect(account_id)
        assert await host_of(two, account_id) == "host-two"
        assert (two.profile(account_id) / LOG).read_bytes() == b"newer than the backup"


async def test_who_waits_for_room_goes_to_a_host_that_has_some(core: Core, tmp_path: Path) -> None:
    async with two_hosts(core, tmp_path, room=(1, 2)) as (one, two):
        await one.manager.start()
        account_ids = [await one.account() for _ in range(2)]
        for account_id in account_ids:
            await one.connect(account_id)
        await eventually(lambda: len(one.manager._sessions) == 2, PATIENCE)
        await two.manager.start()
        assert {await host_of(one, account_id) for account_id in account_ids} == {"host-one", "host-two"}


async def test_an_account_whose_browsers_break_here_is_tried_elsewhere(
    core: Core, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("session_core.host.session.STUCK_AFTER", 1)
    async with two_hosts(core, tmp_path) as (one, two):
        account_id = await with_login(one)
        one.drivers.clear()
        one.will_get(*(CrashingDriver() for _ in range(9)))
        await one.manager.start()
        await one.until(account_id, S.RECONNECTING, ReasonCode.BROWSER_CRASHED)
        await two.manager.start()
        assert await host_of(two, account_id) == "host-two"


async def test_a_host_that_cannot_reach_the_bus_closes_before_its_time_is_over(core: Core, tmp_path: Path) -> None:
    async with two_hosts(core, tmp_path) as (one, _):
        account_id = await one.linked(last_host_id="host-one")
        driver = working()
        one.drivers.appendleft(driver)
        await hosts.beat(core.redis, other_host(), timedelta(minutes=1))
        await one.manager.start()
        before = await one.until(account_id, S.READY)
        held_for: list[timedelta] = []
        close = driver.close

        async def watched() -> None:
            held_for.append(one.manager._leases.left(account_id))
            await close()

        driver.close = watched  # type: ignore[method-assign]
        await one.manager._leases._renewal.stop()
        one.manager._leases._renewal.wake()
        told = await one.until(account_id, S.RECONNECTING, ReasonCode.BUS_UNREACHABLE)
        assert held_for[0] > timedelta(0)
        # It comes back by itself, since the bus is there after all.
        await host_of(one, account_id, after=told.seq)
        assert told.seq > before.seq


async def test_without_other_hosts_on_the_same_machines_bus_nothing_is_closed(stage: Stage) -> None:
    account_id = await stage.linked()
    driver = working()
    stage.will_get(driver)
    await stage.manager.start()
    await stage.until(account_id, S.READY)
    keeper = stage.manager._leases
    await keeper._renewal.stop()
    await eventually(lambda: not keeper.sure(account_id))
    await keeper._look_at_clock()
    assert (driver.closed, stage.manager._sessions[account_id].status) == (0, S.READY)


async def test_what_an_old_holder_still_says_is_not_written_and_ends_it(stage: Stage) -> None:
    account_id = await stage.linked()
    driver = working()
    stage.will_get(driver)
    await stage.manager.start()
    before = await stage.until(account_id, S.READY)
    row = await claimed(stage, account_id)
    async with stage.core.db.begin() as session:
        assert await accounts.claim(session, account_id, before.epoch + 5, "host-two")
    handler = stage.manager._commands._handler
    assert (await handler(command(row))).failure == "lease_not_sure"  # type: ignore[attr-defined]
    driver.emit(Lost(Loss.UNSUPPORTED))
    await stage.until_idle(account_id)
    after = await stage.runtime(account_id)
    assert (after.seq, after.status, after.desired) == (before.seq, S.READY, Desired.CONNECTED)
    assert driver.sent == []


async def test_nothing_of_a_deleted_account_is_purged_by_an_old_holder(stage: Stage) -> None:
    account_id = await stage.linked()
    stage.will_get(working(), working())
    await stage.manager.start()
    await stage.until(account_id, S.READY)
    session = stage.manager._sessions[account_id]
    await removal.purge(stage.house, session, session.epoch - 1)
    assert await stage.row(account_id) is not None
    await removal.purge(stage.house, session, session.epoch)
    assert await stage.row(account_id) is None


async def test_a_send_is_broken_off_when_the_lease_runs_out_under_it(core: Core) -> None:
    account_id = await add_account(core.db)
    keeper = LeaseKeeper(core.redis, "host-one", Ignoring(), timedelta(seconds=1))
    assert await keeper.acquire(account_id) is not None
    with pytest.raises(TransientError, match="another host"):
        async with keeper.while_sure(account_id):
            await eventually(lambda: False, timedelta(seconds=30))
    assert not keeper.sure(account_id)
    with pytest.raises(TransientError, match="another host"):
        async with keeper.while_sure(account_id):
            await eventually(lambda: False, timedelta(seconds=30))


async def test_a_send_goes_on_while_the_lease_is_renewed(core: Core) -> None:
    account_id = await add_account(core.db)
    keeper = LeaseKeeper(core.redis, "host-one", Ignoring(), timedelta(seconds=2))
    assert await keeper.acquire(account_id) is not None
    keeper.start()
    first = keeper.until(account_id)
    try:
        async with keeper.while_sure(account_id):
            await eventually(lambda: keeper.until(account_id) > first + 2, timedelta(seconds=30))
    finally:
        await keeper.stop()


async def test_what_an_emptied_bus_does_not_know_is_left_alone_for_the_time_of_a_lease(
    core: Core, tmp_path: Path
) -> None:
    """Its holder may be alive and about to renew: two browsers would run at once."""
    async with two_hosts(core, tmp_path, shared=True) as (one, two):
        account_id = await one.linked(S.READY, host_id="host-one", last_host_id="host-one")
        neighbours = two.manager._neighbours
        neighbours._first_look = -1000.0  # it has been here for long
        waited: list[timedelta] = []
        acquire = two.manager._leases.acquire

        async def watched(account_id: UUID, above: int = 0) -> lease.Lease | None:
            waited.append(neighbours.free_for(account_id))
            return await acquire(account_id, above)

        two.manager._leases.acquire = watched  # type: ignore[method-assign]
        await two.manager.start()
        assert await host_of(two, account_id, after=(await two.runtime(account_id)).seq) == "host-two"
        assert waited[0] > RHYTHM.lease


class Ignoring:
    """Hears what becomes of the leases, and does nothing."""

    def lease_until(self, account_id: UUID, until: float) -> None:
        return

    def lease_ending(self, account_id: UUID) -> None:
        return

    def lease_lost(self, account_id: UUID) -> None:
        return


def other_host() -> hosts.Heartbeat:
    return hosts.Heartbeat(host_id="host-other", at=utcnow(), running=0, room_for=0, chromium_sandbox=True)


def reaches_no_backup(stage: Stage) -> None:
    """Let the host have another folder of backups than the others."""

    async def none() -> Reach:
        return Reach()

    async def never(_: object) -> bool:
        return False

    stage.house.backups.reach = none  # type: ignore[method-assign]
    stage.house.backups.can_open = never  # type: ignore[method-assign]


async def wish(core: Core, account_id: UUID, host_id: str) -> int:
    """Want the account on a host; returns the number of the change."""
    async with core.db.begin() as session:
        assert await accounts.wish_host(session, account_id, host_id, instead_of=None)
        row = await accounts.get(session, account_id)
        assert row is not None
        return row[1].seq


async def backed_up(core: Core, account_id: UUID) -> bool:
    async with core.db.read() as session:
        return bool(await backups.complete(session, account_id))


async def failures(core: Core, account_id: UUID) -> list[str]:
    """Return why moves did not happen, as the account's owner is told."""
    async with core.db.read() as session:
        rows = await activity.of_account(session, account_id, limit=100)
    return [row.detail for row in rows if row.kind == "move_failed"]


async def forgotten(stage: Stage, account_id: UUID) -> bool:
    return (await stage.runtime(account_id)).wanted_host_id is None


async def test_a_bus_that_forgot_how_far_it_had_counted_is_told(stage: Stage) -> None:
    account_id = await stage.linked(epoch=40)
    stage.will_get(working())
    taken = await stage.manager._taker.take(account_id, 7)
    assert taken is not None
    assert taken.epoch > 40
    assert (await stage.runtime(account_id)).epoch == taken.epoch
