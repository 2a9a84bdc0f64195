"""Snapshots for the tests of the views."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from session_core.domain.events import Qr, SessionSnapshot
from session_core.domain.status import AccountKind, SessionStatus

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
ACCOUNT = UUID("00000000-0000-4000-8000-000000000001")
USER = UUID("00000000-0000-4000-8000-000000000002")


def snapshot(status: SessionStatus = SessionStatus.READY, **changes: Any) -> SessionSnapshot:
    values: dict[str, Any] = {
        "seq": 7,
        "account_id": ACCOUNT,
        "user_id": USER,
        "name": "Tienda Centro",
        "kind": AccountKind.LIVE,
        "status": status,
        "phone_number": "34612345678",
        "status_since": NOW - timedelta(hours=2),
        "created_at": NOW - timedelta(days=2),
    }
    return SessionSnapshot(**values | changes)


def qr(**changes: Any) -> Qr:
    values: dict[str, Any] = {
        "code": "2@secret",
        "png": "data:image/png;base64,AAAA",
        "shown_at": NOW - timedelta(seconds=8),
        "expires_at": NOW + timedelta(seconds=12),
        "number": 2,
        "of": 6,
    }
    return Qr(**values | changes)
