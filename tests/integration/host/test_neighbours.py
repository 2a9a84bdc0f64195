"""What a host knows of the others, on a real Valkey whose clock jumps."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any, cast
from uuid import uuid4

from session_core.bus import hosts
from session_core.bus.connection import RedisClient
from session_core.clock import utcnow
from session_core.core import Core
from session_core.host.neighbours import Neighbours
from tests.waiting import eventually

LEASE = timedelta(seconds=1)
HOUR = 3600


class JumpingBus:
    """A real bus, the clock of whose machine is set ``ahead`` by so many seconds."""

    def __init__(self, redis: RedisClient) -> None:
        self._redis = redis
        self.ahead = 0

    def __getattr__(self, command: str) -> Any:
        return getattr(self._redis, command)

    async def time(self) -> tuple[int, int]:
        """Return the time that the machine shows."""
        seconds, microseconds = await self._redis.time()
        return int(seconds) + self.ahead, int(microseconds)


async def test_leases_that_may_have_run_out_by_a_jump_count_as_forgotten(core: Core) -> None:
    """Their holders are about to renew. What is missing is over again once the bus was even for the time of a lease."""
    bus = JumpingBus(core.redis)
    beat = hosts.Heartbeat(host_id="other", at=utcnow(), running=1, room_for=1, chromium_sandbox=True)
    await hosts.beat(core.redis, beat)
    neighbours = Neighbours(cast("RedisClient", bus), "mine", LEASE)
    before, after, later = uuid4(), uuid4(), uuid4()

    async def surely_ended() -> bool:
        await neighbours.look([before])
        return neighbours.surely_ended(before, "other")

    assert await eventually(surely_ended), "the bus has been running for longer than a lease"
    for jump in (HOUR, 0):
        bus.ahead = jump
        await neighbours.look([after])
        assert not neighbours.surely_ended(after, "other")
        assert neighbours.surely_ended(after, "mine"), "of itself it knows"

    async def even_again() -> bool:
        await neighbours.look([before, after])
        return neighbours.surely_ended(after, "other")

    began = asyncio.get_running_loop().time()
    assert await eventually(even_again)
    assert asyncio.get_running_loop().time() - began > LEASE.total_seconds() / 2
    await neighbours.look([later])
    assert neighbours.surely_ended(later, "other"), "it is found free for the first time, of a bus that is even"
