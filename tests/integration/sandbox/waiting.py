"""Waiting for a condition that only asking again can tell."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TypeVar

T = TypeVar("T")


async def eventually(
    probe: Callable[[], Awaitable[T]], accept: Callable[[T], bool], *, within: timedelta = timedelta(seconds=20)
) -> T:
    """Return the first accepted answer of ``probe``; fail with the last one when none is ``within`` the time."""
    deadline = asyncio.get_running_loop().time() + within.total_seconds()
    while not accept(answer := await probe()):
        assert asyncio.get_running_loop().time() < deadline, f"not within {within}: {answer}"
        await asyncio.sleep(0.02)
    return answer
