"""The host's side of `session_core.host.watchdog`: tells it which browser may run until when."""

from __future__ import annotations

import asyncio
import json
import sys
from datetime import timedelta
from pathlib import Path
from typing import Protocol
from uuid import UUID

import structlog

from session_core.tasks import RecurringTask

log = structlog.get_logger(__name__)

LOOK_EVERY = timedelta(seconds=1)

STOP_TIMEOUT = timedelta(seconds=5)


class Guard(Protocol):
    """Ends an account's browser when its time is over, whatever the host is doing by then."""

    def until(self, account_id: UUID, session_id: str, until: float) -> None:
        """Let the browser run until then, as `session_core.clock.uptime` counts; a time that is over ends it now."""
        ...

    def forget(self, account_id: UUID) -> None:
        """Take note that the account has no browser here any more."""
        ...


class WatchdogGuard:
    """Runs the watchdog process, and another one when that dies."""

    def __init__(self, folder: Path) -> None:
        """Prepare; `start` begins. ``folder``: where the profiles are, by session id."""
        self._folder = folder
        self._process: asyncio.subprocess.Process | None = None
        self._facts: dict[UUID, tuple[str, float]] = {}
        self._keeper = RecurringTask(self._keep, every=LOOK_EVERY, name="watchdog")

    async def start(self) -> None:
        """Start the process; OSError when that does not work."""
        await self._keep()
        self._keeper.start()

    async def stop(self) -> None:
        """End the process; it ends what it still watches first."""
        await self._keeper.stop()
        process = self._process
        if process is None or process.stdin is None:
            return
        process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), STOP_TIMEOUT.total_seconds())
        except TimeoutError:
            process.kill()

    def until(self, account_id: UUID, session_id: str, until: float) -> None:
        """See `Guard.until`."""
        self._facts[account_id] = (session_id, until)
        self._tell(account_id)

    def forget(self, account_id: UUID) -> None:
        """See `Guard.forget`."""
        if self._facts.pop(account_id, None) is not None:
            self._write({"account": str(account_id)})

    def _tell(self, account_id: UUID) -> None:
        session_id, until = self._facts[account_id]
        self._write({"account": str(account_id), "profile": str(self._folder / session_id), "until": until})

    def _write(self, fact: dict[str, object]) -> None:
        if self._process is not None and self._process.stdin is not None and not self._process.stdin.is_closing():
            self._process.stdin.write(json.dumps(fact).encode() + b"\n")

    async def _keep(self) -> None:
        if self._process is not None and self._process.returncode is None:
            return
        if self._process is not None:
            log.error("watchdog_died", returncode=self._process.returncode)
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "session_core.host.watchdog", stdin=asyncio.subprocess.PIPE
        )
        for account_id in list(self._facts):
            self._tell(account_id)
