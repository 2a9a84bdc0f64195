"""``python -m session_core worker`` with its options, as real processes on a real Valkey, and how it ends."""

from __future__ import annotations

import asyncio
import signal
from datetime import timedelta
from pathlib import Path

import psutil
from rq import Worker

from session_core.bus.lanes import mark_due
from session_core.core import Core
from session_core.domain.commands import SendMessage, SendOutcome
from session_core.domain.queues import JobQueue
from session_core.sending.queue import open_sync_redis
from session_core.settings import Settings
from tests.fakes.hosts import RecordingHost
from tests.integration.sending import proof
from tests.integration.sending.lanes import environment, fill, ready_account
from tests.servers.processes import start_service, stop
from tests.waiting import eventually

LONG = timedelta(seconds=30)


class PatientHost(RecordingHost):
    """Has every text wait until it may go."""

    def __init__(self, core: Core) -> None:
        super().__init__(core)
        self.asked = asyncio.Event()
        self.may_go = asyncio.Event()

    async def answer(self, command: SendMessage) -> SendOutcome:
        self.asked.set()
        await self.may_go.wait()
        return await super().answer(command)


def queues_of(settings: Settings) -> list[list[str]]:
    """Return the queues of every worker that RQ knows."""
    with open_sync_redis(settings) as redis:
        return sorted(worker.queue_names() for worker in Worker.all(connection=redis))


async def test_the_pool_works_on_the_queues_that_are_named_and_leaves_nobody_behind(
    core: Core, settings: Settings, tmp_path: Path
) -> None:
    mail = {"SMTP_HOST": "127.0.0.1", "SMTP_PORT": "9", "SMTP_STARTTLS": "off"}
    service = start_service(
        "worker", "--pool", "2", "--queues", "alerts,sending", env=environment(settings, **mail), log=tmp_path / "log"
    )
    try:
        expected = [[JobQueue.ALERTS.value]] * 2 + [[JobQueue.SENDING.value]]
        await eventually(lambda: queues_of(settings) == expected, LONG, "three workers")
        processes = psutil.Process(service.pid).children(recursive=True)
        assert len(processes) == 3
    finally:
        assert stop(service) == 0
    assert not [process for process in processes if process.is_running()]
    # They said goodbye: nobody has to wait for their time to run out.
    assert queues_of(settings) == []


async def test_sigterm_lets_the_send_under_way_end(core: Core, settings: Settings, tmp_path: Path) -> None:
    settings = settings.model_copy(update={"send_timeout": timedelta(seconds=20)})
    account_id = await ready_account(core)
    host = PatientHost(core)
    await host.run(account_id)
    first, *_ = await fill(core, account_id, 2)
    with proof.workers(settings, tmp_path / "log", 1) as service:
        await mark_due(core.redis, account_id)
        await asyncio.wait_for(host.asked.wait(), LONG.total_seconds())
        processes = service.children(recursive=True)
        service.send_signal(signal.SIGTERM)
        await eventually(lambda: "worker_stopping" in (tmp_path / "log").read_text(), LONG, "it heard")
        host.may_go.set()
        await eventually(lambda: service.status() == psutil.STATUS_ZOMBIE, LONG, "the service ended")
    await host.stop()
    assert not [process for process in processes if process.is_running()]
    assert host.texts[0] == first


async def test_a_pool_that_is_killed_leaves_no_worker_even_in_the_middle_of_a_send(
    core: Core, settings: Settings, tmp_path: Path
) -> None:
    settings = settings.model_copy(update={"send_timeout": timedelta(seconds=2)})
    account_id = await ready_account(core)
    host = PatientHost(core)
    await host.run(account_id)
    texts = await fill(core, account_id, 1)
    with proof.workers(settings, tmp_path / "log", 1) as service:
        await mark_due(core.redis, account_id)
        await asyncio.wait_for(host.asked.wait(), LONG.total_seconds())
        (worker,) = proof.worker_processes(service)
        service.kill()
        host.may_go.set()
        await eventually(lambda: _gone(worker), LONG, "the worker ended")
    await eventually(lambda: host.texts == texts, LONG, "the text is out")
    await host.stop()


def _gone(process: psutil.Process) -> bool:
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
