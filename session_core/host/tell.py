"""Telling the bus without waiting for it for long: what matters is in the database by then."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from datetime import timedelta

import structlog

from session_core.bus.connection import BUS_ERRORS

log = structlog.get_logger(__name__)

TELL_TIMEOUT = timedelta(seconds=5)
"""A bus that hangs must not hold up what is written to the database next."""


async def quietly(telling: Awaitable[None]) -> None:
    """Tell the bus, and go on when it is away or does not answer."""
    try:
        async with asyncio.timeout(TELL_TIMEOUT.total_seconds()):
            await telling
    except BUS_ERRORS as error:
        log.warning("bus_not_told", error=repr(error))
