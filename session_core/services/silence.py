"""Hosts that do not answer any more: what their accounts' rows say is from before, and not shown as true now."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

import structlog

from session_core.bus import hosts
from session_core.bus.connection import BUS_ERRORS
from session_core.clock import Jumps, utcnow
from session_core.core import Core
from session_core.domain.events import SessionSnapshot
from session_core.domain.status import ReasonCode, SessionStatus
from session_core.store import host_runs

log = structlog.get_logger(__name__)

SILENT_AFTER = timedelta(seconds=30)
"""A host notes every five seconds that it lives, and a restart takes less than the rest."""

_jumps = Jumps()
"""Of this process from its beginning: it has one clock."""

LOOK_TIMEOUT = timedelta(seconds=2)

_SAID = frozenset({ReasonCode.HOST_LOST, ReasonCode.HOST_STOPPED, ReasonCode.BUS_UNREACHABLE})
"""Reasons by which a host, or another one, said itself that the account is not kept now."""


async def silent_hosts(core: Core, host_ids: Iterable[str | None]) -> dict[str, datetime]:
    """Return those of the hosts that do not answer, each with when it was last heard of.

    Silent is who noted nothing in the database for a while and is not alive on the bus either: a host that reaches only
    one of them still works. Nothing is said of a host that never noted anything, nor of any just after the clock jumped
    or the machine slept: then everything looks old, also what Valkey keeps for a time, until they speak again.

    Raises:
        STORE_ERRORS: the database is away.
    """
    async with core.db.read() as session:
        seen = await host_runs.last_seen(session, {host_id for host_id in host_ids if host_id is not None})
    now, jumped = utcnow(), _jumps.within(SILENT_AFTER)
    # A time that has not come yet was noted before the clock was set back, and says nothing.
    late = {host_id: min(at, now) for host_id, at in seen.items() if abs(now - at) > SILENT_AFTER}
    if jumped or not late:
        return {}
    alive = await _alive(core)
    return {host_id: at for host_id, at in late.items() if host_id not in alive}


async def _alive(core: Core) -> set[str]:
    try:
        async with asyncio.timeout(LOOK_TIMEOUT.total_seconds()):
            return {beat.host_id for beat in await hosts.alive(core.redis)}
    except BUS_ERRORS as error:
        log.warning("hosts_not_readable", error=repr(error))
        return set()


def as_it_is(snapshot: SessionSnapshot, silent: Mapping[str, datetime]) -> SessionSnapshot:
    """Return the account as it is, whatever its row still says of the time before its host fell silent."""
    at = silent.get(snapshot.host_id or "")
    if at is None or snapshot.status.settled or snapshot.reason_code in _SAID:
        return snapshot
    lost = {
        "status": SessionStatus.RECONNECTING,
        "reason_code": ReasonCode.HOST_LOST,
        "reason": "",
        "status_since": max(at, snapshot.status_since),
        "attempt": 0,
        "next_retry_at": None,
    }
    return snapshot.model_copy(update=lost)
