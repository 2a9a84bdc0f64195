"""Blocking work on one file, beside the event loop: one thread, so that its steps never overlap."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from session_core.media.errors import named

T = TypeVar("T")


class OneThread:
    """Runs functions one after the other, also those that nobody waits for any more."""

    def __init__(self, executor: ThreadPoolExecutor) -> None:
        self._executor = executor

    async def run(self, function: Callable[[], T]) -> T:
        """Run ``function`` and return its value; errors of disks and stores become those of media (see `named`)."""
        with named():
            return await asyncio.get_running_loop().run_in_executor(self._executor, function)

    def last(self, function: Callable[[], object]) -> None:
        """Run ``function`` after everything else, without waiting: also a caller that was cancelled leaves nothing."""
        self._executor.submit(function)


@contextmanager
def one_thread(name: str) -> Iterator[OneThread]:
    """Give a thread for as long as the block lasts."""
    executor = ThreadPoolExecutor(1, name)
    try:
        yield OneThread(executor)
    finally:
        executor.shutdown(wait=False)
