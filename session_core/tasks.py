"""Every asyncio task has a name, an owner and somebody who reads its error."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from datetime import timedelta
from typing import Any, TypeVar

import structlog

from session_core.outages import Outage

T = TypeVar("T")

log = structlog.get_logger(__name__)


def spawn(coro: Coroutine[Any, Any, T], *, name: str, owner: TaskOwner | None = None) -> asyncio.Task[T]:
    """Start ``coro`` as a named task; an error that nobody awaits is logged, not swallowed.

    Args:
        coro: what to run.
        name: shown in logs and debuggers, e.g. ``"session-<id>-events"``.
        owner: keeps the reference and cancels the task when it closes. Without one the caller keeps the result.
    """
    task = asyncio.get_running_loop().create_task(coro, name=name)
    task.add_done_callback(_report)
    if owner is not None:
        owner.adopt(task)
    return task


def _report(task: asyncio.Task[Any]) -> None:
    if task.cancelled():
        return
    error = task.exception()
    if error is not None:
        log.error("task_failed", task=task.get_name(), error=repr(error), exc_info=error)


CANCEL_AGAIN_EVERY = timedelta(milliseconds=50)


async def end(*tasks: asyncio.Task[Any], timeout: timedelta = timedelta(seconds=5)) -> set[asyncio.Task[Any]]:
    """Cancel the tasks and wait for them, at most ``timeout``; returns those that did not end.

    They are cancelled again and again: in Python 3.11 ``asyncio.wait_for`` swallows a cancellation that arrives just
    when what it waits for is done, and redis-py calls it for every command it writes.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + timeout.total_seconds()
    left = set(tasks)
    while left and loop.time() < deadline:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=CANCEL_AGAIN_EVERY.total_seconds())
    return left


async def to_its_end(coro: Coroutine[Any, Any, T], *, name: str) -> T:
    """Await what must not be left half done: a cancellation meanwhile counts at its end. It has to end by itself."""
    task, cancelled = spawn(coro, name=name), False
    while not task.done():
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError:
            cancelled = True
    if cancelled:
        raise asyncio.CancelledError
    return task.result()


class TaskOwner:
    """Holds tasks and ends them together."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    def adopt(self, task: asyncio.Task[Any]) -> None:
        """Keep ``task`` until it is done."""
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self, timeout: timedelta = timedelta(seconds=5)) -> None:
        """Cancel every task and wait for them, at most ``timeout``. The calling task is left alone."""
        tasks = [task for task in self._tasks if task is not asyncio.current_task()]
        for task in await end(*tasks, timeout=timeout):
            log.warning("task_did_not_end", task=task.get_name())


class RecurringTask:
    """Runs a function again and again, and survives its errors."""

    def __init__(
        self,
        function: Callable[[], Awaitable[None]],
        *,
        every: timedelta,
        name: str,
        outages: tuple[type[Exception], ...] = (),
    ) -> None:
        """Prepare; nothing runs before `start`.

        Args:
            function: one round of work; an exception is logged and the next round comes as planned.
            every: pause between the end of one round and the start of the next.
            name: name of the task.
            outages: errors that say that something else is away: one line when that begins, one when it is over.
        """
        self._function = function
        self._outages = outages
        self._outage = Outage("round_failed", task=name)
        self._every = every
        self._name = name
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Start the rounds; the first one runs at once. Nothing happens when they run already."""
        if self._task is None:
            self._task = spawn(self._run(), name=self._name)

    def wake(self) -> None:
        """Run the next round now instead of after the pause."""
        self._wake.set()

    async def stop(self) -> None:
        """End the rounds; a round under way is cancelled."""
        if self._task is not None:
            await end(self._task)
            self._task = None

    async def _run(self) -> None:
        while True:
            self._wake.clear()
            try:
                await self._function()
                self._outage.ends()
            except self._outages as error:
                self._outage.begins(error)
            except Exception:
                log.exception("round_failed", task=self._name)
            try:
                await asyncio.wait_for(self._wake.wait(), self._every.total_seconds())
            except TimeoutError:
                continue
