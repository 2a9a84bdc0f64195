"""What the worker service does for files: removing those that nobody needs any more."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import structlog

from session_core.core import Core
from session_core.media.intake import clear
from session_core.media.shelf import Shelf
from session_core.services.media import remove_unneeded
from session_core.store.errors import STORE_AWAY
from session_core.tasks import RecurringTask

log = structlog.get_logger(__name__)

EVERY = timedelta(seconds=30)
ROUND_TIMEOUT = timedelta(minutes=5)
PAGE = 200


class MediaJanitor:
    """Removes files again and again. Any number of processes may: what two remove is removed once."""

    def __init__(self, core: Core, *, every: timedelta = EVERY) -> None:
        self._core = core
        self._rounds = RecurringTask(self._round, every=every, name="media-janitor", outages=STORE_AWAY)

    def start(self) -> None:
        """Begin."""
        self._rounds.start()

    async def stop(self) -> None:
        """End; what is left is removed by the next one."""
        await self._rounds.stop()

    async def _round(self) -> None:
        async with asyncio.timeout(ROUND_TIMEOUT.total_seconds()):
            await asyncio.to_thread(clear, Shelf(self._core.settings).workshop)
            while await remove_unneeded(self._core, limit=PAGE) >= PAGE:
                log.info("media_removed", files=PAGE)


async def run_media_janitor(core: Core) -> None:
    """Remove files for ever, for a process that has more to do than that; cancelling ends it."""
    janitor = MediaJanitor(core)
    janitor.start()
    try:
        await asyncio.Event().wait()
    finally:
        await janitor.stop()
