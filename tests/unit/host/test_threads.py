from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

import pytest

from session_core.host.threads import in_thread
from session_core.tasks import end, spawn


async def test_what_comes_of_it() -> None:
    assert await in_thread("work", lambda stop: 7) == 7


async def test_its_errors_arrive() -> None:
    with pytest.raises(ZeroDivisionError):
        await in_thread("work", lambda stop: 1 // 0)


@pytest.mark.parametrize("hurried", [False, True])
async def test_whoever_gives_up_waits_until_it_has_stopped(hurried: bool) -> None:
    begun, events = threading.Event(), []

    def work(stop: Callable[[], None]) -> None:
        begun.set()
        pause = threading.Event()
        try:
            while True:
                stop()
                pause.wait(0.001)
        finally:
            events.append("stopped")

    async def caller() -> None:
        try:
            await in_thread("work", work)
        finally:
            events.append("cleaned up")

    task = spawn(caller(), name="caller")
    await asyncio.to_thread(begun.wait)
    if hurried:
        task.cancel()
        await asyncio.sleep(0)
        task.cancel()
    assert await end(task) == set()
    assert task.cancelled()
    assert events == ["stopped", "cleaned up"]
