from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest

from session_core.domain.status import AccountKind, Desired, ReasonCode, SessionStatus
from session_core.store import accounts, activity, messages, outbox
from session_core.store.engine import Database
from session_core.store.models import Account, SessionRuntime
from tests.factories import SECOND, T0, add_account, add_message, add_user, read_runtime

HOST = "host-1"


async def save_status(database: Database, account_id, status=SessionStatus.READY, **values):  # type: ignore[no-untyped-def]
    fields = {
        "reason_code": ReasonCode.NONE,
        "reason": "",
        "since": T0,
        "host_id": HOST,
        "attempt": 0,
        "next_retry_at": None,
        **values,
    }
    async with database.begin() as session:
        return await accounts.save_status(session, account_id, status=status, **fields)


class TestOwnership:
    async def test_only_the_owner_finds_an_account(self, database: Database) -> None:
        ana, eva = await add_user(database), await add_user(database)
        account_id = await add_account(database, ana)
        async with database.read() as session:
            assert await accounts.owned(session, ana, account_id) is not None
            assert await accounts.owned(session, eva, account_id) is None
            assert await accounts.owned(session, ana, uuid4()) is None

    async def test_a_users_accounts_come_oldest_first(self, database: Database) -> None:
        ana = await add_user(database)
        late = await add_account(database, ana, created_at=T0 + SECOND)
        early = await add_account(database, ana, created_at=T0)
        await add_account(database)  # somebody else's
        async with database.read() as session:
            assert [account.id for account, _ in await accounts.of_user(session, ana)] == [early, late]

    async def test_a_deleted_account_is_gone_for_its_owner_and_there_for_the_host(self, database: Database) -> None:
        ana = await add_user(database)
        account_id = await add_account(database, ana)
        async with database.begin() as session:
            await accounts.mark_deleted(session, account_id, T0)
        async with database.read() as session:
            assert await accounts.owned(session, ana, account_id) is None
            assert await accounts.of_user(session, ana) == []
            row = await accounts.get(session, account_id)
        assert row is not None
        account, runtime = row
        assert account.deleted_at == T0
        assert runtime.desired is Desired.DELETED
        assert runtime.logout_seq == runtime.wanted_seq == 1


class TestWant:
    async def test_requests_are_numbered(self, database: Database) -> None:
        account_id = await add_account(database)
        async with database.begin() as session:
            assert await accounts.want(session, account_id, Desired.CONNECTED) == 1
            assert await accounts.want(session, account_id, Desired.CONNECTED, restart=True) == 2
            assert await accounts.want(session, account_id, Desired.STOPPED, logout=True) == 3
        runtime = await read_runtime(database, account_id)
        assert (runtime.wanted_seq, runtime.restart_seq, runtime.logout_seq) == (3, 2, 3)
        assert runtime.desired is Desired.STOPPED

    async def test_a_number_is_read_under_the_lock_also_when_the_row_was_read_before(self, database: Database) -> None:
        """Two requests that both looked at the row first (Postgres) must not get the same number."""
        account_id = await add_account(database)
        async with database.read() as early:
            await accounts.get(early, account_id)
            async with database.begin() as session:
                await accounts.want(session, account_id, Desired.CONNECTED)
            if database.dialect == "postgresql":  # SQLite's reader keeps its snapshot, and may not write from it
                assert await accounts.want(early, account_id, Desired.CONNECTED) == 2

    async def test_giving_up_yields_to_a_newer_request(self, database: Database) -> None:
        account_id = await add_account(database, desired=Desired.CONNECTED, wanted_seq=4)
        async with database.begin() as session:
            assert not await accounts.give_up(session, account_id, 3)
        assert (await read_runtime(database, account_id)).desired is Desired.CONNECTED
        async with database.begin() as session:
            assert await accounts.give_up(session, account_id, 4)
        runtime = await read_runtime(database, account_id)
        assert runtime.desired is Desired.STOPPED
        assert runtime.wanted_seq == 4

    async def test_a_finished_logout_does_not_hide_a_newer_one(self, database: Database) -> None:
        account_id = await add_account(database, logout_seq=5)
        async with database.begin() as session:
            await accounts.logout_done(session, account_id, 4)
        assert (await read_runtime(database, account_id)).logout_seq == 5
        async with database.begin() as session:
            await accounts.logout_done(session, account_id, 5)
        assert (await read_runtime(database, account_id)).logout_seq == 0


class TestSaveStatus:
    async def test_what_is_returned_is_what_is_stored(self, database: Database) -> None:
        account_id = await add_account(database, seq=7)
        row = await save_status(
            database,
            account_id,
            SessionStatus.RECONNECTING,
            reason_code=ReasonCode.OFFLINE,
            reason="net::ERR",
            since=T0 + SECOND,
            attempt=3,
            next_retry_at=T0 + 2 * SECOND,
            identity=("34600111222", "Ana"),
        )
        assert row is not None
        told = accounts.snapshot(*row)
        async with database.read() as session:
            stored = await accounts.get(session, account_id)
        assert stored is not None
        assert told == accounts.snapshot(*stored)
        assert told.seq == 8
        assert told.status is SessionStatus.RECONNECTING
        assert told.reason_code is ReasonCode.OFFLINE
        assert told.phone_number == "34600111222"
        assert told.push_name == "Ana"
        assert told.next_retry_at == T0 + 2 * SECOND
        assert stored[1].host_id == HOST

    async def test_rows_read_earlier_in_the_transaction_are_fresh(self, database: Database) -> None:
        account_id = await add_account(database)
        async with database.begin() as session:
            before = await accounts.get(session, account_id)
            assert before is not None
            after = await accounts.save_status(
                session,
                account_id,
                status=SessionStatus.READY,
                reason_code=ReasonCode.RESTORED,
                reason="",
                since=T0,
                host_id=HOST,
                attempt=0,
                next_retry_at=None,
            )
            assert after is not None
            told = accounts.snapshot(*after)
        assert told.status is SessionStatus.READY
        assert told.reason_code is ReasonCode.RESTORED
        assert told.seq == 1

    async def test_who_it_is_stays_known_when_nothing_new_is_told(self, database: Database) -> None:
        account_id = await add_account(database, phone_number="34600111222", push_name="Ana")
        row = await save_status(database, account_id, SessionStatus.STOPPED, host_id=None)
        assert row is not None
        assert row[1].phone_number == "34600111222"
        row = await save_status(database, account_id, SessionStatus.ACTION_REQUIRED, identity=(None, None))
        assert row is not None
        assert (row[1].phone_number, row[1].push_name) == (None, None)

    async def test_texts_from_outside_always_fit(self, database: Database) -> None:
        account_id = await add_account(database)
        row = await save_status(database, account_id, reason="x\0" * 400, identity=("3" * 40, "\ud83d" + "n" * 200))
        assert row is not None
        runtime = await read_runtime(database, account_id)
        assert runtime.reason == "x\ufffd" * 250
        assert runtime.phone_number == "3" * 20
        assert runtime.push_name == "\ufffd" + "n" * 99

    async def test_a_purged_account_has_no_status(self, database: Database) -> None:
        assert await save_status(database, uuid4()) is None

    async def test_who_held_the_account_before_somebody_else_writes_nothing(self, database: Database) -> None:
        account_id = await add_account(database, epoch=3)
        async with database.begin() as session:
            assert await accounts.claim(session, account_id, 4, "host-2")
        assert await save_status(database, account_id, SessionStatus.READY, epoch=3) is None
        runtime = await read_runtime(database, account_id)
        assert (runtime.status, runtime.seq) == (SessionStatus.STOPPED, 0)
        assert await save_status(database, account_id, SessionStatus.READY, epoch=4) is not None


class TestHolders:
    async def test_the_greatest_number_holds_the_account(self, database: Database) -> None:
        account_id = await add_account(database, wanted_host_id="host-1")
        async with database.begin() as session:
            assert await accounts.claim(session, account_id, 2, "host-1")
            assert not await accounts.claim(session, account_id, 2, "host-2")
            assert not await accounts.claim(session, account_id, 1, "host-2")
            assert await accounts.holds(session, account_id, 2, lock=True)
            assert await accounts.holds(session, account_id, 1) is False
            assert await accounts.holds(session, uuid4(), 1) is None
            assert not await accounts.claim(session, uuid4(), 1, "host-1")
        runtime = await read_runtime(database, account_id)
        assert (runtime.epoch, runtime.last_host_id, runtime.wanted_host_id) == (2, "host-1", None)

    async def test_who_does_not_open_the_login_leaves_it_where_it_is(self, database: Database) -> None:
        account_id = await add_account(database, epoch=1, last_host_id="host-1", wanted_host_id="host-3")
        async with database.begin() as session:
            assert await accounts.claim(session, account_id, 2, "host-2", starts=False, login_here=False)
        runtime = await read_runtime(database, account_id)
        assert (runtime.epoch, runtime.last_host_id, runtime.wanted_host_id) == (2, "host-1", "host-3")

    async def test_the_login_is_where_it_was_opened_last_and_only_the_holder_may_say_so(
        self, database: Database
    ) -> None:
        account_id = await add_account(database, epoch=1, last_host_id="host-1", wanted_host_id="host-3")
        async with database.begin() as session:
            assert await accounts.claim(session, account_id, 2, "host-2", login_here=False)
        runtime = await read_runtime(database, account_id)
        # Another host than the wished one has it: the wish is still to be fulfilled.
        assert (runtime.last_host_id, runtime.wanted_host_id) == ("host-1", "host-3")
        async with database.begin() as session:
            assert not await accounts.login_opened(session, account_id, 1, "host-1")
            assert await accounts.login_opened(session, account_id, 2, "host-2")
        assert (await read_runtime(database, account_id)).last_host_id == "host-2"

    async def test_a_wish_for_a_host_is_noted_and_taken_back_unless_it_is_another_one_by_now(
        self, database: Database
    ) -> None:
        account_id = await add_account(database)
        for known, wish, noted in ((None, "host-2", True), (None, "host-3", False), ("host-2", None, True)):
            async with database.begin() as session:
                assert await accounts.wish_host(session, account_id, wish, instead_of=known) is noted
        runtime = await read_runtime(database, account_id)
        assert (runtime.wanted_host_id, runtime.seq) == (None, 2)


class TestToReconcile:
    async def ids(self, database: Database) -> list[object]:
        async with database.read() as session:
            return [account.id for account, _ in await accounts.to_reconcile(session)]

    async def test_wanted_and_deleted_accounts_of_everybody(self, database: Database) -> None:
        wanted = await add_account(database, desired=Desired.CONNECTED)
        deleted = await add_account(database, desired=Desired.DELETED)
        await add_account(database, desired=Desired.STOPPED)
        assert set(await self.ids(database)) == {wanted, deleted}

    @pytest.mark.parametrize("status", SessionStatus)
    async def test_what_somebody_left_running(self, database: Database, status: SessionStatus) -> None:
        left = {await add_account(database, status=status, host_id=host_id) for host_id in (HOST, "another", None)}
        settled = {SessionStatus.STOPPED, SessionStatus.ACTION_REQUIRED, SessionStatus.ERROR}
        assert set(await self.ids(database)) == (set() if status in settled else left)

    async def test_a_logout_that_is_to_be_done(self, database: Database) -> None:
        account_id = await add_account(database, logout_seq=1)
        assert await self.ids(database) == [account_id]

    async def test_the_last_active_come_first_and_the_never_active_last(self, database: Database) -> None:
        never = await add_account(database, desired=Desired.CONNECTED)
        early = await add_account(database, desired=Desired.CONNECTED, last_activity=T0)
        late = await add_account(database, desired=Desired.CONNECTED, last_activity=T0 + SECOND)
        assert await self.ids(database) == [late, early, never]


async def test_the_last_activity_never_goes_back(database: Database) -> None:
    account_id = await add_account(database)
    for seconds in (5, 3, 9, 9, 1):
        async with database.begin() as session:
            await accounts.touch(session, account_id, T0 + timedelta(seconds=seconds))
    assert (await read_runtime(database, account_id)).last_activity == T0 + timedelta(seconds=9)


async def test_a_new_name_is_a_newer_state(database: Database) -> None:
    account_id = await add_account(database, seq=3)
    async with database.begin() as session:
        await accounts.rename(session, account_id, "Warehouse")
        row = await accounts.get(session, account_id)
    assert row is not None
    snapshot = accounts.snapshot(*row)
    assert snapshot.name == "Warehouse"
    assert snapshot.seq == 4


async def test_purging_takes_everything_along(database: Database) -> None:
    account_id, other = await add_account(database), await add_account(database)
    for each in (account_id, other):
        await add_message(database, each)
        async with database.begin() as session:
            await activity.add(session, each, "created")
            await outbox.add(session, each, "message.queued", {"a": 1})
    async with database.begin() as session:
        await accounts.purge(session, account_id)
    async with database.read() as session:
        assert await accounts.get(session, account_id) is None
        assert await messages.of_account(session, account_id, limit=10) == []
        assert await activity.of_account(session, account_id, limit=10) == []
        assert len(await messages.of_account(session, other, limit=10)) == 1
        assert len(await activity.of_account(session, other, limit=10)) == 1


async def test_ready_means_ready(database: Database) -> None:
    for status in SessionStatus:
        account_id = await add_account(database, status=status)
        async with database.read() as session:
            assert await accounts.is_ready(session, account_id) is (status is SessionStatus.READY)
    async with database.read() as session:
        assert not await accounts.is_ready(session, uuid4())


async def test_a_snapshot_has_the_seeds_names(database: Database) -> None:
    ana = await add_user(database)
    account_id = await add_account(database, ana, kind=AccountKind.SANDBOX, status=SessionStatus.SYNCING)
    async with database.read() as session:
        row = await accounts.owned(session, ana, account_id)
    assert row is not None
    snapshot = accounts.snapshot(*row)
    assert snapshot.session_id == f"user_{ana}_wa_{account_id}"
    assert snapshot.public_status == "authenticated"
    assert snapshot.kind is AccountKind.SANDBOX
    assert snapshot.created_at == T0
    assert snapshot.qr is None


async def test_an_account_of_nobody_is_refused_and_leaves_no_half(database: Database) -> None:
    from session_core.store.errors import AlreadyThere

    account = Account(user_id=uuid4(), name="Shop", kind=AccountKind.LIVE)
    account_id = account.id

    async def store() -> None:
        async with database.begin() as session:
            await accounts.add(session, account, SessionRuntime(account_id=account_id))

    with pytest.raises(AlreadyThere):
        await store()
    async with database.read() as session:
        assert await accounts.get(session, account_id) is None
