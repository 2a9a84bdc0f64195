"""What shows whether a page is alive, from its answers and its traffic. No I/O: time comes from a clock."""

from __future__ import annotations

from collections import OrderedDict
from datetime import UTC, datetime, timedelta

from session_core.clock import Clock
from session_core.domain.health import LIMITS, Cure, Health, Ladder, Limits, Vitals, assess
from session_core.domain.ids import WaMessageId
from session_core.whatsapp.snapshot import Snapshot

REMEMBERED = 2000
"""Ids of messages that the page told by itself."""


class Watch:
    """Follows one page through all its reloads."""

    def __init__(self, clock: Clock, limits: Limits = LIMITS, ladder: Ladder | None = None) -> None:
        self._clock = clock
        self._limits = limits
        self._ladder = ladder or Ladder()
        self._told: OrderedDict[str, None] = OrderedDict()
        self._vitals = Vitals(at=clock.now())

    def answered(self, took: timedelta) -> None:
        """Note that the page answered a question."""
        self._set(at=self._clock.now(), unanswered=0, answer_ms=round(took.total_seconds() * 1000))

    def silent(self) -> None:
        """Note that the page did not answer."""
        self._set(at=self._clock.now(), unanswered=self._vitals.unanswered + 1)

    def see(self, snapshot: Snapshot) -> None:
        """Take the page's own view of its connection."""
        # A build that does not say how its socket is gives no evidence against it.
        down = snapshot.state not in {None, "CONNECTED"}
        since = (self._vitals.down_since or self._clock.now()) if down else None
        self._set(mode=snapshot.mode, info=snapshot.info, socket=snapshot.state, down_since=since)
        if snapshot.traffic:
            self.traffic(datetime.fromtimestamp(snapshot.traffic / 1000, UTC))

    def traffic(self, at: datetime | None = None) -> None:
        """Note that something came from WhatsApp, now or at ``at``."""
        now = self._clock.now()
        # The page's clock may be ahead of ours for a moment; what is to come is no evidence.
        moment = min(at or now, now)
        last = self._vitals.last_traffic_at
        if last is None or moment > last:
            self._set(last_traffic_at=moment, asked_in_vain=0)

    def told(self, wa_message_id: str) -> None:
        """Note that the page told a message by itself."""
        self._told[_key(wa_message_id)] = None
        while len(self._told) > REMEMBERED:
            self._told.popitem(last=False)

    def was_told(self, wa_message_id: str) -> bool:
        """Tell whether the page told this message by itself, as far as remembered."""
        return _key(wa_message_id) in self._told

    def untold(self, count: int) -> None:
        """Note how many messages a sweep found that the page should have told."""
        self._set(untold=self._vitals.untold + count)

    def in_vain(self) -> None:
        """Note that WhatsApp itself did not answer a question."""
        self._set(asked_in_vain=self._vitals.asked_in_vain + 1)

    def silent_for(self) -> timedelta:
        """Return how long nothing came from WhatsApp, since the page was loaded at most."""
        since = self._vitals.last_traffic_at
        return timedelta(0) if since is None else self._clock.now() - since

    @property
    def asked_in_vain(self) -> int:
        """Questions in a row that WhatsApp itself did not answer."""
        return self._vitals.asked_in_vain

    @property
    def answers(self) -> bool:
        """Whether the page answered the last question."""
        return self._vitals.unanswered == 0

    def begin_anew(self) -> None:
        """Forget what was held against the document before: the page is loaded again."""
        self._vitals = Vitals(at=self._clock.now(), last_traffic_at=self._clock.now())

    def health(self) -> Health:
        """Return the finding of this moment."""
        level, signs = assess(self._vitals, self._clock.now(), self._limits)
        return Health(level=level, signs=signs, vitals=self._vitals, cures=self._ladder.taken)

    def cure(self) -> Cure | None:
        """Return what has to be done now."""
        return self._ladder.step(self.health().level, self._clock.now(), answers=self.answers)

    def _set(self, **changes: object) -> None:
        self._vitals = self._vitals.model_copy(update=changes)


def _key(wa_message_id: str) -> str:
    """Return what stays the same when a chat moves between its number and its hidden id."""
    parts = WaMessageId.parse(wa_message_id)
    return wa_message_id if parts is None else f"{parts.from_me}_{parts.key}"
