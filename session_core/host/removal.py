"""Removing an account for good: its login, its backups, and at last its rows."""

from __future__ import annotations

from functools import partial

import structlog
from tenacity import AsyncRetrying, RetryCallState, wait_exponential

from session_core.bus import qr as bus_qr
from session_core.host.backup_tools import Owned
from session_core.host.house import House
from session_core.store import accounts

log = structlog.get_logger(__name__)

REMOVE_CAP_SECONDS = 60


async def remove(house: House, owned: Owned) -> None:
    """Remove the profile and every backup; tried until it works, for as long as the caller waits."""

    def complain(state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        log.warning("profile_not_removed", session=owned.name, error=repr(error))

    async for attempt in AsyncRetrying(wait=wait_exponential(max=REMOVE_CAP_SECONDS), before_sleep=complain):
        with attempt:
            await house.profiles.remove(owned.name)
            await house.backups.remove_all(owned)
    house.core.news.tell(partial(bus_qr.forget, house.core.redis, owned.account_id))


async def purge(house: House, owned: Owned, epoch: int) -> None:
    """Remove the rows, unless another host holds the account by now: it does that itself.

    Args:
        house: the host's things.
        owned: the account.
        epoch: number under which the caller claimed it.

    Raises:
        STORE_ERRORS: nothing was removed.
    """
    async with house.core.db.begin() as session:
        if await accounts.holds(session, owned.account_id, epoch, lock=True):
            await accounts.purge(session, owned.account_id)
