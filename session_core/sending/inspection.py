"""What RQ knows of its workers, queues and failed jobs, and what can be done about the latter. All of it blocks."""

from __future__ import annotations

from datetime import UTC, datetime

from redis import Redis
from rq import Queue, Worker
from rq.exceptions import InvalidJobOperation, NoSuchJobError
from rq.job import Job
from rq.registry import FailedJobRegistry, StartedJobRegistry
from rq.serializers import JSONSerializer
from rq.worker.base import WorkerStatus

from session_core.clock import utcnow
from session_core.domain.jobs import FailedJobView, JobsView, QueueView, WorkerView, last_line
from session_core.domain.queues import JobQueue
from session_core.log import clean

SHOWN = 50
"""Failed jobs, the newest ones."""

KEPT = 1000
"""Failed jobs of a queue that are kept at most: while the database is away every job fails."""


def look(redis: Redis) -> JobsView:
    """Return everything as it is now."""
    workers = _workers(redis)
    queues, failed = [], []
    for name in JobQueue:
        registry = _failed(redis, name)
        total = int(registry.get_job_count(cleanup=True))
        queues.append(
            QueueView(
                name=name.short,
                waiting=_queue(redis, name).count,
                running=StartedJobRegistry(name.value, connection=redis, serializer=JSONSerializer).count,
                failed=total,
                workers=sum(name.short in worker.queues for worker in workers),
            )
        )
        ids = registry.get_job_ids(0, SHOWN - 1, desc=True, cleanup=False)
        found = Job.fetch_many(ids, connection=redis, serializer=JSONSerializer)
        failed += [_failed_job(name, job) for job in found if job is not None]
    failed.sort(key=lambda job: job.failed_at, reverse=True)
    return JobsView(
        workers=workers, queues=queues, failed=failed[:SHOWN], failed_total=sum(queue.failed for queue in queues)
    )


def retry(redis: Redis, job_id: str) -> bool:
    """Put a failed job into its queue again; False when there is no such failed job (any more)."""
    for name in JobQueue:
        try:
            _failed(redis, name).requeue(job_id)
        except (NoSuchJobError, InvalidJobOperation):
            continue
        return True
    return False


def dismiss(redis: Redis, job_id: str) -> bool:
    """Forget a failed job; False when there is no such failed job (any more)."""
    for name in JobQueue:
        registry = _failed(redis, name)
        if redis.zscore(registry.key, job_id) is not None:
            registry.remove(job_id, delete_job=True)
            return True
    return False


def trim(redis: Redis, name: JobQueue, kept: int = KEPT) -> int:
    """Forget the oldest failed jobs of a queue above ``kept``; returns how many."""
    registry = _failed(redis, name)
    surplus = registry.get_job_count(cleanup=False) - kept
    oldest = registry.get_job_ids(0, surplus - 1, cleanup=False) if surplus > 0 else []
    for job_id in oldest:
        registry.remove(job_id, delete_job=True)
    return len(oldest)


def _queue(redis: Redis, name: JobQueue) -> Queue:
    return Queue(name.value, connection=redis, serializer=JSONSerializer)


def _failed(redis: Redis, name: JobQueue) -> FailedJobRegistry:
    return FailedJobRegistry(name.value, connection=redis, serializer=JSONSerializer)


def _workers(redis: Redis) -> list[WorkerView]:
    found = []
    for worker in Worker.all(connection=redis, serializer=JSONSerializer):
        queues = [name.short for name in JobQueue if name.value in worker.queue_names()]
        if not queues:
            continue
        since = _aware(worker.birth_date)
        found.append(
            WorkerView(
                name=worker.name,
                machine=worker.hostname or "",
                pid=worker.pid or 0,
                queues=queues,
                busy=worker.get_state() == WorkerStatus.BUSY,
                since=since,
                seen_at=_aware(worker.last_heartbeat) if worker.last_heartbeat else since,
                done=worker.successful_job_count,
                failed=worker.failed_job_count,
            )
        )
    return sorted(found, key=lambda worker: (worker.machine, worker.queues, worker.pid))


def _failed_job(name: JobQueue, job: Job) -> FailedJobView:
    arguments, result = job.args, job.latest_result()
    return FailedJobView(
        id=job.id,
        queue=name.short,
        task=str(job.func_name).rpartition(".")[2],
        subject=str(arguments[0]) if arguments else "",
        failed_at=_aware(job.ended_at or job.enqueued_at or job.created_at),
        error=last_line(clean((result.exc_string if result is not None else None) or "")),
    )


def _aware(at: datetime | None) -> datetime:
    if at is None:
        return utcnow()
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)
