"""How a user's accounts have been doing, and where they run."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from session_core.clock import utcnow
from session_core.core import Core
from session_core.domain.events import ActivityEntry, SessionSnapshot
from session_core.domain.status import ReasonCode
from session_core.domain.uptime import StatusLine, Uptime, uptime
from session_core.errors import NotFound
from session_core.services import hosts
from session_core.services.accounts import get
from session_core.store import accounts, activity

DAY = timedelta(hours=24)
WEEK = timedelta(days=7)

DAY_SEGMENTS = 32
WEEK_SEGMENTS = 42
"""Segments of four hours: a night is two of them, and they fit on a phone."""


@dataclass(frozen=True, slots=True)
class Uptimes:
    """When an account was up: in the last 24 hours, and in the last seven days."""

    day: Uptime
    week: Uptime


async def status_lines(core: Core, user_id: UUID) -> list[ActivityEntry]:
    """Return every change of state of the user's accounts in the last week, oldest first.

    Each account's lines begin with the last one before that week, which says how it was when the week began.
    """
    async with core.db.read() as session:
        return await activity.status_lines(session, user_id, utcnow() - WEEK)


async def uptimes(core: Core, user_id: UUID, account_id: UUID) -> Uptimes:
    """Return when the account was up.

    Raises:
        NotFound: it is not the user's.
    """
    snapshot = await get(core, user_id, account_id)
    now = utcnow()
    async with core.db.read() as session:
        entries = await activity.status_lines(session, user_id, now - WEEK, account_id=account_id)
    lines = status_history(entries, snapshot)
    return Uptimes(day(lines, now), week(lines, now))


def status_history(entries: Iterable[ActivityEntry], snapshot: SessionSnapshot) -> list[StatusLine]:
    """Return an account's changes of state out of its activity (the oldest first) and of how it is now."""
    lines = [StatusLine(entry.at, entry.status, entry.reason_code) for entry in entries if entry.status is not None]
    if snapshot.reason_code is ReasonCode.HOST_LOST:
        # Its host fell silent, so nobody wrote it down yet.
        lines.append(StatusLine(snapshot.status_since, snapshot.status, snapshot.reason_code))
    return lines


def day(lines: Iterable[StatusLine], now: datetime) -> Uptime:
    """Return when an account was up in the last 24 hours."""
    return uptime(lines, now, over=DAY, segments=DAY_SEGMENTS)


def week(lines: Iterable[StatusLine], now: datetime) -> Uptime:
    """Return when an account was up in the last seven days."""
    return uptime(lines, now, over=WEEK, segments=WEEK_SEGMENTS)


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
