"""Every asyncio task has a name, an owner and somebody who reads its error."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from datetime import timedelta
from typing import Any, TypeVar

import structlog

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
        for task in tasks:
            task.cancel()
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=timeout.total_seconds())
            for task in late:
                log.warning("task_did_not_end", task=task.get_name())


class RecurringTask:
    """Runs a function again and again, and survives its errors."""

    def __init__(self, function: Callable[[], Awaitable[None]], *, every: timedelta, name: str) -> None:
        """Prepare; nothing runs before `start`.

        Args:
            function: one round of work; an exception is logged and the next round comes as planned.
            every: pause between the end of one round and the start of the next.
            name: name of the task.
        """
        self._function = function
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
            self._task.cancel()
            await asyncio.wait([self._task], timeout=5)
            self._task = None

    async def _run(self) -> None:
        while True:
            self._wake.clear()
            try:
                await self._function()
            except Exception:
                log.exception("round_failed", task=self._name)
            try:
                await asyncio.wait_for(self._wake.wait(), self._every.total_seconds())
            except TimeoutError:
                continue
