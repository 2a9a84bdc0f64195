from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from rq import Queue
from rq.serializers import JSONSerializer

from session_core.bus.lanes import mark_due, mark_due_after
from session_core.core import Core
from session_core.domain.status import SessionStatus
from session_core.sending.queue import QUEUE, DrainQueue, open_sync_redis
from session_core.sending.ticker import FULL, Ticker
from tests import factories
from tests.integration.sending.lanes import fill, ready_account
from tests.waiting import eventually

OFTEN = timedelta(milliseconds=100)
NEVER = timedelta(hours=1)


@pytest.fixture
async def queue(core: Core) -> AsyncIterator[DrainQueue]:
    """Give the queue that nobody works on."""
    queue = DrainQueue(core.settings)
    yield queue
    queue.close()


@pytest.fixture
async def ticker(core: Core) -> AsyncIterator[Ticker]:
    """Give a running ticker that does not sweep after its first round."""
    ticker = Ticker(core, sweep_every=NEVER)
    ticker.start()
    yield ticker
    await ticker.stop()


@pytest.mark.usefixtures("ticker")
async def test_a_lane_that_is_woken_is_queued_once(core: Core, queue: DrainQueue) -> None:
    one, two = uuid4(), uuid4()
    for account_id in (one, one, two, one):
        await mark_due(core.redis, account_id)
    await eventually(lambda: _length_is(queue, 2))
    await mark_due(core.redis, one)
    await mark_due(core.redis, uuid4())  # when this one is in, the one before was looked at
    await eventually(lambda: _length_is(queue, 3))


@pytest.mark.usefixtures("ticker")
async def test_a_lane_is_queued_when_it_is_due(core: Core, queue: DrainQueue) -> None:
    await mark_due_after(core.redis, uuid4(), NEVER)
    await mark_due_after(core.redis, uuid4(), timedelta(milliseconds=300))
    assert await queue.length() == 0
    await eventually(lambda: _length_is(queue, 1))


async def test_two_tickers_queue_a_lane_once(core: Core, queue: DrainQueue) -> None:
    tickers = [Ticker(core, sweep_every=NEVER) for _ in range(2)]
    for ticker in tickers:
        ticker.start()
    for _ in range(20):
        await mark_due(core.redis, uuid4())
    await eventually(lambda: _length_is(queue, 20))
    for ticker in tickers:
        await ticker.stop()
    assert await queue.length() == 20


async def test_lanes_that_are_due_together_are_not_always_taken_in_the_same_order(
    core: Core, queue: DrainQueue
) -> None:
    lanes = sorted((uuid4() for _ in range(20)), key=str)
    for account_id in lanes:
        await mark_due(core.redis, account_id)
    ticker = Ticker(core, sweep_every=NEVER)
    ticker.start()
    await eventually(lambda: _length_is(queue, len(lanes)))
    await ticker.stop()
    assert {UUID(account_id) for account_id in await _queued(core)} == set(lanes)
    assert await _queued(core) != [str(account_id) for account_id in lanes]


async def _queued(core: Core) -> list[str]:
    """Return the accounts whose drains wait, in order."""
    with open_sync_redis(core.settings) as client:
        jobs = Queue(QUEUE, connection=client, serializer=JSONSerializer).jobs
    return [job.args[0] for job in jobs]


async def test_lanes_whose_wake_up_was_lost_with_the_bus_are_found_in_the_store(core: Core, queue: DrainQueue) -> None:
    ready = await ready_account(core)
    await fill(core, ready, 1)
    await fill(core, await factories.add_account(core.db, status=SessionStatus.STOPPED), 1)  # its host will wake it
    await ready_account(core)  # has nothing to send
    ticker = Ticker(core, sweep_every=OFTEN)
    ticker.start()
    await eventually(lambda: _length_is(queue, 1))
    await core.redis.flushdb()
    await eventually(lambda: _length_is(queue, 1))
    await ticker.stop()


async def test_nothing_is_looked_for_while_nobody_works(core: Core, queue: DrainQueue) -> None:
    await queue.put([uuid4() for _ in range(FULL)])
    await fill(core, await ready_account(core), 1)
    ticker = Ticker(core, sweep_every=OFTEN)
    ticker.start()
    await mark_due(core.redis, uuid4())
    await eventually(lambda: _length_is(queue, FULL + 1))
    await ticker.stop()
    assert await queue.length() == FULL + 1


async def _length_is(queue: DrainQueue, length: int) -> bool:
    return await queue.length() == length
