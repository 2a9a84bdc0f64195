"""The event loop and the core that the jobs of one process share: opening them for each job costs more than the job."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import TypeVar

import structlog

from session_core.core import Core, open_core
from session_core.log import setup_logging
from session_core.settings import get_settings

T = TypeVar("T")

_IMPORTED_BY = os.getpid()


class JobProcess:
    """Runs async functions one after the other on one loop, with one core."""

    def __init__(self) -> None:
        self._runner = asyncio.Runner()
        self._open = AsyncExitStack()
        self._core: Core | None = None

    def run(self, function: Callable[[Core], Awaitable[T]]) -> T:
        """Run ``function`` to its end."""
        return self._runner.run(self._run(function))

    async def _run(self, function: Callable[[Core], Awaitable[T]]) -> T:
        if self._core is None:
            self._core = await self._open.enter_async_context(open_core(get_settings()))
        return await function(self._core)

    def close(self) -> None:
        """Close core and loop."""
        try:
            self._runner.run(self._open.aclose())
        finally:
            self._runner.close()


_current: JobProcess | None = None


def run(function: Callable[[Core], Awaitable[T]]) -> T:
    """Run ``function`` with the core of this process.

    After an error everything is opened anew for the next job. A process that was forked for this job alone (the work
    horse of ``rq worker``) closes everything at its end.
    """
    global _current
    if not structlog.is_configured():
        settings = get_settings()
        setup_logging(level=settings.log_level, json=settings.json_logs)
    if _current is None:
        _current = JobProcess()
    fine = False
    try:
        result = _current.run(function)
        fine = True
        return result
    finally:
        if not fine or os.getpid() != _IMPORTED_BY:
            close()


def close() -> None:
    """Close what this process has open; the next `run` opens it again."""
    global _current
    process, _current = _current, None
    if process is not None:
        process.close()
