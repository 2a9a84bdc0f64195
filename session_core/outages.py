"""What is away is said once when that begins and once when it is over, however often it is asked meanwhile."""

from __future__ import annotations

from time import monotonic

import structlog

log = structlog.get_logger(__name__)


class Outage:
    """Logs the outages of one thing that is asked again and again."""

    def __init__(self, event: str, **facts: object) -> None:
        """Prepare; nothing is out. ``event``: the line's name; ``facts``: what else it says."""
        self._event = event
        self._facts = facts
        self._since: float | None = None

    def begins(self, error: BaseException) -> None:
        """Say that it is away, unless that was said already."""
        if self._since is None:
            self._since = monotonic()
            log.warning(self._event, **self._facts, error=repr(error))

    def ends(self, **facts: object) -> None:
        """Say that it is back, when it was away; ``facts``: what came of it."""
        if self._since is not None:
            seconds, self._since = round(monotonic() - self._since, 1), None
            log.info(f"{self._event}_over", **self._facts, seconds=seconds, **facts)
