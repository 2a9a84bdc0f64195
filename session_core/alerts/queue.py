"""The queue of e-mails. RQ runs the jobs; when one is due is in the database, so a lost job is only late."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from rq import Queue
from rq.serializers import JSONSerializer

from session_core.domain.queues import JobQueue
from session_core.sending.queue import open_sync_redis
from session_core.settings import Settings

QUEUE = JobQueue.ALERTS.value

JOB = "session_core.alerts.jobs.mail"
"""By its name, so that whoever queues a job need not import what it needs."""

JOB_TIMEOUT = timedelta(minutes=3)
"""For what cannot happen: a job limits itself, see `session_core.alerts.post.SEND_TIMEOUT`."""

FAILURES_KEPT = timedelta(days=1)
CALL_TIMEOUT = timedelta(seconds=15)


class MailQueue:
    """Puts e-mails into the queue, without blocking the event loop."""

    def __init__(self, settings: Settings) -> None:
        self._redis = open_sync_redis(settings)
        self._queue = Queue(QUEUE, connection=self._redis, serializer=JSONSerializer)

    async def put(self, alert_ids: Sequence[UUID]) -> None:
        """Queue a job for each alert."""
        if alert_ids:
            await asyncio.wait_for(asyncio.to_thread(self._put, alert_ids), CALL_TIMEOUT.total_seconds())

    async def length(self) -> int:
        """Count the jobs that wait."""
        return await asyncio.wait_for(asyncio.to_thread(lambda: int(self._queue.count)), CALL_TIMEOUT.total_seconds())

    def close(self) -> None:
        """Close the connection."""
        self._redis.close()

    def _put(self, alert_ids: Sequence[UUID]) -> None:
        self._queue.enqueue_many(
            [
                Queue.prepare_data(
                    JOB,
                    args=[str(alert_id)],
                    timeout=int(JOB_TIMEOUT.total_seconds()),
                    result_ttl=0,
                    failure_ttl=int(FAILURES_KEPT.total_seconds()),
                    description="alert",
                )
                for alert_id in alert_ids
            ]
        )
