"""Looking in the page's store for what nobody was told: what came while nobody listened, and what it failed to tell."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import structlog
from playwright.async_api import Page

from session_core.clock import Clock
from session_core.errors import TransientError
from session_core.whatsapp.calls import call
from session_core.whatsapp.driver import MessageSeen
from session_core.whatsapp.tracker import Patience, Tracker
from session_core.whatsapp.vitals import Watch

log = structlog.get_logger(__name__)

_SWEEP = timedelta(seconds=30)


class Sweeper:
    """Reads what the page has, and remembers what was read already."""

    def __init__(self, tracker: Tracker, vitals: Watch, clock: Clock, patience: Patience, name: str) -> None:
        """Prepare.

        Args:
            tracker: follows the page.
            vitals: knows what was told.
            clock: tells the time that is compared with that of messages.
            patience: the deadlines.
            name: of the profile, for the log.
        """
        self._tracker = tracker
        self._vitals = vitals
        self._clock = clock
        self._patience = patience
        self._swept: tuple[str, datetime] | None = None
        self._log = log.bind(profile=name)

    async def untold(self, page: Page, since: datetime) -> list[MessageSeen]:
        """Return messages from ``since`` on that the page has and did not tell; each one proves that it is deaf."""
        late = self._clock.now() - self._patience.telling
        try:
            found = await call(page, "sweep", _SWEEP, since=int(since.timestamp()))
        except TransientError as error:
            self._log.warning("sweep_failed", error=error.message)
            return []
        seen = [self._tracker.message(data) for data in found["messages"]]
        untold = [m for m in seen if m is not None and not self._vitals.was_told(m.wa_message_id) and m.at < late]
        self._vitals.untold(len([message for message in untold if not message.replayed]))
        return [replace(message, replayed=True) for message in untold]

    async def missed(self, page: Page) -> list[MessageSeen]:
        """Return what came since the page was last listened to; it stays due when the page cannot answer."""
        since = self._tracker.missed_since
        try:
            found = await call(page, "sweep", _SWEEP, since=int(since.timestamp()))
        except TransientError as error:
            self._log.warning("sweep_failed", error=error.message)
            return []
        self._tracker.sweep_due = False
        messages = [message for data in found["messages"] if (message := self._tracker.message(data))]
        swept = (self._tracker.doc, since)
        if swept == self._swept:
            messages = [message for message in messages if not self._vitals.was_told(message.wa_message_id)]
        self._swept = swept
        for message in messages:
            self._vitals.told(message.wa_message_id)
        if found["skipped"]:
            self._log.warning("sweep_incomplete", chats_skipped=found["skipped"])
        return messages
