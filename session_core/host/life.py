"""The host's heartbeat in the database, and the gap that a host leaves in an account's history by dying.

A host that dies says nothing any more, so the last line of its accounts goes on saying "ready". Whoever takes such an
account writes down what is missing: it broke when its host was last heard of. Valkey's heartbeats are no help there: a
restart overwrites them, and Valkey may have lost everything.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from uuid import UUID

from session_core.clock import utcnow
from session_core.core import Core
from session_core.domain.events import ActivityEntry
from session_core.domain.status import ReasonCode, SessionStatus
from session_core.outages import Outage
from session_core.store import activity, host_runs
from session_core.store.engine import Transaction
from session_core.store.errors import STORE_ERRORS
from session_core.store.models import SessionRuntime
from session_core.tasks import RecurringTask

NOTE_TIMEOUT = timedelta(seconds=4)


class Life:
    """Notes in the database that this process lives: one small row, written every few seconds."""

    def __init__(self, core: Core, host_id: str, *, every: timedelta) -> None:
        """Prepare; what happens from now on belongs to this life."""
        self._core = core
        self._host_id = host_id
        self._began = utcnow()
        self._run: UUID | None = None
        self._outage = Outage("life_not_noted")
        self._notes = RecurringTask(self._note, every=every, name="life")

    async def start(self) -> None:
        """Begin; the life before this one is over from now on."""
        await self._note()
        self._notes.start()

    async def stop(self) -> None:
        """Stop noting; what it left was said account by account."""
        await self._notes.stop()

    async def _note(self) -> None:
        try:
            async with asyncio.timeout(NOTE_TIMEOUT.total_seconds()), self._core.db.begin() as session:
                if self._run is None:
                    run = await host_runs.begin(session, self._host_id, started_at=self._began, now=utcnow())
                else:
                    run = self._run
                    await host_runs.seen(session, run, utcnow())
        except (*STORE_ERRORS, TimeoutError) as error:
            self._outage.begins(error)
        else:
            self._run = run
            self._outage.ends()


async def broke_at(session: Transaction, runtime: SessionRuntime, *, silence: timedelta) -> datetime | None:
    """Return when the account broke without anybody saying so: when its dead host was last heard of.

    Args:
        session: a transaction.
        runtime: the account's row as its last host left it.
        silence: a host that was not heard of for longer is dead.

    Returns:
        None when its history says by itself how it is, or its host lives, or nobody knows of it.
    """
    line = await activity.last_status(session, runtime.account_id)
    if line is None or line.status is not SessionStatus.READY or runtime.host_id is None:
        return None
    now = utcnow()
    ended = await host_runs.ended_at(session, runtime.host_id, line.at, now=now, silence=silence)
    # A note may be a moment older than the line, and clocks are set back now and then; lines stay in order.
    return None if ended is None else max(line.at, min(now, ended))


async def close_gap(session: Transaction, runtime: SessionRuntime, *, silence: timedelta) -> ActivityEntry | None:
    """Write the line that is missing between the last "ready" of a dead host and now; None when none is."""
    at = await broke_at(session, runtime, silence=silence)
    if at is None:
        return None
    return await activity.add(
        session,
        runtime.account_id,
        "status",
        status=SessionStatus.RECONNECTING,
        reason_code=ReasonCode.HOST_LOST,
        at=at,
    )
