"""What every process tells about itself: numbers that stay flat while nothing leaks."""

from __future__ import annotations

from datetime import timedelta

from pydantic import BaseModel, ConfigDict, ValidationError

from session_core.bus import keys
from session_core.bus.connection import RedisClient

TOLD_EVERY = timedelta(seconds=10)

KNOWN_FOR = timedelta(seconds=35)
"""A process that has been silent for longer has ended; by the clock of the bus. Three times may fail."""


class ProcessVitals(BaseModel):
    """Numbers of one process.

    Attributes:
        service: ``host``, ``worker`` or ``web``.
        machine: name of the machine, or of the container.
        tasks: asyncio tasks that are not done.
        open_files: file descriptors.
        memory: bytes of it that are in memory (RSS).
    """

    model_config = ConfigDict(frozen=True)

    service: str
    machine: str
    pid: int
    tasks: int
    open_files: int
    threads: int
    memory: int


class _Told(BaseModel):
    until_ms: int
    vitals: ProcessVitals


async def tell(redis: RedisClient, vitals: ProcessVitals) -> None:
    """Tell the numbers of this process, and forget those of processes that have ended."""
    now = await _now_ms(redis)
    told = _Told(until_ms=now + int(KNOWN_FOR.total_seconds() * 1000), vitals=vitals)
    over = [name for name, one in (await _all(redis)).items() if one is None or one.until_ms < now]
    async with redis.pipeline(transaction=True) as pipe:
        pipe.hset(keys.PROCESSES, f"{vitals.service}:{vitals.machine}:{vitals.pid}", told.model_dump_json())
        if over:
            pipe.hdel(keys.PROCESSES, *over)
        await pipe.execute()


async def known(redis: RedisClient) -> list[ProcessVitals]:
    """Return the numbers of the processes that were heard of lately, in a fixed order."""
    now = await _now_ms(redis)
    told = sorted((await _all(redis)).items())
    return [one.vitals for _, one in told if one is not None and one.until_ms >= now]


async def connections(redis: RedisClient) -> int:
    """Return how many connections the bus has open, whoever made them."""
    return int((await redis.info("clients"))["connected_clients"])


async def _all(redis: RedisClient) -> dict[str, _Told | None]:
    return {str(name): _read(value) for name, value in (await redis.hgetall(keys.PROCESSES)).items()}


def _read(value: str) -> _Told | None:
    try:
        return _Told.model_validate_json(value)
    except ValidationError:
        # A process of another version says something else.
        return None


async def _now_ms(redis: RedisClient) -> int:
    seconds, microseconds = await redis.time()
    return int(seconds) * 1000 + int(microseconds) // 1000
