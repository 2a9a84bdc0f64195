"""The card of an account."""

from __future__ import annotations

import dataclasses
from datetime import datetime

from session_core.domain.events import SessionSnapshot
from session_core.domain.phone import format_phone
from session_core.domain.status import AccountKind, ReasonCode, SessionStatus
from whahook_app.i18n import Language, counted, next_step, reason, status_word, text

S = SessionStatus

TONE: dict[SessionStatus, str] = {
    S.STOPPED: "idle",
    S.QUEUED: "wait",
    S.LAUNCHING: "wait",
    S.LOADING: "wait",
    S.QR: "wait",
    S.LINKING: "wait",
    S.SYNCING: "wait",
    S.READY: "ok",
    S.RECONNECTING: "wait",
    S.STOPPING: "idle",
    S.ACTION_REQUIRED: "bad",
    S.ERROR: "bad",
}
"""The colour of a state; it never speaks alone, `ICON` and the word stand beside it."""

ICON: dict[SessionStatus, str] = {
    S.STOPPED: "pause",
    S.QUEUED: "clock",
    S.LAUNCHING: "loader",
    S.LOADING: "loader",
    S.QR: "qr",
    S.LINKING: "loader",
    S.SYNCING: "loader",
    S.READY: "check",
    S.RECONNECTING: "refresh",
    S.STOPPING: "loader",
    S.ACTION_REQUIRED: "alert",
    S.ERROR: "alert",
}

_NEEDS_NEW_QR = {ReasonCode.UNLINKED, ReasonCode.LOGGED_OUT, ReasonCode.PROFILE_QUARANTINED}
_SOLVED_ELSEWHERE = {
    ReasonCode.PASSKEY,
    ReasonCode.TERMS,
    ReasonCode.BANNED,
    ReasonCode.LIMITED,
    ReasonCode.UNSUPPORTED_BROWSER,
}
"""On the phone or at the server; here one can only try whether it is."""
_EXPLAINED = {S.ACTION_REQUIRED, S.ERROR, S.RECONNECTING, S.QUEUED}
"""States in which the card says why and what now."""


@dataclasses.dataclass
class AccountCard:
    """One account as the list shows it."""

    id: str = ""
    name: str = ""
    initials: str = ""
    sandbox: bool = False
    number: str = ""
    phase: str = S.STOPPED.value
    tone: str = "idle"
    icon: str = "pause"
    word: str = ""
    since: str = ""
    attempt: str = ""
    retry_seconds: float = -1
    last_activity: str = ""
    problem: str = ""
    next_step: str = ""
    action: str = ""
    action_label: str = ""
    ready: bool = False
    running: bool = False
    linkable: bool = False
    bar: list[str] = dataclasses.field(default_factory=list)
    bar_percent: str = ""
    bar_label: str = ""


def account_card(snapshot: SessionSnapshot, language: Language, now: datetime, queued: int = 0) -> AccountCard:
    """Make the card of an account.

    Args:
        snapshot: what is known.
        language: of the texts.
        now: to say how many seconds are left until the next try.
        queued: messages that wait to go out; told when a person has to act.
    """
    status = snapshot.status
    action, label = _action(snapshot)
    retrying = status is S.RECONNECTING
    return AccountCard(
        id=str(snapshot.account_id),
        name=snapshot.name,
        initials=initials(snapshot.name),
        sandbox=snapshot.kind is AccountKind.SANDBOX,
        number=format_phone(snapshot.phone_number),
        phase=status.value,
        tone=TONE[status],
        icon=ICON[status],
        word=status_word(language, status),
        since=snapshot.status_since.isoformat(),
        attempt=text(language, "card.attempt", n=snapshot.attempt) if retrying and snapshot.attempt else "",
        retry_seconds=seconds_until(snapshot.next_retry_at, now) if retrying else -1,
        last_activity=snapshot.last_activity.isoformat() if snapshot.last_activity else "",
        problem=reason(language, snapshot.reason_code) if status in _EXPLAINED else "",
        next_step=_next_step(snapshot, language, queued),
        action=action,
        action_label=text(language, label) if label else "",
        ready=status is S.READY,
        running=not status.settled,
        linkable=_linkable(snapshot),
    )


def initials(name: str) -> str:
    """Return one or two capitals for the round picture."""
    words = [word for word in name.split() if word[0].isalnum()] or [name.strip() or "?"]
    return "".join(word[0] for word in words[:2]).upper() if len(words) > 1 else words[0][:2].upper()


def seconds_until(moment: datetime | None, now: datetime) -> float:
    """Return the seconds from ``now`` to ``moment``, never below 0; -1 when there is none."""
    return -1 if moment is None else max(0.0, round((moment - now).total_seconds(), 2))


def _linkable(snapshot: SessionSnapshot) -> bool:
    """Whether a pairing code is of use: nothing is linked, or not any more."""
    if snapshot.status is S.QR:
        return True
    unlinked = snapshot.phone_number is None or snapshot.reason_code in _NEEDS_NEW_QR | {ReasonCode.QR_EXPIRED}
    return snapshot.status.settled and unlinked


def _action(snapshot: SessionSnapshot) -> tuple[str, str]:
    """Return the name of the card's button and the key of its text."""
    match snapshot.status:
        case S.QR:
            return "show", "card.show_qr"
        case S.STOPPED:
            return "connect", "action.connect"
        case S.ERROR:
            return "connect", "action.retry"
        case S.ACTION_REQUIRED if snapshot.reason_code is ReasonCode.QR_EXPIRED:
            return "connect", "action.renew"
        case S.ACTION_REQUIRED if snapshot.reason_code in _NEEDS_NEW_QR:
            return "connect", "action.link_again"
        case S.ACTION_REQUIRED if snapshot.reason_code in _SOLVED_ELSEWHERE:
            return "connect", "action.retry"
        case S.ACTION_REQUIRED:
            return "connect", "action.connect"
        case _:
            return "", ""


def _next_step(snapshot: SessionSnapshot, language: Language, queued: int) -> str:
    match snapshot.status:
        case S.QR:
            said = text(language, "connect.scan")
        case S.STOPPED:
            said = next_step(language, ReasonCode.REQUESTED)
        case status if status in _EXPLAINED:
            said = next_step(language, snapshot.reason_code)
        case _:
            return ""
    if not queued:
        return said
    return f"{said} {counted(language, 'card.queued', queued)}".strip()
