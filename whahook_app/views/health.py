"""How a session is, and what shows it."""

from __future__ import annotations

import dataclasses

from session_core.domain.health import Health, HealthLevel
from whahook_app.i18n import Language, text

TONE = {HealthLevel.HEALTHY: "ok", HealthLevel.DEGRADED: "wait", HealthLevel.DEAF: "bad"}
ICON = {HealthLevel.HEALTHY: "check", HealthLevel.DEGRADED: "clock", HealthLevel.DEAF: "alert"}


@dataclasses.dataclass
class HealthView:
    """A finding with its evidence; ``word`` is empty while there is none."""

    tone: str = "idle"
    icon: str = "pause"
    word: str = ""
    signs: list[str] = dataclasses.field(default_factory=list)
    cures: str = ""
    answer: str = ""
    socket: str = ""
    stream: str = ""
    checked_at: str = ""
    traffic_at: str = ""


def health_view(health: Health | None, language: Language) -> HealthView:
    """Show a finding; None is that of an account that is not connected."""
    if health is None:
        return HealthView()
    vitals = health.vitals
    cures = [text(language, f"cure.{cure.value}") for cure in health.cures]
    return HealthView(
        tone=TONE[health.level],
        icon=ICON[health.level],
        word=text(language, f"health.{health.level.value}"),
        signs=[text(language, f"sign.{sign.value}") for sign in health.signs],
        cures=text(language, "details.health.cures", cures=", ".join(cures)) if cures else "",
        answer="" if vitals.answer_ms is None else f"{vitals.answer_ms} ms",
        socket=_socket(vitals.socket, language),
        # As WhatsApp Web calls them: for who compares with its documentation or a report.
        stream=" · ".join(filter(None, (vitals.mode, vitals.info))),
        checked_at=vitals.at.isoformat(),
        traffic_at=vitals.last_traffic_at.isoformat() if vitals.last_traffic_at else "",
    )


def _socket(state: str | None, language: Language) -> str:
    """Say the usual state in words and any other as WhatsApp Web calls it."""
    if state is None:
        return ""
    return text(language, "details.health.connected") if state == "CONNECTED" else state
