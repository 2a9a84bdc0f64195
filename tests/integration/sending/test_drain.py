from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlmodel import col, select, update

from session_core.bus import keys
from session_core.bus.commands import CommandClient, NoHolder
from session_core.bus.lanes import next_due, pop_due
from session_core.clock import utcnow
from session_core.core import Core
from session_core.domain.events import MessageChanged
from session_core.domain.message import MessageStatus
from session_core.domain.status import SessionStatus
from session_core.errors import TransientError
from session_core.sending import policy
from session_core.sending.drain import drain_lane
from session_core.sending.lanes import LOOK_AT_LEAST_EVERY
from session_core.sending.limiter import Limiter, Limits, Permit, member_of
from session_core.sending.policy import row_lease
from session_core.settings import Settings
from session_core.store import accounts
from session_core.store.models import Message, OutboxEvent
from session_core.tasks import spawn
from tests import factories
from tests.fakes.hosts import ForgetfulHost, RaisingHost, RecordingHost, RefusingHost, SilentHost, UnwillingHost
from tests.integration.sending.lanes import fill, head, lane, leave_sending, ready_account, statuses
from tests.waiting import eventually

QUEUED, SENDING, SENT, FAILED, UNKNOWN = (
    MessageStatus.QUEUED,
    MessageStatus.SENDING,
    MessageStatus.SENT,
    MessageStatus.FAILED,
    MessageStatus.UNKNOWN,
)
SECOND = timedelta(seconds=1)
IN_ONE_GO = timedelta(minutes=1)
"""However busy the machine is."""


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_kind(request: pytest.FixtureRequest) -> str:
    """Run every test here with both databases."""
    return str(request.param)


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Return settings with leases of a few seconds; shorter ones are over before a busy machine has answered."""
    return settings.model_copy(update={"send_timeout": timedelta(milliseconds=1500)})


@pytest.fixture
async def user_id(core: Core) -> UUID:
    """Return a user."""
    return await factories.add_user(core.db)


@pytest.fixture
async def account_id(core: Core, user_id: UUID) -> UUID:
    """Return an account of theirs that is ready."""
    return await ready_account(core, user_id)


@asynccontextmanager
async def running(host: RecordingHost, *account_ids: UUID) -> AsyncIterator[Any]:
    try:
        yield await host.run(*account_ids)
    finally:
        await host.stop()


async def places(core: Core, user_id: UUID) -> int:
    """Return how many sends count under the user's limit."""
    return int(await core.redis.zcard(keys.rate_of_user(user_id)))


async def remembered(core: Core, user_id: UUID) -> Limiter:
    """Return the limiter, which knows all that the user sent: nothing."""
    limiter = Limiter(core.redis, Limits.of(core.settings))
    await limiter.learn(user_id, timedelta(0))
    return limiter


async def events_of(core: Core, account_id: UUID) -> list[str]:
    """Return the types of the events for programs."""
    async with core.db.read() as session:
        rows = await session.exec(
            select(OutboxEvent).where(OutboxEvent.account_id == account_id).order_by(OutboxEvent.id)
        )
        return [row.type for row in rows]


async def test_a_lane_goes_out_in_order(core: Core, user_id: UUID, account_id: UUID) -> None:
    texts = await fill(core, account_id, 5)
    async with running(RecordingHost(core), account_id) as host:
        assert await drain_lane(core, account_id, IN_ONE_GO) == 5
    assert host.texts == texts
    assert not any(command.look_first for command in host.commands)
    assert await statuses(core, account_id) == [SENT] * 5
    assert await places(core, user_id) == 5
    assert await next_due(core.redis) is None


async def test_two_drains_at_once_send_everything_once_and_in_order(core: Core, account_id: UUID) -> None:
    texts = await fill(core, account_id, 8)
    async with running(RecordingHost(core), account_id) as host:
        await asyncio.gather(*(drain_lane(core, account_id, IN_ONE_GO) for _ in range(4)))
    assert host.texts == texts


async def _delete(core: Core, account_id: UUID) -> None:
    async with core.db.begin() as session:
        await accounts.mark_deleted(session, account_id, utcnow())


@pytest.mark.parametrize("why", ["not ready", "deleted", "no host"])
async def test_what_cannot_go_out_waits_untouched(core: Core, user_id: UUID, why: str) -> None:
    status = SessionStatus.RECONNECTING if why == "not ready" else SessionStatus.READY
    account_id = await factories.add_account(core.db, user_id, status=status)
    await fill(core, account_id, 2)
    if why == "deleted":
        await _delete(core, account_id)
    async with running(RecordingHost(core), *([] if why == "no host" else [account_id])) as host:
        assert await drain_lane(core, account_id) == 0
    assert host.commands == []
    assert [(row.status, row.attempts) for row in await lane(core, account_id)] == [(QUEUED, 0)] * 2
    assert await places(core, user_id) == 0


async def test_an_unknown_account_is_nothing_to_do(core: Core) -> None:
    assert await drain_lane(core, uuid4()) == 0


async def test_a_host_that_goes_just_before_the_command_leaves_the_message_at_the_head(
    core: Core, user_id: UUID, account_id: UUID
) -> None:
    class GoneHolder(CommandClient):
        async def call(self, command: Any, *, timeout: timedelta) -> dict[str, Any]:
            await host.stop()
            raise NoHolder("The account is not running on any host.")

    await fill(core, account_id, 1)
    host = await RecordingHost(core).run(account_id)
    assert await drain_lane(replace(core, commands=GoneHolder(core.redis)), account_id) == 1
    assert [(row.status, row.attempts) for row in await lane(core, account_id)] == [(QUEUED, 0)]
    assert await places(core, user_id) == 0
    assert await next_due(core.redis) is None  # the host wakes the lane when it is back


async def test_what_whatsapp_refuses_fails_with_the_reason_and_takes_no_place(
    core: Core, user_id: UUID, account_id: UUID
) -> None:
    await fill(core, account_id, 2)
    async with running(RefusingHost(core), account_id):
        await drain_lane(core, account_id)
    assert [(row.status, row.failure) for row in await lane(core, account_id)] == [(FAILED, "not_on_whatsapp")] * 2
    assert await events_of(core, account_id) == ["message.failed"] * 2
    assert await places(core, user_id) == 0


@pytest.mark.parametrize("make", [lambda core: UnwillingHost(core, times=1), RaisingHost], ids=["proved", "refused"])
async def test_what_proved_unsent_waits_at_the_head_for_its_backoff(
    core: Core, user_id: UUID, account_id: UUID, make: Callable[[Core], RecordingHost]
) -> None:
    await fill(core, account_id, 2)
    async with running(make(core), account_id) as host:
        await drain_lane(core, account_id)
        assert SECOND < (await next_due(core.redis) or timedelta(0)) <= policy.backoff(1)
        await drain_lane(core, account_id)  # woken by another message: the pause holds
    assert len(host.commands) == 1
    assert [(row.status, row.attempts) for row in await lane(core, account_id)] == [(QUEUED, 1), (QUEUED, 0)]
    assert await places(core, user_id) == 0


async def test_an_account_that_cannot_even_try_costs_the_message_nothing(
    core: Core, user_id: UUID, account_id: UUID
) -> None:
    last = policy.MAX_ATTEMPTS - 1
    await factories.add_message(core.db, account_id, text="patient", attempts=last)
    async with running(UnwillingHost(core, times=1, why="not_ready"), account_id) as host:
        await drain_lane(core, account_id)
        (row,) = await lane(core, account_id)
        assert (row.status, row.attempts) == (QUEUED, last)
        assert await places(core, user_id) == 0
        assert timedelta(0) < (await next_due(core.redis) or timedelta(0)) <= policy.LOOK_AGAIN_AFTER
    assert len(host.commands) == 1


async def test_after_its_backoff_it_goes_out(core: Core, account_id: UUID) -> None:
    await factories.add_message(core.db, account_id, text="again", attempts=1)
    async with running(RecordingHost(core), account_id) as host:
        await drain_lane(core, account_id)
    assert host.texts == ["again"]
    assert [command.look_first for command in host.commands] == [True]


async def test_after_the_last_try_it_fails_with_the_hosts_reason_and_the_lane_goes_on(
    core: Core, user_id: UUID, account_id: UUID
) -> None:
    await factories.add_message(core.db, account_id, text="hopeless", attempts=policy.MAX_ATTEMPTS - 1)
    await factories.add_message(core.db, account_id, text="next")
    async with running(UnwillingHost(core, times=1), account_id) as host:
        await drain_lane(core, account_id)
    assert host.texts == ["next"]
    rows = await lane(core, account_id)
    assert [(row.status, row.failure) for row in rows] == [(FAILED, "page_not_usable"), (SENT, None)]
    assert await places(core, user_id) == 1


@pytest.mark.parametrize("went_out", [True, False])
async def test_without_an_answer_the_lane_waits_and_the_next_try_looks_first(
    core: Core, user_id: UUID, account_id: UUID, went_out: bool
) -> None:
    texts = await fill(core, account_id, 2)
    async with running(SilentHost(core, times=1, went_out=went_out), account_id) as host:
        await drain_lane(core, account_id)
        assert await statuses(core, account_id) == [SENDING, QUEUED]
        assert await drain_lane(core, account_id) == 0  # nobody overtakes, nobody tries again
        left = (await head(core, account_id)).lease_until
        assert left is not None
        assert (await next_due(core.redis) or timedelta(0)) <= left - utcnow() + SECOND
        assert await places(core, user_id) == 1

        await eventually(lambda: pop_due(core.redis))
        assert utcnow() >= left
        await drain_lane(core, account_id)
    assert host.texts == texts
    assert [command.look_first for command in host.commands] == [False, True, False]
    assert await statuses(core, account_id) == [SENT, SENT]
    assert await places(core, user_id) == 2  # one message, one place, however many tries


async def test_a_lease_from_before_the_clock_was_set_back_lasts_one_lease_more(core: Core, account_id: UUID) -> None:
    await fill(core, account_id, 1)
    async with running(SilentHost(core, times=1, went_out=True), account_id) as host:
        await drain_lane(core, account_id)
        message = await head(core, account_id)
        async with core.db.begin() as session:
            later = {"lease_until": utcnow() + timedelta(hours=1), "updated_at": utcnow() + timedelta(hours=1)}
            await session.exec(update(Message).where(col(Message.id) == message.id).values(**later))
        assert await drain_lane(core, account_id) == 0, "who has it may still be sending"
        left = (await head(core, account_id)).lease_until
        assert left is not None
        assert timedelta(0) < left - utcnow() <= row_lease(core.settings.send_timeout)
        await eventually(lambda: drain_lane(core, account_id))
    assert [command.look_first for command in host.commands] == [False, True]
    assert await statuses(core, account_id) == [SENT]


@pytest.mark.parametrize("went_out", [True, False])
async def test_a_host_that_is_replaced_is_not_waited_for(
    core: Core, user_id: UUID, account_id: UUID, went_out: bool
) -> None:
    core = replace(core, settings=core.settings.model_copy(update={"send_timeout": timedelta(minutes=5)}))
    await fill(core, account_id, 1)
    async with running(SilentHost(core, times=1, went_out=went_out), account_id) as host:
        draining = spawn(drain_lane(core, account_id), name="drain")
        await eventually(lambda: host.commands)
        await host.hold(account_id)  # the same host, started again: its old browser is gone
        assert await asyncio.wait_for(draining, 10) == 1
        assert await statuses(core, account_id) == [SENDING]  # it may be out
        await eventually(lambda: pop_due(core.redis))
        await drain_lane(core, account_id)
    assert [command.look_first for command in host.commands] == [False, True]
    assert await statuses(core, account_id) == [SENT]
    assert len(host.texts) == 1
    assert await places(core, user_id) == 1


async def test_what_nobody_can_find_out_any_more_is_unknown_and_not_sent_again(
    core: Core, user_id: UUID, account_id: UUID
) -> None:
    texts = await fill(core, account_id, 2)
    async with running(ForgetfulHost(core), account_id) as host:
        draining = spawn(drain_lane(core, account_id), name="drain")
        await eventually(lambda: host.commands)
        began = (await head(core, account_id)).updated_at
        await host.hold(account_id)
        assert await asyncio.wait_for(draining, 10) == 1
        await eventually(lambda: pop_due(core.redis))
        await drain_lane(core, account_id)
    assert host.texts == texts
    assert await statuses(core, account_id) == [UNKNOWN, SENT]
    # It was not when the worker heard of the end that the text may have gone out.
    doubt = host.commands[1].doubt
    assert doubt is not None
    assert doubt.latest == began
    assert await places(core, user_id) == 2


async def test_a_doubt_outlasts_a_host_that_cannot_look(core: Core, account_id: UUID) -> None:
    await fill(core, account_id, 1)
    async with running(RaisingHost(core, TransientError("Gone.", code="page_lost")), account_id):
        await drain_lane(core, account_id)
    doubted = (await head(core, account_id)).updated_at
    async with running(UnwillingHost(core, times=1, why="not_ready"), account_id) as host:
        await eventually(lambda: pop_due(core.redis))
        await drain_lane(core, account_id)
        left = await head(core, account_id)
        assert (left.status, left.attempts, left.updated_at) == (SENDING, 1, doubted)
        await eventually(lambda: pop_due(core.redis))
        await drain_lane(core, account_id)
    assert await statuses(core, account_id) == [SENT]
    assert [command.doubt and command.doubt.latest for command in host.commands] == [doubted] * 2


async def test_a_page_that_was_lost_is_not_waited_for(core: Core, user_id: UUID, account_id: UUID) -> None:
    core = replace(core, settings=core.settings.model_copy(update={"send_timeout": timedelta(minutes=5)}))
    texts = await fill(core, account_id, 1)
    gone = RaisingHost(core, TransientError("The page could not be asked.", code="page_lost"))
    async with running(gone, account_id):
        await drain_lane(core, account_id)
        assert await statuses(core, account_id) == [SENDING]  # it may be out
        assert await drain_lane(core, account_id) == 0
    await eventually(lambda: pop_due(core.redis))
    async with running(RecordingHost(core), account_id) as host:
        await drain_lane(core, account_id)
    assert [command.look_first for command in host.commands] == [True]
    assert host.texts == texts
    assert await places(core, user_id) == 1


async def test_a_bus_that_lost_its_leases_leaves_the_message_to_the_host(core: Core, account_id: UUID) -> None:
    core = replace(core, settings=core.settings.model_copy(update={"send_timeout": timedelta(minutes=5)}))
    await fill(core, account_id, 1)
    async with running(SilentHost(core), account_id) as host:
        draining = spawn(drain_lane(core, account_id), name="drain")
        await eventually(lambda: host.commands)
        await core.redis.delete(keys.lease(account_id))
        assert await asyncio.wait_for(draining, 10) == 1
    assert await statuses(core, account_id) == [SENDING]  # the host may be sending it now
    # Its lease is longer, and the lane is looked at all the same.
    assert LOOK_AT_LEAST_EVERY - 10 * SECOND < (await next_due(core.redis) or timedelta(0)) <= LOOK_AT_LEAST_EVERY


async def test_an_error_of_the_host_leaves_the_message_in_doubt(core: Core, user_id: UUID, account_id: UUID) -> None:
    await fill(core, account_id, 1)
    async with running(RaisingHost(core, TransientError("The host failed.", code="internal")), account_id):
        await drain_lane(core, account_id)
    assert await statuses(core, account_id) == [SENDING]
    assert await places(core, user_id) == 1
    assert await next_due(core.redis) is not None


async def test_what_a_dead_worker_left_is_taken_over_with_its_place(
    core: Core, user_id: UUID, account_id: UUID
) -> None:
    core = replace(core, settings=core.settings.model_copy(update={"messages_per_account": 1}))
    await fill(core, account_id, 1)
    message = await head(core, account_id)
    limiter = await remembered(core, user_id)
    assert isinstance(await limiter.acquire(user_id, account_id, member_of(message.id, "dead")), Permit)
    await leave_sending(core, message.id, "dead", utcnow() - SECOND)
    async with running(RecordingHost(core), account_id) as host:
        await drain_lane(core, account_id)
    assert len(host.sent) == 1
    assert [command.look_first for command in host.commands] == [True]
    assert await places(core, user_id) == 1


@pytest.mark.parametrize("make", [lambda core: UnwillingHost(core, times=1, why="not_ready"), RefusingHost])
async def test_a_place_in_doubt_is_kept_though_the_next_try_proved_unsent(
    core: Core, user_id: UUID, account_id: UUID, make: Callable[[Core], RecordingHost]
) -> None:
    await fill(core, account_id, 1)
    message = await head(core, account_id)
    await (await remembered(core, user_id)).acquire(user_id, account_id, member_of(message.id, "dead"))
    await leave_sending(core, message.id, "dead", utcnow() - SECOND)
    async with running(make(core), account_id):
        await drain_lane(core, account_id)
    assert await places(core, user_id) == 1


async def test_what_a_worker_is_sending_is_left_to_it(core: Core, account_id: UUID) -> None:
    await fill(core, account_id, 2)
    await leave_sending(core, (await head(core, account_id)).id, "alive", utcnow() + 20 * SECOND)
    async with running(RecordingHost(core), account_id) as host:
        assert await drain_lane(core, account_id) == 0
    assert host.commands == []
    assert 15 * SECOND < (await next_due(core.redis) or timedelta(0)) <= 21 * SECOND


async def test_after_the_last_try_without_an_answer_it_is_unknown_and_the_lane_goes_on(
    core: Core, user_id: UUID, account_id: UUID
) -> None:
    await remembered(core, user_id)
    texts = await fill(core, account_id, 2)
    last = policy.MAX_ATTEMPTS
    await leave_sending(core, (await head(core, account_id)).id, "dead", utcnow() - SECOND, attempts=last)
    async with running(RecordingHost(core), account_id) as host:
        await drain_lane(core, account_id)
    assert host.texts == texts[1:]
    assert [(row.status, row.failure) for row in await lane(core, account_id)] == [(UNKNOWN, None), (SENT, None)]
    assert await events_of(core, account_id) == ["message.unknown", "message.sent"]


async def test_what_the_limits_hold_back_is_due_when_there_is_a_place_again(core: Core, account_id: UUID) -> None:
    limits = {"messages_per_account": 2, "rate_window": timedelta(seconds=30)}
    core = replace(core, settings=core.settings.model_copy(update=limits))
    await fill(core, account_id, 3)
    async with running(RecordingHost(core), account_id) as host:
        await drain_lane(core, account_id)
    assert len(host.sent) == 2
    assert [(row.status, row.attempts) for row in await lane(core, account_id)][2] == (QUEUED, 0)
    assert 20 * SECOND < (await next_due(core.redis) or timedelta(0)) <= 30 * SECOND + SECOND


async def test_after_the_bus_lost_its_data_sends_are_held_for_one_window(
    core: Core, user_id: UUID, account_id: UUID
) -> None:
    await fill(core, account_id, 1)
    neighbour = await ready_account(core, user_id)
    stranger = await ready_account(core)
    async with running(RecordingHost(core), account_id, neighbour, stranger) as host:
        await drain_lane(core, account_id)
        await core.redis.flushdb()
        await host.hold(account_id, neighbour, stranger)
        await fill(core, neighbour, 1)
        assert await drain_lane(core, neighbour) == 0  # the user's limit is unknown now
        window = core.settings.rate_window
        assert window - 10 * SECOND < (await next_due(core.redis) or timedelta(0)) <= window + SECOND
        await fill(core, stranger, 1)
        assert await drain_lane(core, stranger) == 1  # who sent nothing lately need not wait
    assert len(host.sent) == 2


async def test_a_drain_leaves_the_worker_to_others_after_its_time(core: Core, account_id: UUID) -> None:
    await fill(core, account_id, 1)
    async with running(RecordingHost(core), account_id):
        assert await drain_lane(core, account_id, drain_for=timedelta(0)) == 0
        assert await pop_due(core.redis) == [account_id]
        assert await drain_lane(core, account_id) == 1


async def test_pages_hear_of_each_step(core: Core, user_id: UUID, account_id: UUID) -> None:
    await fill(core, account_id, 1)
    await core.hub.start()
    with core.hub.subscribe(user_id) as subscription:
        async with running(RefusingHost(core), account_id):
            await drain_lane(core, account_id)
        heard: list[MessageStatus] = []
        while FAILED not in heard:
            event = await subscription.get(timedelta(seconds=5))
            assert event is not None
            if isinstance(event, MessageChanged):
                heard.append(event.message.status)
    assert heard == [SENDING, FAILED]


async def test_what_this_version_cannot_read_fails_at_once_and_the_lane_goes_on(core: Core, account_id: UUID) -> None:
    strange = await factories.add_message(core.db, account_id, kind="hologram")
    texts = await fill(core, account_id, 1)
    async with running(RecordingHost(core), account_id) as host:
        assert await drain_lane(core, account_id) == 1
    assert host.texts == texts
    stored = await factories.read_message(core.db, account_id, strange.id)
    assert (stored.status, stored.failure) == (FAILED, "kind_not_supported")
    assert "message.failed" in await events_of(core, account_id)


async def test_what_this_version_cannot_read_and_may_be_out_is_unknown(
    core: Core, user_id: UUID, account_id: UUID
) -> None:
    await remembered(core, user_id)
    strange = await factories.add_message(core.db, account_id, kind="hologram")
    await leave_sending(core, strange.id, "dead", utcnow() - SECOND)
    async with running(RecordingHost(core), account_id) as host:
        assert await drain_lane(core, account_id) == 0
    assert host.commands == []
    assert await statuses(core, account_id) == [UNKNOWN]
