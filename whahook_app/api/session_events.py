"""Which of the seed's Socket.IO events a change of a session means. Pure: what was told last, what is now."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from session_core.domain.events import SessionSnapshot
from session_core.domain.status import PublicStatus, ReasonCode, SessionStatus
from whahook_app import i18n

QR = "whatsapp:qr"
READY = "whatsapp:ready"
DISCONNECTED = "whatsapp:disconnected"
ERROR = "whatsapp:error"

SocketEvent = tuple[str, dict[str, Any]]
"""Name and payload."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a client knows of a session. ``seq`` orders: what is older than this is not told any more."""

    seq: int
    status: PublicStatus
    reason: ReasonCode
    phone: str | None
    qr: str | None = field(repr=False)


def remember(session: SessionSnapshot, before: Told | None = None) -> Told:
    """Note what a client knows after it was told about ``session``."""
    code = session.qr.code if session.qr is not None else None
    if code is None and before is not None and session.status is SessionStatus.QR:
        # A rename while the code cannot be read: the one that the client has is still the one on screen.
        code = before.qr
    return Told(session.seq, session.public_status, session.reason_code, session.phone_number, code)


def changes(before: Told | None, session: SessionSnapshot) -> list[SocketEvent]:
    """Return what a client has to hear; nothing for a repetition and for what is older than it knows.

    ``initializing`` and ``authenticated`` have no event of their own in the seed: they lie between two others.
    """
    if before is not None and session.seq < before.seq:
        return []
    if before is None:
        # Connecting: an account that nobody wants connected is no news.
        return [] if session.status is SessionStatus.STOPPED else state(session)
    now = remember(session, before)
    return state(session) if _is_news(before, now) else []


def _is_news(before: Told, now: Told) -> bool:
    if now.status is not before.status:
        return True
    if now.status is PublicStatus.QR:
        return now.qr != before.qr
    if now.status is PublicStatus.READY:
        return now.phone != before.phone and now.phone is not None
    # Still not connected, but for another cause: first the line was lost, now the phone has unlinked us.
    return now.reason is not before.reason and now.reason is not ReasonCode.NONE


def state(session: SessionSnapshot) -> list[SocketEvent]:
    """Return the event that says where a session is, for a client that knows nothing yet."""
    status = session.public_status
    if status is PublicStatus.QR:
        if session.qr is None:
            return []
        return [(QR, {"qr": session.qr.code, "sessionId": session.session_id})]
    if status is PublicStatus.READY:
        return [(READY, {"sessionId": session.session_id, "phoneNumber": session.phone_number})]
    if status is PublicStatus.DISCONNECTED:
        # Programs branch on it, so it is the code; a phase has to do where there is no reason.
        return [(DISCONNECTED, {"sessionId": session.session_id, "reason": str(session.reason_code or session.status)})]
    if status is PublicStatus.ERROR:
        return [error(session.session_id, _sentence(session))]
    return []


def _sentence(session: SessionSnapshot) -> str:
    code = session.reason_code if session.reason_code is not ReasonCode.NONE else ReasonCode.INTERNAL
    return session.reason or f"{i18n.reason('en', code)} {i18n.next_step('en', code)}"


def error(session_id: str | None, text: str) -> SocketEvent:
    """Build the event for a failure; ``session_id`` is None when it is not about a session of the client."""
    return ERROR, {"sessionId": session_id, "error": text}


def deleted(session_id: str) -> SocketEvent:
    """Build the event for an account that its owner deleted."""
    return DISCONNECTED, {"sessionId": session_id, "reason": "deleted"}
