"""The dialog that takes an account from its name to "connected": which step it shows, and with what."""

from __future__ import annotations

import dataclasses
from datetime import datetime

from session_core.domain.events import SessionSnapshot
from session_core.domain.phone import format_phone
from session_core.domain.status import AccountKind, ReasonCode, SessionStatus
from whahook_app.i18n import Language, next_step, reason, text
from whahook_app.views.accounts import seconds_until

S = SessionStatus

PHASES = 5
"""Browser, WhatsApp, scan, synchronising, connected."""

_STEP: dict[SessionStatus, tuple[str, int]] = {
    S.QUEUED: ("preparing", 1),
    S.LAUNCHING: ("preparing", 1),
    S.LOADING: ("preparing", 2),
    S.QR: ("qr", 3),
    S.LINKING: ("linking", 4),
    S.SYNCING: ("linking", 4),
    S.READY: ("done", PHASES),
    S.RECONNECTING: ("preparing", 1),
    S.STOPPING: ("preparing", 1),
    S.STOPPED: ("problem", 0),
    S.ACTION_REQUIRED: ("problem", 0),
    S.ERROR: ("problem", 0),
}


@dataclasses.dataclass
class Connecting:
    """What the dialog shows of the account. ``step``: form, preparing, qr, linking, done, problem.

    ``phase`` is the step under way, 1 to `PHASES`; 0 when none is. ``qr_text`` is filled for sandbox accounts only.
    """

    step: str = "form"
    title: str = ""
    sandbox: bool = False
    phase: int = 0
    hint: str = ""
    qr_png: str = ""
    qr_text: str = ""
    qr_key: str = ""
    qr_seconds: float = 0
    qr_total: float = 0
    qr_number: str = ""
    number: str = ""
    problem: str = ""
    next_step: str = ""
    retry_label: str = ""


def connecting(
    snapshot: SessionSnapshot, language: Language, now: datetime, *, asked_at_seq: int, hosts: int
) -> Connecting:
    """Say what the dialog shows.

    Args:
        snapshot: the account.
        language: of the texts.
        now: for the time that the code has left.
        asked_at_seq: the account's ``seq`` when its owner pressed "connect"; a settled state with this number is the
            one from before, not the answer.
        hosts: how many hosts are alive.
    """
    step, phase = _STEP[snapshot.status]
    if step == "problem" and snapshot.seq <= asked_at_seq:
        step, phase = "preparing", 1
    if step == "qr" and (snapshot.qr is None or snapshot.qr.expires_at <= now):
        step = "preparing"
    view = Connecting(
        step=step,
        title=text(language, "connect.title_named", name=snapshot.name),
        sandbox=snapshot.kind is AccountKind.SANDBOX,
        phase=phase,
        number=format_phone(snapshot.phone_number) if step == "done" else "",
    )
    if step == "preparing":
        view.hint = _waiting_hint(snapshot, language, hosts)
    elif step == "qr":
        _show_code(view, snapshot, language, now)
    elif step == "problem":
        view.problem = reason(language, snapshot.reason_code) or text(language, f"status.{snapshot.status.value}")
        view.next_step = next_step(language, snapshot.reason_code)
        expired = snapshot.reason_code is ReasonCode.QR_EXPIRED
        view.retry_label = text(language, "action.renew" if expired else "action.retry")
    return view


def _waiting_hint(snapshot: SessionSnapshot, language: Language, hosts: int) -> str:
    if not hosts:
        return text(language, "connect.no_host")
    if snapshot.status is S.RECONNECTING or snapshot.reason_code is ReasonCode.WAITING_FOR_ROOM:
        code = snapshot.reason_code
        return f"{reason(language, code)} {next_step(language, code)}".strip()
    return text(language, "connect.queued" if snapshot.status is S.QUEUED else "connect.preparing")


def _show_code(view: Connecting, snapshot: SessionSnapshot, language: Language, now: datetime) -> None:
    qr = snapshot.qr
    if qr is None:
        return
    view.qr_png = qr.png
    view.qr_text = qr.code if view.sandbox else ""
    view.qr_key = f"{qr.number}-{qr.shown_at.timestamp():.3f}"
    view.qr_seconds = seconds_until(qr.expires_at, now)
    view.qr_total = max(1.0, (qr.expires_at - qr.shown_at).total_seconds())
    view.qr_number = text(language, "connect.number_of", n=qr.number, of=qr.of)
