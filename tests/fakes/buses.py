"""Buses that fail."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from redis.exceptions import ConnectionError as BusAway


class RefusingBus:
    """Refuses every command at once, as a server that is not there; counts them in ``asked``."""

    def __init__(self) -> None:
        self.asked = 0

    def __getattr__(self, command: str) -> Callable[..., Awaitable[Any]]:
        async def refuse(*_args: object, **_options: object) -> None:
            self.asked += 1
            raise BusAway(f"{command}: nobody listens")

        return refuse


class SilentBus(RefusingBus):
    """Never answers a command, as a server behind a wire that was cut."""

    def __getattr__(self, command: str) -> Callable[..., Awaitable[Any]]:
        async def hang(*_args: object, **_options: object) -> None:
            self.asked += 1
            await asyncio.Event().wait()

        return hang
