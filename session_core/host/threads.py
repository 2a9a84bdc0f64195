"""Long blocking work beside the event loop, which ends soon after nobody wants it any more."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

import structlog

from session_core.tasks import spawn

T = TypeVar("T")

log = structlog.get_logger(__name__)

LAST_WAIT = timedelta(seconds=10)
"""For work to notice that it was given up; it asks with every piece of data."""


class GivenUp(Exception):
    """Raised inside the work by its ``stop``."""


async def in_thread(name: str, work: Callable[[Callable[[], None]], T]) -> T:
    """Run ``work`` in a thread.

    Cancelling the caller tells the work to stop and waits for that: whoever cleans up afterwards finds nobody who
    still writes.

    Args:
        name: for the log.
        work: gets ``stop``, to be called again and again; it raises once the work is given up.
    """
    given_up = threading.Event()

    def stop() -> None:
        if given_up.is_set():
            raise GivenUp

    def run() -> T | Exception:
        # Returned, because after a cancellation nobody is there any more to catch it.
        try:
            return work(stop)
        except Exception as error:
            return error

    job = spawn(asyncio.to_thread(run), name=name)
    try:
        result = await asyncio.shield(job)
    except asyncio.CancelledError:
        given_up.set()
        await _over(job, name)
        raise
    if isinstance(result, Exception):
        raise result
    return result


async def _over(job: asyncio.Task[T], name: str) -> None:
    loop = asyncio.get_running_loop()
    until = loop.time() + LAST_WAIT.total_seconds()
    while not job.done() and loop.time() < until:
        try:
            await asyncio.wait({job}, timeout=until - loop.time())
        except asyncio.CancelledError:
            # `session_core.tasks.end` cancels again and again; the thread cannot be hurried.
            continue
    if not job.done():
        log.error("thread_does_not_end", name=name)
