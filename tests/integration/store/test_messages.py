from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, text

from session_core.domain.message import Ack, Direction, MessageStatus, Turn
from session_core.domain.status import SessionStatus
from session_core.store import messages, waiting
from session_core.store.engine import Database
from session_core.store.errors import AlreadyThere
from session_core.store.models import Message
from tests.factories import CHAT, SECOND, T0, add_account, add_message, add_user, message, read_message

LEASE = 30 * SECOND


async def claim(database: Database, message_id: UUID, token: str, now=T0, lease: timedelta = LEASE) -> bool:  # type: ignore[no-untyped-def]
    async with database.begin() as session:
        return await messages.claim(session, message_id, token, now, now + lease)


async def owns(database: Database, message_id: UUID, token: str, now=T0) -> bool:  # type: ignore[no-untyped-def]
    async with database.read() as session:
        return await messages.owns(session, message_id, token, now)


async def head(database: Database, account_id: UUID) -> UUID | None:
    async with database.read() as session:
        row = await waiting.head(session, account_id)
    return row.id if row else None


class TestReading:
    async def test_a_message_belongs_to_its_account(self, database: Database) -> None:
        mine, other = await add_account(database), await add_account(database)
        row = await add_message(database, mine)
        async with database.read() as session:
            assert await messages.get(session, mine, row.id) is not None
            assert await messages.get(session, other, row.id) is None
            assert await messages.get(session, mine, uuid4()) is None

    async def test_pages_come_newest_first(self, database: Database) -> None:
        account_id = await add_account(database)
        rows = [await add_message(database, account_id) for _ in range(5)]
        await add_message(database, await add_account(database))
        async with database.read() as session:
            first = await messages.of_account(session, account_id, limit=3)
            rest = await messages.of_account(session, account_id, limit=3, before_seq=first[-1].seq)
        assert [row.id for row in (*first, *rest)] == [row.id for row in reversed(rows)]

    async def test_a_page_can_be_of_one_chat_or_direction(self, database: Database) -> None:
        account_id = await add_account(database)
        out = await add_message(database, account_id)
        other = await add_message(database, account_id, chat_id="34999999999@c.us")
        came = await add_message(
            database, account_id, direction=Direction.IN, status=MessageStatus.RECEIVED, wa_message_id="false_a_b"
        )
        async with database.read() as session:
            of_chat = await messages.of_account(session, account_id, limit=9, chat_id=CHAT)
            inward = await messages.of_account(session, account_id, limit=9, direction=Direction.IN)
            both = await messages.of_account(session, account_id, limit=9, chat_id=CHAT, direction=Direction.OUT)
        assert [row.id for row in of_chat] == [came.id, out.id]
        assert [row.id for row in inward] == [came.id]
        assert [row.id for row in both] == [out.id]
        assert other.id not in {row.id for row in of_chat}

    async def test_a_view_says_what_is_stored(self, database: Database) -> None:
        account_id = await add_account(database)
        row = await add_message(database, account_id, text="ñ \U0001f600\n", quoted_id="true_a_b")
        view = messages.view(await read_message(database, account_id, row.id))
        assert view.text == "ñ \U0001f600\n"
        assert view.status is MessageStatus.QUEUED
        assert view.created_at == T0
        assert view == messages.view(row)

    async def test_the_accounts_user_is_found(self, database: Database) -> None:
        ana = await add_user(database)
        account_id = await add_account(database, ana)
        async with database.read() as session:
            assert await messages.owner_of(session, account_id) == ana
            assert await messages.owner_of(session, uuid4()) is None


class TestSameContent:
    async def test_the_first_one_within_the_window_counts(self, database: Database) -> None:
        account_id = await add_account(database)
        first = await add_message(database, account_id, created_at=T0)
        await add_message(database, account_id, created_at=T0 + SECOND)
        async with database.read() as session:
            found = await messages.same_content(session, account_id, CHAT, first.content_hash, T0 - SECOND)
            assert found is not None
            assert found.id == first.id
            assert await messages.same_content(session, account_id, CHAT, first.content_hash, T0 + SECOND) is None

    @pytest.mark.parametrize(
        "fields",
        [
            {"status": MessageStatus.FAILED},
            {"direction": Direction.IN, "status": MessageStatus.RECEIVED},
            {"chat_id": "34999999999@c.us"},
            {"text": "good bye"},
        ],
    )
    async def test_what_is_not_the_same(self, database: Database, fields: dict[str, object]) -> None:
        account_id = await add_account(database)
        await add_message(database, account_id, **fields)
        await add_message(database, await add_account(database))
        wanted = message(account_id).content_hash
        async with database.read() as session:
            assert await messages.same_content(session, account_id, CHAT, wanted, T0 - SECOND) is None

    async def test_a_message_is_found_by_its_idempotency_key(self, database: Database) -> None:
        account_id, other = await add_account(database), await add_account(database)
        row = await add_message(database, account_id, idempotency_key="k")
        await add_message(database, other, idempotency_key="k")
        await add_message(database, account_id)
        await add_message(database, account_id)  # two without a key do not collide
        async with database.read() as session:
            found = await messages.by_idempotency_key(session, account_id, "k")
            assert found is not None
            assert found.id == row.id
            assert await messages.by_idempotency_key(session, account_id, "other") is None
        with pytest.raises(AlreadyThere):
            await add_message(database, account_id, idempotency_key="k")


class TestLane:
    async def test_the_oldest_that_is_not_done_is_next(self, database: Database) -> None:
        account_id = await add_account(database)
        for status in (MessageStatus.SENT, MessageStatus.FAILED, MessageStatus.READ):
            await add_message(database, account_id, status=status)
        sending = await add_message(database, account_id, status=MessageStatus.SENDING)
        queued = await add_message(database, account_id)
        await add_message(database, await add_account(database))
        assert await head(database, account_id) == sending.id
        async with database.begin() as session:
            assert await waiting.count(session, account_id) == 2
            await messages.mark_sent(session, sending.id, "true_a_b", T0)
        assert await head(database, account_id) == queued.id

    async def test_an_empty_lane(self, database: Database) -> None:
        account_id = await add_account(database)
        await add_message(database, account_id, status=MessageStatus.FAILED)
        assert await head(database, account_id) is None
        async with database.read() as session:
            assert await waiting.count(session, account_id) == 0

    async def test_lanes_with_work_are_those_of_ready_accounts(self, database: Database) -> None:
        ready = await add_account(database, status=SessionStatus.READY)
        idle = await add_account(database, status=SessionStatus.READY)
        for status in set(SessionStatus) - {SessionStatus.READY}:
            await add_message(database, await add_account(database, status=status))
        await add_message(database, ready)
        await add_message(database, ready, status=MessageStatus.SENDING)
        await add_message(database, idle, status=MessageStatus.SENT)
        async with database.read() as session:
            assert await waiting.lanes_with_work(session, T0) == [ready]

    async def test_lanes_with_work_know_what_is_under_way_and_what_is_for_later(self, database: Database) -> None:
        busy, due, later = [await add_account(database, status=SessionStatus.READY) for _ in range(3)]
        await add_message(database, busy, status=MessageStatus.SENDING)
        await add_message(database, due, turn=Turn.LATER, send_at=T0)
        await add_message(database, later, turn=Turn.LATER, send_at=T0 + timedelta(seconds=1))
        async with database.read() as session:
            assert set(await waiting.lanes_with_work(session, T0)) == {busy, due}

    async def test_the_last_try_of_each_account_of_a_user(self, database: Database) -> None:
        ana = await add_user(database)
        first, second = await add_account(database, ana), await add_account(database, ana)
        await add_message(database, first, attempts=1)
        last = await add_message(database, first, attempts=2)
        await add_message(database, first)
        only = await add_message(database, second, attempts=1)
        await add_message(database, await add_account(database), attempts=1)
        async with database.read() as session:
            found = await waiting.last_tries(session, ana)
        assert {row.id for row in found} == {last.id, only.id}

    async def test_the_lane_is_found_by_its_index(self, database: Database) -> None:
        """A lane's head must not cost a walk through all that the account has ever sent."""
        account_id = await add_account(database)
        statements: list[tuple[str, object]] = []

        @event.listens_for(database._engine.sync_engine, "before_cursor_execute")
        def _note(_c: object, _cursor: object, statement: str, parameters: object, *_rest: object) -> None:
            statements.append((statement, parameters))

        async with database.begin() as session:
            await session.exec(
                text(
                    "INSERT INTO messages (id, account_id, direction, chat_id, kind, text, content_hash, status,"
                    " status_rank, wa_key, replayed, turn, attempts, created_at, updated_at) "
                    + _many_done(database.dialect, account_id)
                )
            )
            await session.exec(text("ANALYZE messages"))
        statements.clear()
        async with database.read() as session:
            assert await waiting.head(session, account_id) is None
        selects = [each for each in statements if each[0].startswith("SELECT")]
        explain = "EXPLAIN QUERY PLAN " if database.dialect == "sqlite" else "EXPLAIN "
        async with database.read() as session:
            connection = await session.connection()
            plans = [str((await connection.exec_driver_sql(explain + one, given)).all()) for one, given in selects]
        for index, plan in zip(("ix_messages_under_way", "ix_messages_lane"), plans, strict=True):
            assert index in plan, plan


def _many_done(dialect: str, account_id: UUID) -> str:
    """Return a SELECT of two thousand sent messages."""
    values = "'out', '1@c.us', 'text', 'x', 'h', 'read', 6, 'k'"
    if dialect == "sqlite":
        numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)"
        moment = "'2026-01-01 00:00:00.000000'"
        return (
            f"SELECT lower(hex(randomblob(16))), '{account_id.hex}', {values}, 0, 1, 1, {moment}, {moment} FROM"
            f" ({numbers} SELECT i FROM n)"
        )
    return (
        f"SELECT gen_random_uuid(), '{account_id}', {values}, false, 1, 1, now(), now() FROM generate_series(1, 2000)"
    )


class TestClaim:
    """Whoever sends holds a token; the database says whose it is."""

    async def test_one_of_many_gets_a_message(self, database: Database) -> None:
        row = await add_message(database, await add_account(database))
        tokens = [f"t{number}" for number in range(10)]
        won = await asyncio.gather(*(claim(database, row.id, token) for token in tokens))
        assert won.count(True) == 1
        owner = tokens[won.index(True)]
        assert [token for token in tokens if await owns(database, row.id, token)] == [owner]
        stored = await read_message(database, row.account_id, row.id)
        assert stored.status is MessageStatus.SENDING
        assert stored.attempts == 1

    async def test_a_lease_that_is_over_can_be_taken(self, database: Database) -> None:
        row = await add_message(database, await add_account(database))
        assert await claim(database, row.id, "first")
        assert not await claim(database, row.id, "second", T0 + LEASE - SECOND)
        assert await claim(database, row.id, "second", T0 + LEASE + SECOND)
        assert not await owns(database, row.id, "first", T0)
        assert await owns(database, row.id, "second", T0 + LEASE + 2 * SECOND)
        assert (await read_message(database, row.account_id, row.id)).attempts == 2

    async def test_nobody_owns_a_message_after_its_lease(self, database: Database) -> None:
        row = await add_message(database, await add_account(database))
        await claim(database, row.id, "token")
        assert await owns(database, row.id, "token", T0 + LEASE - SECOND)
        assert not await owns(database, row.id, "token", T0 + LEASE)

    @pytest.mark.parametrize("status", sorted(set(MessageStatus) - {MessageStatus.QUEUED, MessageStatus.SENDING}))
    async def test_what_is_done_cannot_be_claimed(self, database: Database, status: MessageStatus) -> None:
        row = await add_message(database, await add_account(database), status=status)
        assert not await claim(database, row.id, "token")

    async def test_released_is_next_again(self, database: Database) -> None:
        account_id = await add_account(database)
        row, following = await add_message(database, account_id), await add_message(database, account_id)
        await claim(database, row.id, "token")
        async with database.begin() as session:
            assert not await messages.release(session, row.id, "other", T0)
            assert await messages.release(session, row.id, "token", T0)
            assert not await messages.release(session, row.id, "token", T0)
        assert not await owns(database, row.id, "token")
        assert await head(database, account_id) == row.id != following.id
        stored = await read_message(database, account_id, row.id)
        assert (stored.status, stored.status_rank, stored.lease_token) == (MessageStatus.QUEUED, 0, None)

    async def test_what_was_no_try_is_not_counted(self, database: Database) -> None:
        row = await add_message(database, await add_account(database))
        attempts = []
        for counts in (True, False, True):
            await claim(database, row.id, "token")
            async with database.begin() as session:
                assert await messages.release(session, row.id, "token", T0, counts=counts)
            attempts.append((await read_message(database, row.account_id, row.id)).attempts)
        assert attempts == [1, 1, 2]

    async def test_only_the_owner_ends_a_message(self, database: Database) -> None:
        row = await add_message(database, await add_account(database))
        await claim(database, row.id, "token")
        async with database.begin() as session:
            assert not await messages.mark_failed(session, row.id, "other", "no", T0)
            assert await messages.mark_failed(session, row.id, "token", "f\0" * 200, T0 + SECOND)
        stored = await read_message(database, row.account_id, row.id)
        assert stored.status is MessageStatus.FAILED
        assert stored.failure == "f\ufffd" * 100
        assert stored.updated_at == T0 + SECOND

    async def test_whoever_lost_a_message_cannot_move_it(self, database: Database) -> None:
        row = await add_message(database, await add_account(database))
        await claim(database, row.id, "slow")
        await claim(database, row.id, "quick", T0 + LEASE + SECOND)
        async with database.begin() as session:
            assert not await messages.release(session, row.id, "slow", T0)
            assert not await messages.mark_failed(session, row.id, "slow", "no", T0)
        assert (await read_message(database, row.account_id, row.id)).lease_token == "quick"


class TestSent:
    async def sending(self, database: Database) -> Message:
        row = await add_message(database, await add_account(database))
        await claim(database, row.id, "token")
        return row

    async def test_sent_is_news_once(self, database: Database) -> None:
        row = await self.sending(database)
        async with database.begin() as session:
            assert await messages.mark_sent(session, row.id, "true_a_b", T0 + SECOND)
            assert not await messages.mark_sent(session, row.id, "true_a_b", T0 + 2 * SECOND)
        stored = await read_message(database, row.account_id, row.id)
        assert stored.status is MessageStatus.SENT
        assert stored.sent_at == T0 + SECOND
        assert stored.wa_message_id == "true_a_b"
        assert stored.lease_token is None

    async def test_an_acknowledgement_that_comes_first_stays(self, database: Database) -> None:
        row = await self.sending(database)
        async with database.begin() as session:
            moved = await messages.apply_ack(session, row.account_id, row.wa_key, "true_a_b", MessageStatus.DEVICE, T0)
            assert moved is not None
            assert moved.status is MessageStatus.DEVICE
            assert not await messages.mark_sent(session, row.id, "true_a_b", T0 + SECOND)
        stored = await read_message(database, row.account_id, row.id)
        assert stored.status is MessageStatus.DEVICE
        assert stored.sent_at == T0, "what was acknowledged was out by then"

    async def test_given_up_and_sent_after_all(self, database: Database) -> None:
        row = await self.sending(database)
        async with database.begin() as session:
            assert await messages.mark_failed(session, row.id, "token", "unknown", T0)
            assert await messages.mark_sent(session, row.id, "true_a_b", T0 + SECOND)
        stored = await read_message(database, row.account_id, row.id)
        assert stored.status is MessageStatus.SENT
        assert stored.failure is None

    async def test_refused_by_whatsapp_stays_refused(self, database: Database) -> None:
        row = await self.sending(database)
        async with database.begin() as session:
            await messages.mark_sent(session, row.id, "true_a_b", T0)
            failed = await messages.apply_ack(session, row.account_id, row.wa_key, "true_a_b", MessageStatus.FAILED, T0)
            assert failed is not None
            assert not await messages.mark_sent(session, row.id, "true_a_b", T0)
        stored = await read_message(database, row.account_id, row.id)
        assert stored.status is MessageStatus.FAILED
        assert stored.failure == messages.REFUSED


class TestAcks:
    ACKS = st.lists(st.sampled_from([*Ack, "sent"]), min_size=1, max_size=8)

    @given(came=ACKS)
    @settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    async def test_the_order_in_which_they_come_changes_nothing(
        self, database: Database, came: list[Ack | str]
    ) -> None:
        row = await add_message(database, await add_account(database))
        await claim(database, row.id, "token")
        ranks = [MessageStatus.SENDING.rank]
        for each in came:
            async with database.begin() as session:
                if isinstance(each, Ack):
                    await messages.apply_ack(
                        session, row.account_id, row.wa_key, f"true_{CHAT}_{row.wa_key}", each.status, T0
                    )
                else:
                    await messages.mark_sent(session, row.id, f"true_{CHAT}_{row.wa_key}", T0)
            stored = await read_message(database, row.account_id, row.id)
            assert stored.status_rank == stored.status.rank
            ranks.append(stored.status_rank)
        assert ranks == sorted(ranks)
        assert stored.status is _proved(set(came))
        assert (stored.failure is not None) == (stored.status is MessageStatus.FAILED)

    async def test_a_late_one_is_no_news(self, database: Database) -> None:
        row = await add_message(database, await add_account(database), status=MessageStatus.READ)
        async with database.begin() as session:
            for status in (MessageStatus.SERVER, MessageStatus.READ, MessageStatus.FAILED):
                assert await messages.apply_ack(session, row.account_id, row.wa_key, "true_a_b", status, T0) is None
        assert (await read_message(database, row.account_id, row.id)).status is MessageStatus.READ

    async def test_other_messages_do_not_move(self, database: Database) -> None:
        account_id, other = await add_account(database), await add_account(database)
        row = await add_message(database, account_id, status=MessageStatus.SENT)
        elsewhere = await add_message(database, other, status=MessageStatus.SENT, wa_key=row.wa_key)
        queued = await add_message(database, account_id)
        came = await add_message(
            database,
            account_id,
            direction=Direction.IN,
            status=MessageStatus.RECEIVED,
            wa_key=row.wa_key,
            wa_message_id="false_a_b",
        )
        async with database.begin() as session:
            assert await messages.apply_ack(session, account_id, row.wa_key, "true_a_b", MessageStatus.READ, T0)
            assert not await messages.apply_ack(session, account_id, queued.wa_key, "true_a_c", MessageStatus.READ, T0)
            assert not await messages.apply_ack(session, account_id, "unknown", "true_a_d", MessageStatus.READ, T0)
        assert (await read_message(database, other, elsewhere.id)).status is MessageStatus.SENT
        assert (await read_message(database, account_id, came.id)).status is MessageStatus.RECEIVED
        assert (await read_message(database, account_id, queued.id)).status is MessageStatus.QUEUED


def _proved(came: set[Ack | str]) -> MessageStatus:
    """Say what a set of facts proves, whatever their order."""
    reached = {Ack.SERVER, Ack.DEVICE, Ack.READ, Ack.PLAYED} & came
    if reached:
        return max(reached).status
    return MessageStatus.FAILED if Ack.ERROR in came else MessageStatus.SENT


class TestSeen:
    def seen(self, account_id: UUID, wa_message_id: str = "false_1@c.us_A", **fields: object) -> Message:
        return message(
            account_id,
            wa_message_id=wa_message_id,
            **{"direction": Direction.IN, "status": MessageStatus.RECEIVED, **fields},
        )

    async def test_one_of_many_stores_it(self, database: Database) -> None:
        account_id = await add_account(database)

        async def store() -> bool:
            async with database.begin() as session:
                return await messages.add_once(session, self.seen(account_id))

        assert (await asyncio.gather(*(store() for _ in range(8)))).count(True) == 1
        async with database.read() as session:
            assert len(await messages.of_account(session, account_id, limit=9)) == 1

    async def test_the_same_id_in_another_account_is_another_message(self, database: Database) -> None:
        async with database.begin() as session:
            for _ in range(2):
                assert await messages.add_once(session, self.seen(await self._account(session)))

    async def _account(self, session: object) -> UUID:
        from session_core.domain.status import AccountKind
        from session_core.store import accounts, users
        from session_core.store.models import Account, SessionRuntime, User

        user = User(email=f"{uuid4().hex}@example.org", name="Ana")
        await users.add(session, user)  # type: ignore[arg-type]
        account = Account(user_id=user.id, name="Shop", kind=AccountKind.LIVE)
        await accounts.add(session, account, SessionRuntime(account_id=account.id))  # type: ignore[arg-type]
        return account.id

    async def test_what_is_told_is_what_is_stored(self, database: Database) -> None:
        account_id = await add_account(database)
        row = self.seen(
            account_id,
            text="a\0b\udc00c",
            sender_name="\ud83d" + "n" * 300,
            author="4" * 100,
            replayed=True,
            sent_at=T0,
        )
        async with database.begin() as session:
            assert await messages.add_once(session, row)
            told = messages.view(row)
        stored = messages.view(await read_message(database, account_id, row.id))
        assert told == stored
        assert stored.text == "a\ufffdb\ufffdc"
        assert stored.sender_name == "\ufffd" + "n" * 99
        assert stored.replayed
        assert told.model_dump_json()

    async def test_our_own_is_found_by_its_key(self, database: Database) -> None:
        account_id = await add_account(database)
        row = await add_message(database, account_id)
        async with database.begin() as session:
            await messages.add_once(session, self.seen(account_id, wa_key=row.wa_key))
            found = await messages.by_wa_key(session, account_id, row.wa_key)
            assert found is not None
            assert found.id == row.id
            assert await messages.by_wa_key(session, account_id, "unknown") is None
