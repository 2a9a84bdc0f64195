"""What one open page knows beside the accounts themselves: when they were up, and what is wrong now."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import structlog

from session_core.clock import utcnow
from session_core.core import Core
from session_core.domain.alerts import AlertView
from session_core.domain.events import (
    AccountDeleted,
    ActivityAdded,
    ActivityEntry,
    ChatsChanged,
    MessageChanged,
    SessionSnapshot,
)
from session_core.domain.uptime import StatusLine, Uptime
from session_core.services import alerts, upkeep
from session_core.services.live import Resync
from whahook_app.live import Batch

log = structlog.get_logger(__name__)

ALERTS_EVERY = timedelta(seconds=5)
"""Alerts have no events: the worker looks at the rows every few seconds, and so does the page."""

BARS_EVERY = timedelta(minutes=1)

LOOK_EVERY = timedelta(seconds=3)
"""A stream of messages is no reason to ask the database for more than them."""


class UpkeepModel:
    """The changes of state of the last week, read once and then kept up by events; and the alerts."""

    def __init__(self, core: Core, user_id: UUID) -> None:
        self._core = core
        self._user_id = user_id
        self._lines: dict[UUID, list[ActivityEntry]] = {}
        self._alerts_at: datetime | None = None
        self._bars_at = utcnow()
        self._broken = True
        self._looked_at: datetime | None = None
        self.alerts: list[AlertView] = []

    async def apply(self, batch: Batch) -> bool:
        """Take in what happened; True when something on the page may have to change."""
        now = utcnow()
        changed = False
        if self._broken or any(isinstance(event, Resync) for event in batch):
            await self._read()
            changed = True
        for event in batch:
            if isinstance(event, ActivityAdded) and event.entry.status is not None:
                self._add(event.entry)
                changed = True
            elif isinstance(event, AccountDeleted):
                self._lines.pop(event.account_id, None)
                self._alerts_at = None
        if self._alerts_at is None or not timedelta(0) <= now - self._alerts_at < ALERTS_EVERY:
            changed |= await self._look_at_alerts(now)
        if not timedelta(0) <= now - self._bars_at < BARS_EVERY:
            changed = True
        if changed:
            self._bars_at = now
        return changed

    def time_to_look(self, batch: Batch) -> bool:
        """Tell whether to look closer at the account whose card is open: in a pause, after a change, now and then."""
        now = utcnow()
        urgent = not batch or any(
            not isinstance(event, MessageChanged | ActivityAdded | ChatsChanged) for event in batch
        )
        lately = self._looked_at is not None and timedelta(0) <= now - self._looked_at < LOOK_EVERY
        if lately and not urgent:
            return False
        self._looked_at = now
        return True

    def day(self, snapshot: SessionSnapshot, now: datetime) -> Uptime:
        """Return the last 24 hours of an account."""
        return upkeep.day(self._of(snapshot), now)

    def week(self, snapshot: SessionSnapshot, now: datetime) -> Uptime:
        """Return the last seven days of an account."""
        return upkeep.week(self._of(snapshot), now)

    def _of(self, snapshot: SessionSnapshot) -> list[StatusLine]:
        return upkeep.status_history(self._lines.get(snapshot.account_id, []), snapshot)

    def _add(self, entry: ActivityEntry) -> None:
        lines = self._lines.setdefault(entry.account_id, [])
        # A line may come twice, once by the reading and once by the event that told of it.
        if not lines or entry.id > lines[-1].id:
            lines.append(entry)

    async def _read(self) -> None:
        try:
            found = await upkeep.status_lines(self._core, self._user_id)
        except Exception as error:
            # The cards tell that the database is away; the bars follow when it is back.
            log.warning("uptime_not_readable", error=repr(error))
            self._broken = True
            return
        self._lines = {}
        for entry in found:
            self._lines.setdefault(entry.account_id, []).append(entry)
        self._alerts_at, self._broken = None, False

    async def _look_at_alerts(self, now: datetime) -> bool:
        before, self._alerts_at = self.alerts, now
        try:
            self.alerts = await alerts.list_alerts(self._core, self._user_id)
        except Exception as error:
            log.warning("alerts_not_readable", error=repr(error))
        return self.alerts != before
