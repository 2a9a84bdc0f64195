"""How a user's accounts have been doing, and where they run."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from session_core.clock import utcnow
from session_core.core import Core
from session_core.domain.events import ActivityEntry
from session_core.errors import NotFound
from session_core.services import hosts
from session_core.store import accounts, activity

DAY = timedelta(hours=24)
WEEK = timedelta(days=7)


async def status_lines(core: Core, user_id: UUID) -> list[ActivityEntry]:
    """Return every change of state of the user's accounts in the last week, oldest first.

    Each account's lines begin with the last one before that week, which says how it was when the week began.
    """
    async with core.db.read() as session:
        return await activity.status_lines(session, user_id, utcnow() - WEEK)


async def host_of(core: Core, user_id: UUID, account_id: UUID) -> str:
    """Return the name of the host that the account was last seen on; empty when it runs nowhere.

    Raises:
        NotFound: it is not the user's. What the bus raises when it is away passes through (`health.OUTAGES`).
    """
    async with core.db.read() as session:
        row = await accounts.owned(session, user_id, account_id)
        if row is None:
            raise NotFound("account")
        host_id = row[1].host_id or ""
    names = {host.id: host.name for host in await hosts.list_hosts(core, user_id)} if host_id else {}
    return names.get(host_id, host_id)
