"""One worker process: takes jobs from its queues, one at a time (``python -m …sending.child [QUEUE …]``)."""

from __future__ import annotations

import sys

import structlog
from rq import Queue, SimpleWorker
from rq.serializers import JSONSerializer

from session_core.launch.parent import follow_parent
from session_core.log import setup_logging
from session_core.sending import jobs, process
from session_core.sending.queue import QUEUE, open_sync_redis
from session_core.settings import get_settings

log = structlog.get_logger(__name__)

WORKER_TTL_SECONDS = 30
"""RQ waits for a job at most 15 s less, so that a dead worker is forgotten soon and registries are cleaned."""

MAINTENANCE_SECONDS = 10


def main(queues: list[str]) -> None:
    """Work until SIGTERM: the job under way is finished first.

    Args:
        queues: names of the queues, the most urgent one first.
    """
    follow_parent()
    settings = get_settings()
    setup_logging(level=settings.log_level, json=settings.json_logs)
    try:
        jobs.warm_up()
    except Exception as error:
        # The database is away: the jobs will say so, and there may be one that works by then.
        log.warning("worker_starts_without_database", error=repr(error))
    connection = open_sync_redis(settings, blocking=True)
    worker = SimpleWorker(
        [Queue(name, connection=connection, serializer=JSONSerializer) for name in queues],
        connection=connection,
        serializer=JSONSerializer,
        worker_ttl=WORKER_TTL_SECONDS,
        maintenance_interval=MAINTENANCE_SECONDS,
        log_job_description=False,
    )
    try:
        # RQ writes several lines for each job at INFO.
        worker.work(logging_level="WARNING")
    finally:
        process.close()


if __name__ == "__main__":
    main(sys.argv[1:] or [QUEUE])
