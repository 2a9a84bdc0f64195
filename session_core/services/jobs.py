"""The queues as the operator of the server sees them: who works, what failed, and doing it again."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

from redis import Redis

from session_core.core import Core
from session_core.domain.jobs import JobsView
from session_core.errors import NotFound
from session_core.sending import inspection
from session_core.sending.queue import open_sync_redis
from session_core.services.principal import Principal
from session_core.store import users

T = TypeVar("T")

CALL_TIMEOUT = timedelta(seconds=10)

_JOB_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


async def is_operator(core: Core, who: Principal) -> bool:
    """Tell whether this user operates the server: named in ``WHAHOOK_OPERATORS``, or without it the first user."""
    named = core.settings.operator_addresses
    if named:
        return who.email.lower() in named
    async with core.db.read() as session:
        return await users.first(session) == who.user_id


async def look(core: Core, who: Principal) -> JobsView:
    """Return workers, queues and failed jobs; NotFound for whoever does not operate the server."""
    await _operator(core, who)
    return await _call(core, inspection.look)


async def retry(core: Core, who: Principal, job_id: str) -> None:
    """Put a failed job into its queue again. What it does is guarded by its rows: nothing is done twice.

    Raises:
        NotFound: there is no such failed job, or who asks does not operate the server.
    """
    await _operator(core, who)
    await _on_job(core, job_id, inspection.retry)


async def dismiss(core: Core, who: Principal, job_id: str) -> None:
    """Forget a failed job; NotFound as for `retry`."""
    await _operator(core, who)
    await _on_job(core, job_id, inspection.dismiss)


async def _operator(core: Core, who: Principal) -> None:
    if not await is_operator(core, who):
        raise NotFound("job")


async def _on_job(core: Core, job_id: str, function: Callable[[Redis, str], bool]) -> None:
    if not _JOB_ID.fullmatch(job_id) or not await _call(core, lambda redis: function(redis, job_id)):
        raise NotFound("job")


async def _call(core: Core, function: Callable[[Redis], T]) -> T:
    def work() -> T:
        with open_sync_redis(core.settings) as redis:
            return function(redis)

    return await asyncio.wait_for(asyncio.to_thread(work), CALL_TIMEOUT.total_seconds())
