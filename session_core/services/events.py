"""The feed: events for programs that fetch them, because nothing can be sent to them."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from session_core.core import Core
from session_core.domain.webhooks import ALL
from session_core.errors import NotFound
from session_core.services.webhooks import chosen_events
from session_core.store import accounts, outbox
from session_core.store.models import OutboxEvent
from session_core.webhooks.body import Told, envelope

MAX_PAGE = 500

LONGEST_WAIT = timedelta(seconds=25)
"""Below the minute after which proxies cut a quiet connection."""

LOOK_EVERY = timedelta(milliseconds=500)
"""An event gets its place within a second; nobody tells us when."""

MAX_WAITING = 4
"""Requests of one user that may wait at a time; further ones are answered at once."""

_waiting: Counter[UUID] = Counter()


@dataclass(frozen=True, slots=True)
class Feed:
    """A page of events.

    Attributes:
        events: in the form in which webhooks tell them, in their order.
        next: the cursor from which to go on.
        more: there are more behind it now.
    """

    events: Sequence[dict[str, Any]]
    next: int
    more: bool


async def read(
    core: Core,
    user_id: UUID,
    *,
    after: int | None,
    limit: int = 100,
    types: Sequence[str] = (ALL,),
    account_id: UUID | None = None,
    wait: timedelta = timedelta(0),
) -> Feed:
    """Return a user's events behind a cursor, oldest first.

    Args:
        core: the process's core.
        user_id: who asks.
        after: cursor of the last event that they have; 0: all that are kept. None: none, only where to begin.
        limit: how many at most.
        types: types, families such as ``message.*``, or ``*``.
        account_id: of this account only.
        wait: so long an answer without events may wait for one.

    Raises:
        PolicyError: 422 ``bad_webhook_events``.
        NotFound: the account is not the user's.
    """
    types = chosen_events(types)
    if after is None:
        async with core.db.read() as session:
            await _accounts(core, user_id, account_id)
            return Feed((), await outbox.last_position(session), more=False)
    limit = max(1, min(limit, MAX_PAGE))
    found = await _page(core, user_id, account_id, after, limit, types)
    if not found.events and wait and _waiting[user_id] < MAX_WAITING:
        _waiting[user_id] += 1
        try:
            found = await _wait(core, user_id, account_id, after, limit, types, min(wait, LONGEST_WAIT))
        finally:
            _waiting[user_id] -= 1
            if not _waiting[user_id]:
                del _waiting[user_id]
    return found


async def _wait(
    core: Core,
    user_id: UUID,
    account_id: UUID | None,
    after: int,
    limit: int,
    types: Sequence[str],
    wait: timedelta,
) -> Feed:
    loop = asyncio.get_running_loop()
    until = loop.time() + wait.total_seconds()
    while True:
        await asyncio.sleep(min(LOOK_EVERY.total_seconds(), max(0, until - loop.time())))
        found = await _page(core, user_id, account_id, after, limit, types)
        if found.events or loop.time() >= until:
            return found


async def _page(
    core: Core, user_id: UUID, account_id: UUID | None, after: int, limit: int, types: Sequence[str]
) -> Feed:
    owned = await _accounts(core, user_id, account_id)
    async with core.db.read() as session:
        rows = await outbox.feed(session, list(owned), after=after, limit=limit + 1, patterns=types)
    shown = rows[:limit]
    events = [envelope(_told(row, user_id)) for row in shown]
    return Feed(events, (shown[-1].position if shown else None) or after, more=len(rows) > limit)


async def _accounts(core: Core, user_id: UUID, account_id: UUID | None) -> set[UUID]:
    async with core.db.read() as session:
        owned = {account.id for account, _ in await accounts.of_user(session, user_id)}
    if account_id is None:
        return owned
    if account_id not in owned:
        raise NotFound("account")
    return {account_id}


def _told(row: OutboxEvent, user_id: UUID) -> Told:
    return Told(
        event_id=row.event_id,
        event_type=row.type,
        at=row.created_at,
        payload=row.payload,
        account_id=row.account_id,
        user_id=user_id,
        cursor=row.position,
    )
