"""A host's clock beside the bus's."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, cast

from structlog.testing import capture_logs

from session_core.bus.connection import RedisClient
from session_core.clock import utcnow
from session_core.host.clock_watch import LIMIT, ClockWatch


class BusOfAnotherTime:
    """Tells a time that is ``off`` the machine's."""

    def __init__(self) -> None:
        self.off = timedelta(0)

    async def time(self) -> tuple[int, int]:
        moment: datetime = utcnow() + self.off
        return int(moment.timestamp()), moment.microsecond


async def test_a_difference_is_said_once_and_its_end_too() -> None:
    bus = BusOfAnotherTime()
    watch = ClockWatch(cast("RedisClient", bus))
    with capture_logs() as lines:
        assert abs(await watch.look()) < LIMIT
        bus.off = timedelta(hours=-1)
        assert timedelta(minutes=59) < await watch.look() < timedelta(minutes=61)
        await watch.look()
        bus.off = timedelta(hours=1)
        assert await watch.look() < timedelta(0)
        bus.off = timedelta(0)
        await watch.look()
    told: list[Any] = [(line["event"], line.get("seconds")) for line in lines]
    assert told == [("clock_differs", 3600), ("clock_differs_over", None)]
