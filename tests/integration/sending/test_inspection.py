"""What the operator sees of real workers and real failed jobs, and what can be done about the latter."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from redis import Redis
from rq import Queue
from rq.serializers import JSONSerializer

from session_core.core import Core
from session_core.domain.queues import JobQueue
from session_core.errors import NotFound
from session_core.sending import inspection
from session_core.sending.queue import JOB, open_sync_redis
from session_core.services import jobs
from session_core.services.principal import Principal
from session_core.settings import Settings
from tests.factories import add_user
from tests.failed_jobs import fail
from tests.integration.sending.lanes import environment
from tests.servers.processes import start, stop
from tests.waiting import eventually


@pytest.fixture
def redis(settings: Settings) -> Iterator[Redis]:
    with open_sync_redis(settings) as redis:
        yield redis


def test_failed_jobs_with_their_last_line(settings: Settings, redis: Redis) -> None:
    ids = fail(settings, "first", "second")
    view = inspection.look(redis)
    assert [job.id for job in view.failed] == ids[::-1]
    newest = view.failed[0]
    assert (newest.queue, newest.task, newest.subject) == ("sending", "drain", "second")
    assert newest.error == "ValueError: row refused: '…'"
    assert view.failed_total == 2
    assert [(queue.name, queue.waiting, queue.failed) for queue in view.queues] == [("sending", 0, 2), ("alerts", 0, 0)]


def test_again_and_away(settings: Settings, redis: Redis) -> None:
    first, second = fail(settings, "first", "second")
    assert inspection.retry(redis, first)
    assert not inspection.retry(redis, first), "it does not wait twice"
    assert inspection.look(redis).queues[0].waiting == 1
    assert inspection.dismiss(redis, second)
    assert not inspection.dismiss(redis, second)
    assert inspection.look(redis).failed_total == 0
    assert not inspection.retry(redis, "nothing")


def test_only_the_newest_are_kept(settings: Settings, redis: Redis) -> None:
    ids = fail(settings, *"abcd")
    assert inspection.trim(redis, JobQueue.SENDING, kept=3) == 1
    # Their order is known to the second only.
    assert {job.id for job in inspection.look(redis).failed} < set(ids)
    assert inspection.look(redis).failed_total == 3
    assert inspection.trim(redis, JobQueue.SENDING, kept=3) == 0


async def test_a_real_worker_and_what_fails_in_its_hands(settings: Settings, redis: Redis, tmp_path: Path) -> None:
    queue = Queue(JobQueue.SENDING.value, connection=redis, serializer=JSONSerializer)
    job = queue.enqueue(JOB, "no id of an account", result_ttl=0, failure_ttl=60)
    worker = start(
        [sys.executable, "-m", "session_core.sending.child"], env=environment(settings), log=tmp_path / "log"
    )
    try:
        await eventually(lambda: inspection.look(redis).failed, timedelta(seconds=30), "the job failed")
        view = inspection.look(redis)
        (failed,) = view.failed
        assert (failed.id, failed.error) == (job.id, "ValueError: badly formed hexadecimal UUID string")
        (living,) = view.workers
        assert (living.pid, living.queues, living.failed) == (worker.pid, ["sending"], 1)
        assert [queue.workers for queue in view.queues] == [1, 0]
    finally:
        stop(worker)


async def test_only_the_operator(core: Core, settings: Settings, redis: Redis) -> None:
    (job_id,) = fail(settings, "first")
    ids = sorted([await add_user(core.db), await add_user(core.db)])
    first, second = (Principal(who, f"{name}@example.org", "", "cookie") for who, name in zip(ids, "ab", strict=True))
    assert (await jobs.look(core, first)).failed_total == 1
    for refused in (jobs.look(core, second), jobs.retry(core, second, job_id), jobs.dismiss(core, second, job_id)):
        with pytest.raises(NotFound):
            await refused
    assert inspection.look(redis).failed_total == 1
    named = settings.model_copy(update={"operators": "b@Example.org"})
    assert await jobs.is_operator(_with(core, named), second)
    assert not await jobs.is_operator(_with(core, named), first)
    for nonsense in ("", "x" * 65, "../x", str(uuid4())):
        with pytest.raises(NotFound):
            await jobs.retry(core, first, nonsense)


def _with(core: Core, settings: Settings) -> Core:
    return replace(core, settings=settings)
