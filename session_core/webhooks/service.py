"""What the worker service runs for webhooks: spreading new events, and working on the lanes that are due.

Any number of processes may run it. Events are spread by one transaction at a time, a lane is worked on by whoever has
its lease. A lane that waits for a slow endpoint costs a task and a connection; each endpoint has a few places only, so
it holds up nobody else.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from datetime import timedelta
from uuid import UUID

import structlog

from session_core.bus import keys, marks
from session_core.clock import utcnow
from session_core.core import OUTAGES, Core
from session_core.store import outbox, webhook_lanes, webhooks
from session_core.store.errors import STORE_AWAY
from session_core.store.webhook_lanes import LaneKey
from session_core.tasks import RecurringTask, TaskOwner, spawn
from session_core.webhooks.drain import Courier, drain
from session_core.webhooks.fanout import fan_out
from session_core.webhooks.post import Poster
from session_core.webhooks.secrets import open_vault

log = structlog.get_logger(__name__)

LOOK_EVERY = timedelta(seconds=1)
"""Longest wait for an event or a lane that nobody woke us for."""

LANES = 200
"""Lanes that one process works on at the same time."""

LANES_OF_ENDPOINT = 4

TIDY_EVERY = timedelta(hours=1)
TIDY_BATCHES = 100


class Webhooks:
    """Spreads events and delivers them."""

    def __init__(self, core: Core, *, every: timedelta = LOOK_EVERY) -> None:
        settings = core.settings
        self._core = core
        self._poster = Poster(
            allow_private=settings.webhook_private_targets == "allow", timeout=settings.webhook_timeout
        )
        self._vault = open_vault(settings.webhook_keys_text, settings.data_dir.absolute())
        self._rounds = RecurringTask(self._round, every=every, name="webhooks", outages=OUTAGES)
        self._running: dict[LaneKey, asyncio.Task[None]] = {}
        self._tasks = TaskOwner()

    def start(self) -> None:
        """Begin."""
        self._rounds.start()

    def wake(self) -> None:
        """Look now: there may be an event."""
        self._rounds.wake()

    async def stop(self) -> None:
        """End; what is under way is done again by the next one when its lease is over."""
        await self._rounds.stop()
        await self._tasks.close()
        await self._poster.close()

    async def _round(self) -> None:
        while await fan_out(self._core):
            await self._start_due()
        await self._start_due()
        await self._tidy()

    async def _start_due(self) -> None:
        while (free := LANES - len(self._running)) > 0:
            async with self._core.db.read() as session:
                due = await webhook_lanes.due(session, utcnow(), limit=free, without=self._full())
            if not any([self._begin(lane) for lane in due]):
                return

    def _full(self) -> list[UUID]:
        of_endpoint = Counter(endpoint_id for endpoint_id, _ in self._running)
        return [endpoint_id for endpoint_id, count in of_endpoint.items() if count >= LANES_OF_ENDPOINT]

    def _begin(self, lane: LaneKey) -> bool:
        """Work on a lane unless that is done already or its endpoint has all its places."""
        places_taken = sum(endpoint_id == lane[0] for endpoint_id, _ in self._running)
        if lane in self._running or places_taken >= LANES_OF_ENDPOINT:
            return False
        self._running[lane] = spawn(self._work(lane), name=f"webhook-{lane[0]}", owner=self._tasks)
        return True

    async def _work(self, lane: LaneKey) -> None:
        try:
            await drain(Courier(self._core, self._poster, self._vault), lane)
            # There is a place free now.
            self.wake()
        except (*STORE_AWAY, TimeoutError) as error:
            log.warning("webhook_lane_failed", endpoint=str(lane[0]), error=type(error).__name__)
        finally:
            del self._running[lane]

    async def _tidy(self) -> None:
        if not await marks.put(self._core.redis, keys.WEBHOOKS_TIDIED, TIDY_EVERY):
            return
        before = utcnow() - self._core.settings.webhook_kept_for
        for forget in (webhooks.forget_old, outbox.forget_old):
            for _ in range(TIDY_BATCHES):
                async with self._core.db.begin() as session:
                    if not await forget(session, before):
                        break


async def run_webhooks(core: Core) -> None:
    """Deliver for ever, for a process that has more to do than that; cancelling ends it."""
    service = await asyncio.to_thread(Webhooks, core)
    await core.hub.start()
    service.start()
    try:
        with core.hub.noticed(service.wake):
            await asyncio.Event().wait()
    finally:
        stopping = spawn(service.stop(), name="webhooks-stop")
        while not stopping.done():
            # Whoever ends us says so again and again; the lanes have to be ended all the same.
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.shield(stopping)
