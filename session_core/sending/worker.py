"""The worker service: a few worker processes that are kept running, and a ticker that feeds them."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from datetime import timedelta
from typing import Any

import structlog

from session_core.core import Core, open_core
from session_core.domain.queues import JobQueue
from session_core.launch.child import STEADY, Child, pause_before_start
from session_core.sending.ticker import Ticker
from session_core.settings import Settings
from session_core.tasks import TaskOwner, spawn

log = structlog.get_logger(__name__)

STOP_TIMEOUT = timedelta(seconds=7)
"""For the send under way. A longer one is cut off; whoever takes it over asks WhatsApp first."""

COMMAND = [sys.executable, "-m", "session_core.sending.child"]


ExtraTask = Callable[[Core], Coroutine[Any, Any, None]]
"""Something else that lives in this process, for ever, and minds its own errors."""


def run_worker(settings: Settings, *, extra_tasks: Sequence[ExtraTask] = ()) -> None:
    """Run worker processes and a ticker until SIGTERM or SIGINT.

    The processes read the same environment; they end with this one, however it ends, and are replaced when they die.
    On SIGTERM each finishes its job; one that takes too long is cut off, and whoever comes next takes the job over.

    RQ has a pool of its own (``rq worker-pool``). Its workers outlive a pool that is killed, and it leaves them RQ's
    default times, with which an idle worker notices others that died after minutes only.

    Args:
        settings: which queues, and how many processes.
        extra_tasks: what else runs here, each called with this process's core.
    """
    asyncio.run(_serve(settings, extra_tasks))


def pool(settings: Settings) -> list[JobQueue]:
    """Return the queue of each process: the first queue has ``settings.workers``, each other one a process.

    So what is slow in one queue holds up no other. Without a mail server there is nothing in the queue of e-mails.
    """
    queues = [queue for queue in settings.job_queues if settings.mail_enabled or queue is not JobQueue.ALERTS]
    first, *others = queues or settings.job_queues
    return [first] * settings.workers + others


async def _serve(settings: Settings, extra_tasks: Sequence[ExtraTask]) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    queues = pool(settings)
    children = [Child([*COMMAND, queue], os.environ, _pass_on, STOP_TIMEOUT) for queue in queues]
    others = TaskOwner()
    async with open_core(settings) as core:
        ticker = Ticker(core)
        ticker.start()
        for extra in extra_tasks:
            spawn(extra(core), name="extra", owner=others)
        keepers = [spawn(_keep(child, stop), name=f"worker-{number}") for number, child in enumerate(children, 1)]
        log.info("worker_started", processes=dict(Counter(queue.short for queue in queues)))
        await stop.wait()
        log.info("worker_stopping")
        await ticker.stop()
        await others.close()
        await asyncio.gather(*(child.stop() for child in children))
        await asyncio.wait(keepers, timeout=STOP_TIMEOUT.total_seconds())


async def _keep(child: Child, stop: asyncio.Event) -> None:
    failures = 0
    while not stop.is_set():
        child.start()
        code = await child.wait()
        if stop.is_set():
            return
        failures = 1 if child.age > STEADY else failures + 1
        pause = pause_before_start(failures)
        log.warning("worker_process_ended", exit_code=code, again_in_seconds=pause.total_seconds())
        try:
            await asyncio.wait_for(stop.wait(), pause.total_seconds())
        except TimeoutError:
            continue


def _pass_on(line: bytes) -> None:
    sys.stderr.buffer.write(line + b"\n")
    sys.stderr.buffer.flush()
