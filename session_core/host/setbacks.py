"""How often in a row a session went wrong, and what follows from that. Pure: the caller tells how long it was ready."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from session_core.domain.status import ReasonCode
from session_core.host import policy

DEAF_LIMIT = 5
"""So many browsers in a row that went deaf: another one would go deaf too."""

WELL_AFTER = timedelta(minutes=10)
"""A browser that heard for so long before it went deaf is not one of that row."""


class Setbacks:
    """Counts the ends of a session's browsers."""

    def __init__(self) -> None:
        self._count = 0
        self._deaf = 0

    @property
    def hopeless(self) -> bool:
        """Whether another browser would not help: a person has to look."""
        return self._deaf >= DEAF_LIMIT

    def add(self, reason: ReasonCode, ready_for: timedelta | None) -> None:
        """Note an end.

        Args:
            reason: why it ended.
            ready_for: how long it had been ready; None: it never was.
        """
        lasted = ready_for or timedelta(0)
        if lasted > policy.STABLE_AFTER:
            self._count = 0
        self._count += 1
        if reason is ReasonCode.DEAF:
            self._deaf = 1 if lasted > WELL_AFTER else self._deaf + 1
        elif lasted > WELL_AFTER:
            self._deaf = 0

    def pause(self, random: Callable[[], float]) -> timedelta:
        """Return how long to wait before the next browser; it grows with every one that went wrong."""
        return policy.backoff(max(self._count, self._deaf), random)
