"""A process looks at itself and tells what it sees, for whoever operates the server."""

from __future__ import annotations

import asyncio
import platform
from contextlib import suppress

import psutil

from session_core.bus import vitals
from session_core.bus.connection import BUS_ERRORS
from session_core.bus.vitals import ProcessVitals
from session_core.core import Core


def measure(service: str) -> ProcessVitals:
    """Return the numbers of this process. Called in its event loop; takes well below a millisecond."""
    process = psutil.Process()
    return ProcessVitals(
        service=service,
        machine=platform.node(),
        pid=process.pid,
        tasks=len(asyncio.all_tasks()),
        open_files=process.num_fds(),
        threads=process.num_threads(),
        memory=process.memory_info().rss,
    )


async def run_vitals(core: Core, service: str) -> None:
    """Tell the numbers of this process every few seconds, for ever; what cannot be told now is told next time."""
    while True:
        with suppress(*BUS_ERRORS):
            async with asyncio.timeout(vitals.TOLD_EVERY.total_seconds()):
                await vitals.tell(core.redis, measure(service))
        await asyncio.sleep(vitals.TOLD_EVERY.total_seconds())
