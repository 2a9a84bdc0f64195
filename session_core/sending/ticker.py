"""Turns lanes that are due into jobs, and finds lanes whose wake-up was lost. Any number of tickers may run."""

from __future__ import annotations

import asyncio
import random
from datetime import timedelta

import structlog

from session_core.bus import keys, marks
from session_core.bus import lanes as bus_lanes
from session_core.clock import utcnow
from session_core.core import OUTAGES, Core
from session_core.outages import Outage
from session_core.sending import lanes, settle
from session_core.sending.queue import DrainQueue
from session_core.store import messages, waiting
from session_core.tasks import RecurringTask, end, spawn

log = structlog.get_logger(__name__)

LOOK_EVERY = timedelta(milliseconds=200)
"""Longest sleep: a lane that somebody else marks for the near future is at most so much late."""

SHORTEST_SLEEP = timedelta(milliseconds=1)
"""Zero would mean "for ever" to the server."""

SWEEP_EVERY = timedelta(seconds=5)

FULL = 1000
"""Waiting drains. Above it no lost lanes are looked for: nothing takes them off the queue anyway."""

PAUSE_AFTER_ERROR = timedelta(milliseconds=500)


class Ticker:
    """Watches the due lanes of all accounts."""

    def __init__(self, core: Core, *, sweep_every: timedelta = SWEEP_EVERY) -> None:
        self._core = core
        self._queue = DrainQueue(core.settings)
        self._sweep_every = sweep_every
        self._sweeper = RecurringTask(self._sweep, every=sweep_every, name="lane-sweeper", outages=OUTAGES)
        self._outage = Outage("ticker_cannot_reach_bus")
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin."""
        self._task = spawn(self._run(), name="lane-ticker")
        self._sweeper.start()

    async def stop(self) -> None:
        """End; marks that are left wait for another ticker."""
        await self._sweeper.stop()
        if self._task is not None:
            await end(self._task)
            self._task = None
        self._queue.close()

    async def _run(self) -> None:
        while True:
            try:
                await self._sleep()
                await self._queue_due()
                self._outage.ends()
            except OUTAGES as error:
                self._outage.begins(error)
                await asyncio.sleep(PAUSE_AFTER_ERROR.total_seconds())
            except Exception:
                log.exception("ticker_round_failed")
                await asyncio.sleep(PAUSE_AFTER_ERROR.total_seconds())

    async def _sleep(self) -> None:
        """Return when a lane is due, was woken, or may be due without our knowing."""
        left = await bus_lanes.next_due(self._core.redis)
        if left is None or left > timedelta(0):
            pause = LOOK_EVERY if left is None else min(LOOK_EVERY, left)
            await bus_lanes.wait_for_poke(self._core.redis, max(SHORTEST_SLEEP, pause))

    async def _queue_due(self) -> None:
        due = await bus_lanes.pop_due(self._core.redis)
        if due:
            # Lanes of one user that wait for the same place are due at the same time. Always the same order would let
            # the first ones take every place.
            random.shuffle(due)
            await self._queue.put(await lanes.to_queue(self._core.redis, due))

    async def _sweep(self) -> None:
        redis = self._core.redis
        # One ticker a period is enough; a little less, so that the next period does not find the mark of this one.
        period = self._sweep_every * 0.9
        if not await marks.put(redis, keys.LANES_SWEEP, period) or await self._queue.length() >= FULL:
            return
        await self._queue.trim_failed()
        await self._expire()
        async with self._core.db.read() as session:
            lanes_with_work = await waiting.lanes_with_work(session, utcnow() + self._sweep_every)
        for account_id in lanes_with_work:
            if await lanes.wake_idle(redis, account_id):
                log.info("lane_woken_by_sweeper", account_id=str(account_id))

    async def _expire(self) -> None:
        """End what waits although its time is over, also in lanes that do not move."""
        now = utcnow()
        async with self._core.db.read() as session:
            over = await waiting.expired(session, now)
            owners = {message.account_id: await messages.owner_of(session, message.account_id) for message in over}
        for message in over:
            if (user_id := owners[message.account_id]) is not None:
                await settle.expire(self._core, user_id, message)


async def run_ticker(core: Core) -> None:
    """Tick for ever, for a process that has more to do than that; cancelling ends it."""
    ticker = Ticker(core)
    ticker.start()
    try:
        await asyncio.Event().wait()
    finally:
        await ticker.stop()
