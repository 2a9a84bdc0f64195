"""What a session has to write down, in order, whatever the database is doing.

The session goes on while the database is away; its entries wait here and are tried again until they are stored. What
waits here is lost with the process, and found again: the status by looking at the browser after the next start, the
messages by the sweep of the page's store.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import structlog
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, wait_exponential_jitter

from session_core.store.errors import STORE_ERRORS, is_refusal
from session_core.tasks import end, spawn

log = structlog.get_logger(__name__)

Entry = Callable[[], Awaitable[None]]
"""Stores one thing and tells the bus. Called again from its beginning when the database failed."""

MAX_BULK = 1000
"""Messages that may wait; then the driver is not read further, which keeps them in the page."""

ENTRY_TIMEOUT = timedelta(seconds=40)
"""Longer than any timeout of the database below it."""

RETRY_CAP_SECONDS = 5.0


class Journal:
    """Stores entries one after the other in a task of its own."""

    def __init__(self, name: str) -> None:
        """Prepare; `start` begins. ``name`` is for the task and the log."""
        self._name = name
        self._queue: asyncio.Queue[tuple[Entry, bool]] = asyncio.Queue()
        self._bulk = asyncio.Semaphore(MAX_BULK)
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to store."""
        self._task = spawn(self._run(), name=f"journal-{self._name}")

    def add(self, entry: Entry) -> None:
        """Have ``entry`` stored after all earlier ones; for the few things that must never wait for room."""
        self._queue.put_nowait((entry, False))

    async def add_bulk(self, entry: Entry) -> None:
        """Have ``entry`` stored; waits while too many are waiting."""
        await self._bulk.acquire()
        self._queue.put_nowait((entry, True))

    async def drained(self) -> None:
        """Return when everything added so far is stored (or was refused for good); as late as the database is back."""
        await self._queue.join()

    async def close(self) -> None:
        """Stop at once; what is not stored by now is dropped and named in the log."""
        if self._task is not None:
            await end(self._task)
        if not self._queue.empty():
            log.warning("journal_not_stored", session=self._name, entries=self._queue.qsize())

    async def _run(self) -> None:
        while True:
            entry, bulk = await self._queue.get()
            try:
                await self._store(entry)
            except STORE_ERRORS as error:
                # Mostly of an account that was purged meanwhile: nobody misses what belonged to it.
                log.warning("journal_entry_refused", session=self._name, error=type(error).__name__)
            except Exception:
                log.exception("journal_entry_dropped", session=self._name)
            finally:
                if bulk:
                    self._bulk.release()
                self._queue.task_done()

    async def _store(self, entry: Entry) -> None:
        async for attempt in AsyncRetrying(
            retry=retry_if_exception(_may_pass),
            wait=wait_exponential_jitter(multiplier=0.1, max=RETRY_CAP_SECONDS, jitter=0.5),
            after=self._complain,
            reraise=True,
        ):
            with attempt:
                async with asyncio.timeout(ENTRY_TIMEOUT.total_seconds()):
                    await entry()

    def _complain(self, state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        log.warning("journal_waits", session=self._name, tries=state.attempt_number, error=type(error).__name__)


def _may_pass(error: BaseException) -> bool:
    return isinstance(error, STORE_ERRORS) and not is_refusal(error)
