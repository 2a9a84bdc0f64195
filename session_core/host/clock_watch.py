"""Says when this machine's clock and that of the bus do not agree: then permissions to send end early or late."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import structlog

from session_core.bus.connection import RedisClient
from session_core.clock import utcnow

log = structlog.get_logger(__name__)

LIMIT = timedelta(seconds=10)
"""Far from the 40 s by which a host that is ahead sends nothing, and more than a busy machine needs for an answer."""


class ClockWatch:
    """Compares the two clocks, and logs a difference once when it begins and once when it is over."""

    def __init__(self, redis: RedisClient) -> None:
        self._redis = redis
        self._off = False

    async def look(self) -> timedelta:
        """Compare now; returns by how much this machine is ahead.

        Raises:
            BUS_ERRORS: the bus is away.
        """
        seconds, microseconds = await self._redis.time()
        ahead = utcnow() - datetime.fromtimestamp(int(seconds) + int(microseconds) / 1e6, UTC)
        off = abs(ahead) > LIMIT
        if off and not self._off:
            log.warning("clock_differs", seconds=round(ahead.total_seconds()), action="set both machines' clocks (NTP)")
        elif self._off and not off:
            log.info("clock_differs_over")
        self._off = off
        return ahead
