"""Bars, health, and what is wrong, as the page says them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from session_core.domain.alerts import AlertKind, AlertView, MailNote, MailStatus
from session_core.domain.health import Cure, Health, HealthLevel, Sign, Vitals
from session_core.domain.status import ReasonCode, SessionStatus
from session_core.domain.uptime import StatusLine, Uptime, uptime
from tests.unit.whahook_app.views.snapshots import ACCOUNT, NOW
from whahook_app.i18n import LANGUAGES, Language
from whahook_app.views.alerts import ICON, TONE, open_alerts
from whahook_app.views.health import health_view
from whahook_app.views.uptime import bar, duration, percent_text

S = SessionStatus


def day(*lines: tuple[float, SessionStatus]) -> Uptime:
    found = [StatusLine(NOW - timedelta(hours=hours), status) for hours, status in lines]
    return uptime(found, NOW, over=timedelta(hours=24), segments=24)


def test_a_bar_says_in_words_what_its_colours_say() -> None:
    shown = bar(day((30, S.READY), (6, S.ERROR), (3.5, S.READY)), "es", "24h")
    assert shown.tones == ["ok"] * 18 + ["bad", "bad", "bad"] + ["ok"] * 3
    assert shown.label == "Conectada el 89,5 % del tiempo en las últimas 24 horas; sin conexión 2 h 30 min."
    assert shown.percent == "89,5 %"


def test_a_short_break_has_a_tone_of_its_own() -> None:
    assert bar(day((30, S.READY), (3.5, S.ERROR), (3.4, S.READY)), "en", "24h").tones[-4] == "part"


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_break_and_no_time_at_all(language: Language) -> None:
    whole, none = bar(day((30, S.READY)), language, "7d"), bar(day(), language, "24h")
    assert whole.label
    assert none.label
    assert whole.label != none.label
    assert (none.percent, set(none.tones)) == ("–", {"off"})


@pytest.mark.parametrize(
    ("percent", "language", "said"), [(100.0, "es", "100 %"), (99.9, "es", "99,9 %"), (99.9, "en", "99.9%")]
)
def test_percents_are_written_as_people_do(percent: float, language: Language, said: str) -> None:
    assert percent_text(percent, language) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.2, "1 s"),
        (59, "59 s"),
        (60, "1 min"),
        (3600, "1 h"),
        (3660, "1 h 1 min"),
        (90_000, "1 d 1 h"),
        (172_800, "2 d"),
    ],
)
def test_durations_are_short(seconds: float, said: str) -> None:
    assert duration(timedelta(seconds=seconds), "es") == said


def health(**changes: Any) -> Health:
    return Health(
        **{"level": HealthLevel.HEALTHY, "vitals": Vitals(at=NOW, answer_ms=12, socket="CONNECTED")} | changes
    )


def test_no_finding_says_nothing() -> None:
    assert health_view(None, "es").word == ""


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("level", list(HealthLevel))
def test_every_finding_has_words_for_all_its_evidence(language: Language, level: HealthLevel) -> None:
    shown = health_view(health(level=level, signs=tuple(Sign), cures=tuple(Cure)), language)
    assert shown.word
    assert len(set(shown.signs)) == len(Sign)
    assert shown.cures.count(",") == len(Cure) - 1
    assert shown.answer == "12 ms"


def test_a_state_of_the_socket_that_is_unusual_is_shown_as_it_is() -> None:
    assert health_view(health(), "es").socket == "abierta"
    assert health_view(health(vitals=Vitals(at=NOW, socket="OPENING")), "es").socket == "OPENING"
    assert health_view(health(vitals=Vitals(at=NOW, mode="MAIN", info="NORMAL")), "es").stream == "MAIN · NORMAL"
    assert health_view(health(vitals=Vitals(at=NOW, mode="QR")), "es").stream == "QR"


def alert(**changes: Any) -> AlertView:
    values: dict[str, Any] = {
        "id": UUID(int=5),
        "kind": AlertKind.NEEDS_PERSON,
        "account_id": ACCOUNT,
        "account_name": "Tienda",
        "reason_code": ReasonCode.UNLINKED,
        "detail": "technical",
        "raised_at": NOW,
        "resolved_at": None,
        "mail": MailStatus.OFF,
        "mail_note": MailNote.NONE,
        "mailed_at": None,
    }
    return AlertView(**values | changes)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", [kind for kind in AlertKind if kind not in {AlertKind.BACK, AlertKind.WEBHOOK_OFF}])
def test_every_problem_has_a_title_with_and_without_an_account(language: Language, kind: AlertKind) -> None:
    named, nameless = open_alerts([alert(kind=kind), alert(kind=kind, account_id=None, account_name=None)], language)
    assert "Tienda" in named.title
    assert named.anchor == f"#account-{ACCOUNT}"
    assert nameless.title
    assert nameless.anchor == ""
    assert (named.tone, named.icon) == (TONE[kind], ICON[kind])


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_webhook_that_is_off_has_its_name_and_leads_to_its_page(language: Language) -> None:
    off = {"kind": AlertKind.WEBHOOK_OFF, "account_id": None, "account_name": None}
    named, nameless = open_alerts([alert(**off, detail="Pedidos"), alert(**off, detail="")], language)
    assert "Pedidos" in named.title
    assert nameless.title
    assert (named.anchor, named.tone, named.icon) == ("/webhooks", "wait", "alert")


def test_what_is_over_and_good_news_are_no_problems() -> None:
    assert open_alerts([alert(resolved_at=NOW), alert(kind=AlertKind.BACK)], "es") == []


def test_braces_in_a_name_are_only_a_name() -> None:
    assert open_alerts([alert(account_name="{name} {0}")], "es")[0].title == "«{name} {0}» necesita que actúes."
