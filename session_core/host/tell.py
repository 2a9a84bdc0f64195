"""Telling the bus without waiting for it for long: what matters is in the database by then."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from datetime import timedelta
from typing import Any
from weakref import WeakKeyDictionary

import structlog

from session_core.bus.connection import BUS_ERRORS, RedisClient

log = structlog.get_logger(__name__)

TELL_TIMEOUT = timedelta(seconds=5)
"""A bus that hangs must not hold up what is written to the database next."""

SILENT_FOR = timedelta(seconds=1)
"""So long a bus that did not answer is told nothing. Without that rest, a hundred messages on a wire that was cut would
hold up for minutes what comes after them: that the account is not connected any more."""

_silent_until: WeakKeyDictionary[RedisClient, float] = WeakKeyDictionary()


async def quietly(bus: RedisClient, telling: Coroutine[Any, Any, object]) -> None:
    """Tell ``bus``, and go on when it is away or does not answer; right after that, do not even try."""
    now = asyncio.get_running_loop().time
    if now() < _silent_until.get(bus, 0.0):
        telling.close()
        return
    try:
        async with asyncio.timeout(TELL_TIMEOUT.total_seconds()):
            await telling
    except BUS_ERRORS as error:
        if isinstance(error, TimeoutError):
            _silent_until[bus] = now() + SILENT_FOR.total_seconds()
        log.warning("bus_not_told", error=repr(error))
