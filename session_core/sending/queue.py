"""The queue of drains: RQ runs them, everything about time and order is ours."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from redis import Redis
from redis.backoff import ExponentialBackoff
from redis.retry import Retry
from rq import Queue
from rq.serializers import JSONSerializer

from session_core.bus.connection import ANSWER_TIMEOUT_SECONDS, CONNECT_TIMEOUT_SECONDS
from session_core.domain.queues import JobQueue
from session_core.sending import inspection
from session_core.settings import Settings

QUEUE = JobQueue.SENDING.value

JOB = "session_core.sending.jobs.drain"
"""By its name, so that whoever queues a job need not import what it needs."""

JOB_MARGIN = timedelta(seconds=60)
"""A job ends by itself after a few seconds and one send; RQ's own timeout is for what cannot happen."""

FAILURES_KEPT = timedelta(days=1)
"""The operator looks at them; `session_core.sending.inspection.trim` keeps them few."""

CALL_TIMEOUT = timedelta(seconds=15)


def open_sync_redis(settings: Settings, *, blocking: bool = False) -> Redis:
    """Return the blocking client that RQ wants.

    Args:
        settings: where the server is.
        blocking: for a worker, which sets the time of its own waiting calls.
    """
    return Redis.from_url(
        settings.redis_url,
        socket_connect_timeout=CONNECT_TIMEOUT_SECONDS,
        socket_timeout=None if blocking else ANSWER_TIMEOUT_SECONDS,
        retry=Retry(ExponentialBackoff(cap=1, base=0.05), 3),
    )


class DrainQueue:
    """Puts drains into the queue, without blocking the event loop."""

    def __init__(self, settings: Settings) -> None:
        self._redis = open_sync_redis(settings)
        self._queue = Queue(QUEUE, connection=self._redis, serializer=JSONSerializer)
        self._job_timeout = settings.send_timeout + JOB_MARGIN

    async def put(self, account_ids: Sequence[UUID]) -> None:
        """Queue one drain for each account."""
        if account_ids:
            await asyncio.wait_for(asyncio.to_thread(self._put, account_ids), CALL_TIMEOUT.total_seconds())

    async def length(self) -> int:
        """Count the drains that wait."""
        return await asyncio.wait_for(asyncio.to_thread(lambda: int(self._queue.count)), CALL_TIMEOUT.total_seconds())

    async def trim_failed(self) -> None:
        """Forget the oldest failed drains above what is kept."""
        trimming = asyncio.to_thread(inspection.trim, self._redis, JobQueue.SENDING)
        await asyncio.wait_for(trimming, CALL_TIMEOUT.total_seconds())

    def close(self) -> None:
        """Close the connection."""
        self._redis.close()

    def _put(self, account_ids: Sequence[UUID]) -> None:
        self._queue.enqueue_many(
            [
                Queue.prepare_data(
                    JOB,
                    args=[str(account_id)],
                    timeout=int(self._job_timeout.total_seconds()),
                    # Nobody reads results: the job is gone when it is done.
                    result_ttl=0,
                    failure_ttl=int(FAILURES_KEPT.total_seconds()),
                    description="drain",
                )
                for account_id in account_ids
            ]
        )
