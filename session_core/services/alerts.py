"""What a user is told about, and how they want to be told."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from session_core.clock import utcnow
from session_core.core import Core
from session_core.domain.alerts import AlertPreferences, AlertView
from session_core.store import alerts

MAX_ALERTS = 200

RECENT = timedelta(days=30)
"""So long an alert is shown after it was raised when it is over; one that is open is always shown."""


async def list_alerts(core: Core, user_id: UUID, *, limit: int = 50) -> list[AlertView]:
    """Return the user's alerts: first what is wrong now, then what is over, each newest first; at most 200."""
    async with core.db.read() as session:
        rows = await alerts.of_user(session, user_id, since=utcnow() - RECENT, limit=max(1, min(limit, MAX_ALERTS)))
        return [
            AlertView(
                id=alert.id,
                kind=alert.kind,
                account_id=alert.account_id,
                account_name=name,
                reason_code=alert.reason_code,
                detail=alert.detail,
                raised_at=alert.raised_at,
                resolved_at=alert.resolved_at,
                mail=alert.mail,
                mail_note=alert.mail_note,
                mailed_at=alert.sent_at,
            )
            for alert, name in rows
        ]


async def preferences(core: Core, user_id: UUID) -> AlertPreferences:
    """Return how the user wants to be told; everything in Spanish until they say otherwise."""
    async with core.db.read() as session:
        return await alerts.preferences(session, user_id)


async def set_preferences(core: Core, user_id: UUID, wanted: AlertPreferences) -> AlertPreferences:
    """Replace how the user wants to be told; it counts for every e-mail that has not gone out yet."""
    async with core.db.begin() as session:
        await alerts.set_preferences(session, user_id, wanted)
    return wanted


def mail_enabled(core: Core) -> bool:
    """Tell whether this server sends e-mails at all."""
    return core.settings.mail_enabled
