"""The core of the web process: opened when the server starts, closed when it stops."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from session_core.log import setup_logging
from session_core.services.live import Core, open_core
from session_core.services.vitals import run_vitals
from session_core.settings import Settings, get_settings
from session_core.tasks import end, spawn

_core: Core | None = None


@asynccontextmanager
async def open_runtime(settings: Settings | None = None) -> AsyncIterator[Core]:
    """Open the process's core and listen to the bus for as long as the block lasts."""
    global _core
    settings = settings or get_settings()
    setup_logging(level=settings.log_level, json=settings.json_logs)
    async with open_core(settings) as core:
        await core.hub.start()
        _core = core
        telling = spawn(run_vitals(core, "web"), name="vitals")
        try:
            yield core
        finally:
            _core = None
            await end(telling)


def get_core() -> Core:
    """Return the process's core.

    Raises:
        RuntimeError: the server has not started yet or is stopping.
    """
    if _core is None:
        raise RuntimeError("the web process has not opened its core")
    return _core
