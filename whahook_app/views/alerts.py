"""What is wrong now, as the page says it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

from session_core.domain.alerts import AlertKind, AlertView
from whahook_app.i18n import Language, next_step, reason, text

TONE = {
    AlertKind.NEEDS_PERSON: "bad",
    AlertKind.HOST_LOST: "bad",
    AlertKind.DOWN: "wait",
    AlertKind.BACKUP_FAILING: "wait",
    AlertKind.WEBHOOK_OFF: "wait",
    AlertKind.REACH_OUT: "wait",
}
ICON = {
    AlertKind.NEEDS_PERSON: "alert",
    AlertKind.HOST_LOST: "alert",
    AlertKind.DOWN: "refresh",
    AlertKind.BACKUP_FAILING: "alert",
    AlertKind.WEBHOOK_OFF: "alert",
    AlertKind.REACH_OUT: "alert",
}


@dataclasses.dataclass
class AlertRow:
    """One thing that is wrong.

    Attributes:
        anchor: leads to the card of its account or to the webhooks, else it is empty.
        until: when it ends by itself, ISO 8601; empty when nobody knows.
    """

    id: str = ""
    tone: str = "wait"
    icon: str = "alert"
    title: str = ""
    why: str = ""
    since: str = ""
    until: str = ""
    anchor: str = ""


def open_alerts(alerts: Iterable[AlertView], language: Language) -> list[AlertRow]:
    """Return what is wrong now; what is over is history, and news that all is well again are no alert."""
    return [_row(alert, language) for alert in alerts if alert.resolved_at is None and alert.kind is not AlertKind.BACK]


def _row(alert: AlertView, language: Language) -> AlertRow:
    name = alert.detail if alert.kind is AlertKind.WEBHOOK_OFF else alert.account_name
    named = {"name": name} if name else {}
    key = f"alert.{alert.kind.value}"
    return AlertRow(
        id=str(alert.id),
        tone=TONE[alert.kind],
        icon=ICON[alert.kind],
        title=text(language, key, **named) if named else text(language, f"{key}.nameless"),
        why=f"{reason(language, alert.reason_code)} {next_step(language, alert.reason_code)}".strip(),
        since=alert.raised_at.isoformat(),
        until=alert.detail if alert.kind is AlertKind.REACH_OUT else "",
        anchor=_where(alert),
    )


def _where(alert: AlertView) -> str:
    if alert.kind is AlertKind.WEBHOOK_OFF:
        return "/webhooks"
    return f"#{anchor(str(alert.account_id))}" if alert.account_id else ""


def anchor(account_id: str) -> str:
    """Return the id of an account's card in the page; e-mails link to it."""
    return f"account-{account_id}"
