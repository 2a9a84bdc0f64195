"""What the tests of alerts share: saying what a host would say, and reading what was written."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlmodel import col, select, update

from session_core.bus import hosts
from session_core.bus.hosts import Heartbeat
from session_core.clock import utcnow
from session_core.core import Core
from session_core.domain.status import ReasonCode, SessionStatus
from session_core.host.record import StatusChange, status_changed
from session_core.services import accounts
from session_core.store import accounts as rows
from session_core.store.models import Activity, Alert, SessionRuntime
from tests import factories

HOST = "host-0123456789ab"
PHONE = "34612345678"


async def linked_account(core: Core, user_id: UUID | None = None, **runtime: Any) -> UUID:
    """Store an account that is wanted and was linked once."""
    values = {"desired": "connected", "phone_number": PHONE, "status": SessionStatus.READY, **runtime}
    return await factories.add_account(core.db, user_id, **values)


async def say(
    core: Core,
    account_id: UUID,
    status: SessionStatus,
    reason: ReasonCode = ReasonCode.NONE,
    *,
    ago: timedelta = timedelta(0),
    give_up: bool = False,
    host_id: str | None = None,
    line: bool = True,
) -> None:
    """Write a status as a host does, and have it happened ``ago``."""
    at = utcnow() - ago
    runtime = await factories.read_runtime(core.db, account_id)
    change = StatusChange(
        status=status,
        reason_code=reason,
        reason="",
        since=at,
        host_id=host_id,
        attempt=0,
        line=line,
        give_up_seq=runtime.wanted_seq if give_up else None,
    )
    await status_changed(core, account_id, change)
    if line:
        await _happened(core, account_id, at)


async def unlinked(core: Core, account_id: UUID, reason: ReasonCode = ReasonCode.UNLINKED) -> None:
    """Have a host find that only a person can go on."""
    await say(core, account_id, SessionStatus.ACTION_REQUIRED, reason, give_up=True)


async def relinked(core: Core, account_id: UUID) -> None:
    """Have the owner press the button, scan the code, and the host say that all is well."""
    await accounts.connect(core, await owner(core, account_id), account_id)
    await say(core, account_id, SessionStatus.READY)


async def owner(core: Core, account_id: UUID) -> UUID:
    """Return whose account it is."""
    async with core.db.read() as session:
        row = await rows.get(session, account_id)
    assert row is not None
    return row[0].user_id


async def _happened(core: Core, account_id: UUID, at: datetime) -> None:
    """Put the time of an account's last line of history where it belongs."""
    async with core.db.begin() as session:
        last = select(Activity.id).where(Activity.account_id == account_id).order_by(col(Activity.id).desc()).limit(1)
        await session.exec(update(Activity).where(col(Activity.id) == last.scalar_subquery()).values(at=at))


async def asked(core: Core, account_id: UUID, ago: timedelta) -> None:
    """Have what the owner asked for last happened ``ago``."""
    await _happened(core, account_id, utcnow() - ago)


async def alerts(core: Core) -> Sequence[Alert]:
    """Return all alerts, oldest first."""
    async with core.db.read() as session:
        return (await session.exec(select(Alert).order_by(col(Alert.raised_at), col(Alert.id)))).all()


async def kinds(core: Core, *, is_open: bool | None = None) -> list[str]:
    """Return the kinds of the alerts, oldest first."""
    return [alert.kind for alert in await alerts(core) if is_open is None or (alert.resolved_at is None) is is_open]


async def make_due(core: Core, **values: Any) -> None:
    """Let the time pass until every e-mail that waits, or that somebody died over, is due."""
    async with core.db.begin() as session:
        earlier = utcnow() - timedelta(seconds=1)
        await session.exec(update(Alert).values(next_try_at=earlier, **values))


async def set_runtime(core: Core, account_id: UUID, **values: Any) -> None:
    """Change an account's hot row behind everybody's back."""
    async with core.db.begin() as session:
        await session.exec(update(SessionRuntime).where(col(SessionRuntime.account_id) == account_id).values(**values))


async def beat(core: Core, host_id: str = HOST) -> None:
    """Have a host say that it lives."""
    heartbeat = Heartbeat(host_id=host_id, at=utcnow(), running=1, room_for=1, chromium_sandbox=True)
    await hosts.beat(core.redis, heartbeat)
