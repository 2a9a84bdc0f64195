"""The worker service: a few worker processes that are kept running, and a ticker that feeds them."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Coroutine, Sequence
from datetime import timedelta
from typing import Any

import structlog

from session_core.core import Core, open_core
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


def run_worker(settings: Settings, *, queues: Sequence[str] = (), extra_tasks: Sequence[ExtraTask] = ()) -> None:
    """Run ``settings.workers`` worker processes and a ticker until SIGTERM or SIGINT.

    The processes read the same environment; they end with this one, however it ends, and are replaced when they die.

    Args:
        settings: the settings.
        queues: other queues, each with a worker process of its own: what is slow there holds up no message.
        extra_tasks: what else runs here, each called with this process's core.
    """
    asyncio.run(_serve(settings, queues, extra_tasks))


async def _serve(settings: Settings, queues: Sequence[str], extra_tasks: Sequence[ExtraTask]) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    commands = [COMMAND] * settings.workers + [[*COMMAND, queue] for queue in queues]
    children = [Child(command, os.environ, _pass_on, STOP_TIMEOUT) for command in commands]
    others = TaskOwner()
    async with open_core(settings) as core:
        ticker = Ticker(core)
        ticker.start()
        for extra in extra_tasks:
            spawn(extra(core), name="extra", owner=others)
        keepers = [spawn(_keep(child, stop), name=f"worker-{number}") for number, child in enumerate(children, 1)]
        log.info("worker_started", workers=settings.workers)
        await stop.wait()
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
