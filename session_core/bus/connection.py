"""How we connect to Valkey or Redis."""

from __future__ import annotations

from typing import TypeAlias

import redis.asyncio as redis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from redis.exceptions import RedisError

RedisClient: TypeAlias = "redis.Redis"

BUS_ERRORS = (RedisError, OSError)
"""What a call on the bus raises when the bus is away: catch this, not the library's names."""

CONNECT_TIMEOUT_SECONDS = 5
ANSWER_TIMEOUT_SECONDS = 10


def open_redis(url: str) -> RedisClient:
    """Return a client that decodes texts; it connects at its first use and again after a break.

    Args:
        url: ``redis://``, ``rediss://`` or ``unix://`` address.
    """
    return redis.Redis.from_url(
        url,
        decode_responses=True,
        socket_connect_timeout=CONNECT_TIMEOUT_SECONDS,
        socket_timeout=ANSWER_TIMEOUT_SECONDS,
        health_check_interval=30,
        retry=Retry(ExponentialBackoff(cap=1, base=0.05), 3),
        retry_on_error=[redis.ConnectionError, redis.TimeoutError],
    )
