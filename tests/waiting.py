"""Waiting for conditions in async tests."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TypeVar

T = TypeVar("T")

LOOK_EVERY = timedelta(milliseconds=10)


async def eventually(
    condition: Callable[[], T | Awaitable[T]], timeout: timedelta = timedelta(seconds=10), what: str = ""
) -> T:
    """Return the first true value of ``condition()``; fail the test when there is none within ``timeout``."""
    deadline = asyncio.get_running_loop().time() + timeout.total_seconds()
    while True:
        value = condition()
        if inspect.isawaitable(value):
            value = await value
        if value:
            return value
        assert asyncio.get_running_loop().time() < deadline, f"not within {timeout}: {what or condition}"
        await asyncio.sleep(LOOK_EVERY.total_seconds())
