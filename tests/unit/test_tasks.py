from __future__ import annotations

import asyncio
from datetime import timedelta

from session_core.tasks import TaskOwner, end, spawn


async def stubborn(times: int) -> None:
    """Swallow ``times`` cancellations, as ``asyncio.wait_for`` of Python 3.11 does now and then."""
    for _ in range(times):
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            continue
    await asyncio.Event().wait()


async def started(times: int) -> asyncio.Task[None]:
    task = spawn(stubborn(times), name="stubborn")
    await asyncio.sleep(0)
    return task


async def test_a_task_that_swallows_cancellations_ends_all_the_same() -> None:
    tasks = [await started(times) for times in (0, 1, 3)]
    assert await end(*tasks) == set()
    assert all(task.cancelled() for task in tasks)


async def test_a_task_that_does_not_end_in_time_is_told() -> None:
    task = await started(1)
    late = await end(task, timeout=timedelta(milliseconds=1))
    assert late == {task}
    assert await end(task) == set()


async def test_an_owner_ends_what_swallows_cancellations() -> None:
    owner = TaskOwner()
    task = spawn(stubborn(2), name="stubborn", owner=owner)
    await asyncio.sleep(0)
    await owner.close()
    assert task.cancelled()
