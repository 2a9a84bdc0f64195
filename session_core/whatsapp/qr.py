"""How long a code lives. WhatsApp does not say; these are its habits, so every expiry is an estimate."""

from __future__ import annotations

from datetime import datetime, timedelta

from session_core.whatsapp.driver import QrShown

FIRST_LIFE = timedelta(seconds=60)
LATER_LIFE = timedelta(seconds=20)
PAIRING_LIFE = timedelta(minutes=3)
"""Of a linking code that is typed on the phone (whatsapp-web.js asks for a new one as often)."""


class QrSeries:
    """Numbers the codes of one load of the page and estimates when each expires.

    The estimate starts when the code is seen. A code that was on the screen before we could look may expire up to that
    much earlier; the next one then simply comes sooner than told.
    """

    def __init__(self) -> None:
        self._ref: str | None = None
        self._number = 0

    def see(self, ref: str, code: str, now: datetime) -> QrShown | None:
        """Return the event for a code, or None when this one was told already."""
        if ref == self._ref:
            return None
        self._ref = ref
        self._number += 1
        life = FIRST_LIFE if self._number == 1 else LATER_LIFE
        return QrShown(code=code, shown_at=now, expires_at=now + life, number=self._number)
