"""What the sessions of this host use, measured every minute; a browser that grew too big is started anew."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from uuid import UUID

import structlog

from session_core.browser.usage import Usage
from session_core.bus import condition
from session_core.clock import utcnow
from session_core.domain.resources import Budget, Pressure, Sample, Situation, may_recycle
from session_core.host.house import House
from session_core.host.session import Session
from session_core.store import waiting as waiting_rows
from session_core.store.errors import STORE_ERRORS
from session_core.tasks import RecurringTask

log = structlog.get_logger(__name__)

EVERY = timedelta(minutes=1)
LOOK_EVERY = timedelta(seconds=5)
"""How often it is asked whether this is a quiet moment, while there is a browser that waits for one."""


class BudgetKeeper:
    """Measures the sessions, tells what they use, and has those recycled that are too big."""

    def __init__(
        self,
        house: House,
        sessions: Mapping[UUID, Session],
        budget: Budget,
        *,
        every: timedelta | None = None,
        look_every: timedelta = LOOK_EVERY,
    ) -> None:
        """Prepare; `start` begins. ``every``: how often it measures, by default as often as the budget asks for."""
        self._house = house
        self._sessions = sessions
        self._budget = budget
        self._before: dict[UUID, tuple[float, Usage]] = {}
        self._too_big: dict[UUID, int] = {}
        self._every = every or min(EVERY, budget.least_age)
        self._measuring = RecurringTask(self._measure, every=self._every, name="budget")
        self._looking = RecurringTask(self._look, every=look_every, name="recycling")

    def start(self) -> None:
        """Begin to measure."""
        self._measuring.start()
        self._looking.start()

    async def stop(self) -> None:
        """Stop measuring, and take back what was told."""
        await self._measuring.stop()
        await self._looking.stop()
        core = self._house.core
        core.news.tell(partial(condition.forget_usage, core.redis, self._house.host_id))

    # ---- Measuring ------------------------------------------------------------------------------------------------

    async def _measure(self) -> None:
        running = {key: session.name for key, session in self._sessions.items() if session.browsing}
        found = await self._house.profiles.usage(list(running.values()))
        samples = {key: self._sample(key, found[name]) for key, name in running.items() if found[name].cpu}
        self._before = {key: value for key, value in self._before.items() if key in samples}
        self._too_big = {
            key: sample.memory
            for key, sample in samples.items()
            if self._budget.pressure(sample.memory) is not Pressure.NORMAL
        }
        for key, memory in self._too_big.items():
            log.warning("session_too_big", session=running[key], megabytes=memory >> 20)
        core = self._house.core
        core.news.tell(partial(condition.keep_usage, core.redis, self._house.host_id, samples), good_for=self._every)

    def _sample(self, account_id: UUID, usage: Usage) -> Sample:
        now = asyncio.get_running_loop().time()
        before = self._before.get(account_id)
        self._before[account_id] = (now, usage)
        # Without an earlier measurement nobody knows over which time its CPU time was spent.
        percent = 0.0 if before is None else 100 * usage.cpu_since(before[1]) / max(now - before[0], 0.001)
        return Sample(at=utcnow(), memory=usage.memory, cpu=round(percent, 2), processes=len(usage.cpu))

    # ---- Recycling ------------------------------------------------------------------------------------------------

    async def _look(self) -> None:
        for account_id, memory in list(self._too_big.items()):
            session = self._sessions.get(account_id)
            if session is not None and await self._is_quiet(session, memory):
                del self._too_big[account_id]
                await session.recycle(f"{memory >> 20} MB")

    async def _is_quiet(self, session: Session, memory: int) -> bool:
        try:
            async with self._house.core.db.read() as transaction:
                waiting = await waiting_rows.count(transaction, session.account_id)
        except STORE_ERRORS as error:
            log.warning("queue_not_readable", error=type(error).__name__)
            return False
        situation = Situation(
            ready_for=session.ready_for,
            quiet_for=session.quiet_for,
            waiting=waiting,
            sending=session.sending.locked(),
        )
        return may_recycle(memory, self._budget, situation)
