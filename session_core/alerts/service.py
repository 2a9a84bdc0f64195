"""What the worker service runs for alerts: one look at everything every few seconds, and a queue of e-mails."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import uuid4

import structlog

from session_core.alerts.queue import MailQueue
from session_core.alerts.round import look
from session_core.bus import alerts as bus_alerts
from session_core.clock import utcnow
from session_core.core import OUTAGES, Core
from session_core.store import alert_mails, alerts
from session_core.tasks import RecurringTask

log = structlog.get_logger(__name__)

LOOK_EVERY = timedelta(seconds=10)

ROUND_TIMEOUT = timedelta(seconds=60)
"""A look takes less than a second; this is for a database that hangs."""

TURN = ROUND_TIMEOUT + timedelta(seconds=10)
"""How long a process that died in the middle keeps the others from looking."""

QUEUED_FOR = timedelta(seconds=30)
"""A job that has not begun by then may be lost; the next round queues another one, and the row's claim is the guard."""

FULL = 200
"""Jobs that wait at most: while a mail server hangs, no more of them are queued than are worked off."""

KEPT_FOR = timedelta(days=90)
TIDY_EVERY = timedelta(days=1)


class Alerts:
    """Looks for problems. Any number of processes may; one of them does at a time."""

    def __init__(self, core: Core, *, every: timedelta = LOOK_EVERY) -> None:
        self._core = core
        self._every = every
        self._queue = MailQueue(core.settings)
        self._token = uuid4().hex
        self._rounds = RecurringTask(self._round, every=every, name="alerts", outages=OUTAGES)

    def start(self) -> None:
        """Begin."""
        if not self._core.settings.mail_enabled:
            log.info("alerts_without_mail", action="Set SMTP_HOST to have them sent; the page shows them anyway.")
        self._rounds.start()

    async def stop(self) -> None:
        """End; what is due is done by the next one."""
        await self._rounds.stop()
        self._queue.close()

    async def _round(self) -> None:
        if not await bus_alerts.begin_round(self._core.redis, self._token, TURN):
            return
        try:
            async with asyncio.timeout(ROUND_TIMEOUT.total_seconds()):
                await self._work()
        finally:
            # A little less than the pause, so that the next round of this process does not find its own turn.
            await bus_alerts.end_round(self._core.redis, self._token, self._every * 0.9)

    async def _work(self) -> None:
        now = utcnow()
        await look(self._core, now)
        if self._core.settings.mail_enabled:
            await self._queue_due()
        if await bus_alerts.time_to_tidy(self._core.redis, TIDY_EVERY):
            async with self._core.db.begin() as session:
                await alerts.forget_old(session, now - KEPT_FOR)

    async def _queue_due(self) -> None:
        free = FULL - await self._queue.length()
        if free <= 0:
            return
        async with self._core.db.read() as session:
            due = await alert_mails.due(session, utcnow(), free)
        if due:
            await self._queue.put(await bus_alerts.mark_queued(self._core.redis, due, QUEUED_FOR))


async def run_alerts(core: Core) -> None:
    """Look for problems for ever, for a process that has more to do than that; cancelling ends it."""
    service = Alerts(core)
    service.start()
    try:
        await asyncio.Event().wait()
    finally:
        await service.stop()
