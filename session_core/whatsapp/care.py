"""What is done for a page that is logged in, again and again: it is kept awake, and asked for proof that it hears."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from playwright.async_api import Page

from session_core.clock import Clock
from session_core.errors import TransientError
from session_core.whatsapp.calls import call
from session_core.whatsapp.driver import SendNotTried, SendRefused
from session_core.whatsapp.tracker import Patience
from session_core.whatsapp.vitals import Watch

log = structlog.get_logger(__name__)

MARGIN = timedelta(minutes=2)
"""So much further back is looked: the clocks of host and WhatsApp differ."""

_QUICK = timedelta(seconds=5)
_QUESTION = timedelta(seconds=15)
"""WhatsApp answers in a fraction of a second; a slow network needs a few."""


class Care:
    """Looks after one page. `round` does what is due and nothing else.

    Attributes:
        heard_all_at: the last moment at which the page was proved to have told all its messages.
    """

    def __init__(self, clock: Clock, steady: Clock, watch: Watch, patience: Patience, *, available: bool) -> None:
        """Prepare.

        Args:
            clock: tells the time that is compared with that of messages.
            steady: tells the time for pauses.
            watch: learns what is found.
            patience: how often.
            available: whether the account is shown as online, which keeps WhatsApp Web's stream awake.
        """
        self.heard_all_at = clock.now()
        self._clock = clock
        self._steady = steady
        self._watch = watch
        self._patience = patience
        self._available = available
        self._last: dict[str, datetime] = {}

    @property
    def look_since(self) -> datetime:
        """From when on a message may have been kept back."""
        return self.heard_all_at - MARGIN

    async def round(self, page: Page) -> bool:
        """Do what is due for a page that is ready.

        What the page does wrong here is only noted: the next look at it shows whether it is broken.

        Returns:
            True when messages have to be looked for that the page did not tell.
        """
        try:
            if self._due("awake", self._patience.awake):
                await call(page, "awake", _QUICK, available=self._available)
            if self._watch.silent_for() > self._patience.quiet and self._due("question", self._patience.question):
                await self._question(page)
            return self._due("audit", self._patience.audit) and not await self._told_all(page)
        except (TransientError, SendRefused, SendNotTried) as error:
            log.info("care_failed", error=str(error))
            return False

    async def _told_all(self, page: Page) -> bool:
        """Compare the messages in the page's store with those that the page told."""
        now = self._clock.now()
        until = now - self._patience.telling
        missed = await call(page, "audit", _QUICK, since=self.look_since.timestamp(), until=until.timestamp())
        if not missed:
            self.heard_all_at = now
            return True
        log.warning("messages_not_told", messages=missed, effect="they are looked for")
        return False

    async def _question(self, page: Page) -> None:
        """Ask WhatsApp something, since nothing came from it for long: a connection can be dead without a sign."""
        answered = await call(page, "question", _QUESTION)
        if answered is False:
            self._watch.in_vain()
        else:
            # Also when this build has no question that can be asked: silence alone proves nothing.
            self._watch.traffic()

    def _due(self, name: str, every: timedelta) -> bool:
        now = self._steady.now()
        last = self._last.get(name)
        if last is not None and now - last < every:
            return False
        self._last[name] = now
        return True
