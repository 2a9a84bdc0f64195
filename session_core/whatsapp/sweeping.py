"""Looking in the page's store for what nobody was told: what came while nobody listened, and what it failed to tell."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import structlog
from playwright.async_api import Page

from session_core.clock import Clock
from session_core.errors import TransientError
from session_core.whatsapp.calls import call
from session_core.whatsapp.changes import change
from session_core.whatsapp.driver import (
    AckChanged,
    ChangeEvent,
    MessageEdited,
    MessageRevoked,
    MessageSeen,
    ReactionSeen,
    VoteSeen,
)
from session_core.whatsapp.messages import ack_of
from session_core.whatsapp.tracker import Patience, Tracker
from session_core.whatsapp.vitals import Watch

log = structlog.get_logger(__name__)

_SWEEP = timedelta(seconds=30)

_CHANGES = timedelta(days=3)
"""WhatsApp lets a message be deleted for everyone for two and a half days, and edited for a quarter of an hour."""


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
        self._changed: tuple[str, set[tuple[object, ...]]] = ("", set())
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

    async def missed(self, page: Page) -> list[MessageSeen | AckChanged | ChangeEvent]:
        """Return what came since the page was last listened to; it stays due when the page cannot answer.

        And what became of the messages of the last days: acknowledgements, edits, deletions, reactions and votes that
        came meanwhile, and those that are known already, which change nothing.
        """
        since = self._tracker.missed_since
        changed_since = since - _CHANGES
        try:
            found = await call(
                page, "sweep", _SWEEP, since=int(since.timestamp()), changedSince=int(changed_since.timestamp())
            )
        except TransientError as error:
            self._log.warning("sweep_failed", error=error.message)
            return []
        self._tracker.sweep_due = False
        messages = [message for data in found["messages"] if (message := self._tracker.message(data))]
        swept = (self._tracker.doc, since)
        # What came in and was told already is no news; of what went out the acknowledgement may be.
        again = swept == self._swept
        messages = [m for m in messages if not self._vitals.was_told(m.wa_message_id) or (m.from_me and not again)]
        self._swept = swept
        for message in messages:
            self._vitals.told(message.wa_message_id)
        if found["skipped"]:
            self._log.warning("sweep_incomplete", chats_skipped=found["skipped"])
        known = self._known_changes()
        acks = [AckChanged(id_, ack_of(ack)) for id_, ack in found["acks"] if (id_, ack) not in known]
        known.update((event.wa_message_id, event.ack) for event in acks)
        return [*messages, *acks, *self._changes(found["changes"], known)]

    def _known_changes(self) -> set[tuple[object, ...]]:
        """Return what was told already of the same load of the page."""
        doc, known = self._changed
        self._changed = self._tracker.doc, known if doc == self._tracker.doc else set()
        return self._changed[1]

    def _changes(self, told: list[object], known: set[tuple[object, ...]]) -> list[ChangeEvent]:
        """Return what is not known yet, and know it."""
        news = []
        for data in told:
            try:
                event = change(data)
            except ValueError:
                self._log.warning("change_not_understood")
                continue
            if isinstance(event, ReactionSeen | VoteSeen):
                event = replace(event, replayed=True)
            what = _what(event)
            if what not in known:
                known.add(what)
                news.append(event)
        return news


def _what(event: ChangeEvent) -> tuple[object, ...]:
    """Return what a change says, without when it was found."""
    match event:
        case MessageRevoked(ids):
            return ids
        case MessageEdited(id_, text):
            return id_, text
        case _:
            return (event,)
