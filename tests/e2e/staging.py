"""States of an account as a host writes them, without a browser: for what pages make of them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from session_core.bus import lease
from session_core.clock import utcnow
from session_core.core import Core
from session_core.domain.events import ActivityAdded, Qr, SessionChanged
from session_core.domain.status import ReasonCode, SessionStatus
from session_core.store import accounts, activity

PIXEL = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg=="
)


async def stage(
    core: Core,
    account_id: str,
    status: SessionStatus,
    reason_code: ReasonCode = ReasonCode.NONE,
    *,
    phone: str | None = None,
    qr: Qr | None = None,
    next_retry_at: datetime | None = None,
    attempt: int = 0,
    host_id: str | None = None,
) -> None:
    """Write and publish a state, as the holder of the account: the real host leaves it alone for the time of a test."""
    held = await lease.acquire(core.redis, UUID(account_id), "host-of-the-test", timedelta(minutes=5))
    assert held is not None, "a real host runs this account"
    values: dict[str, Any] = {"reason": "", "since": utcnow(), "host_id": host_id}
    async with core.db.begin() as session:
        rows = await accounts.save_status(
            session,
            UUID(account_id),
            status=status,
            reason_code=reason_code,
            attempt=attempt,
            next_retry_at=next_retry_at,
            identity=(phone, "Ana") if phone else None,
            **values,
        )
        assert rows is not None
        snapshot = accounts.snapshot(*rows)
        entry = await activity.add(session, UUID(account_id), "status", status=status, reason_code=reason_code)
    user_id = snapshot.user_id
    await core.publisher.publish(
        SessionChanged(user_id=user_id, session=snapshot.model_copy(update={"qr": qr})),
        ActivityAdded(user_id=user_id, entry=entry),
    )


def code(number: int = 1, seconds: float = 20) -> Qr:
    """Return a code that can be shown for some seconds."""
    now = utcnow()
    return Qr(code=f"2@{number}", png=PIXEL, shown_at=now, expires_at=now + timedelta(seconds=seconds), number=number)
