"""Jobs that failed, as a worker leaves them."""

from __future__ import annotations

from rq import Queue
from rq.job import JobStatus
from rq.registry import FailedJobRegistry
from rq.results import Result
from rq.serializers import JSONSerializer

from session_core.clock import utcnow
from session_core.domain.queues import JobQueue
from session_core.sending.queue import JOB, open_sync_redis
from session_core.settings import Settings

ERROR = """Traceback (most recent call last):
  File "/srv/drain.py", line 3, in drain
    await session.flush()
ValueError: row refused: 'see you at the old bridge'
DETAIL: my secret
"""

KEPT_SECONDS = 3600


def fail(settings: Settings, *subjects: str) -> list[str]:
    """Leave a failed drain for each subject; returns their ids."""
    with open_sync_redis(settings) as redis:
        queue = Queue(JobQueue.SENDING.value, connection=redis, serializer=JSONSerializer)
        registry = FailedJobRegistry(queue=queue)
        ids = []
        for subject in subjects:
            job = queue.create_job(JOB, args=[subject], result_ttl=0, failure_ttl=KEPT_SECONDS)
            job.set_status(JobStatus.FAILED)
            job.ended_at = utcnow()
            registry.add(job, ttl=KEPT_SECONDS)
            Result.create_failure(job, KEPT_SECONDS, ERROR)
            ids.append(job.id)
        return ids
