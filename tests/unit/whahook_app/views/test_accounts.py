from __future__ import annotations

from datetime import timedelta

import pytest

from session_core.domain.status import AccountKind, ReasonCode, SessionStatus
from tests.unit.whahook_app.views.snapshots import NOW, snapshot
from whahook_app.i18n import LANGUAGES
from whahook_app.views.accounts import ICON, TONE, account_card, initials, seconds_until

S = SessionStatus


def test_a_ready_account_says_that_and_asks_for_nothing() -> None:
    card = account_card(snapshot(S.READY, last_activity=NOW), "es", NOW, queued=3)
    assert (card.word, card.tone, card.icon) == ("Conectado", "ok", "check")
    assert card.number == "+34 612 34 56 78"
    assert (card.problem, card.next_step, card.action) == ("", "", "")
    assert card.ready
    assert card.running
    assert not card.linkable


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("status", list(S))
@pytest.mark.parametrize("code", list(ReasonCode))
def test_every_state_with_every_reason_has_a_card(language: str, status: S, code: ReasonCode) -> None:
    card = account_card(snapshot(status, reason_code=code), language, NOW)
    assert card.word
    assert card.tone == TONE[status]
    assert card.icon == ICON[status]
    # Whoever has to act is told what to do, and has the button for it.
    if status.needs_person:
        assert card.action
        assert card.action_label
        assert card.next_step or code is ReasonCode.NONE
    if card.action_label:
        assert card.action


@pytest.mark.parametrize(
    ("status", "code", "label"),
    [
        (S.STOPPED, ReasonCode.REQUESTED, "Conectar"),
        (S.QR, ReasonCode.NONE, "Ver el código QR"),
        (S.ERROR, ReasonCode.BROWSER_MISSING, "Intentar otra vez"),
        (S.ACTION_REQUIRED, ReasonCode.UNLINKED, "Vincular de nuevo"),
        (S.ACTION_REQUIRED, ReasonCode.LOGGED_OUT, "Vincular de nuevo"),
        (S.ACTION_REQUIRED, ReasonCode.QR_EXPIRED, "Renovar el código"),
        (S.ACTION_REQUIRED, ReasonCode.CONFLICT, "Conectar"),
        (S.ACTION_REQUIRED, ReasonCode.PROFILE_QUARANTINED, "Vincular de nuevo"),
        (S.ACTION_REQUIRED, ReasonCode.PASSKEY, "Intentar otra vez"),
        (S.ACTION_REQUIRED, ReasonCode.LIMITED, "Intentar otra vez"),
        (S.ERROR, ReasonCode.DEAF, "Intentar otra vez"),
    ],
)
def test_the_button_says_what_helps(status: S, code: ReasonCode, label: str) -> None:
    assert account_card(snapshot(status, reason_code=code), "es", NOW).action_label == label


def test_messages_that_wait_for_a_person_are_counted() -> None:
    unlinked = snapshot(S.ACTION_REQUIRED, reason_code=ReasonCode.UNLINKED)
    assert "Los 4 mensajes en cola" in account_card(unlinked, "es", NOW, queued=4).next_step
    assert "The queued message" in account_card(unlinked, "en", NOW, queued=1).next_step
    assert "cola" not in account_card(unlinked, "es", NOW).next_step


def test_a_retry_is_counted_down_only_while_reconnecting() -> None:
    later = NOW + timedelta(seconds=8)
    card = account_card(snapshot(S.RECONNECTING, attempt=2, next_retry_at=later), "es", NOW)
    assert (card.attempt, card.retry_seconds) == ("Intento 2", 8)
    card = account_card(snapshot(S.LOADING, attempt=2, next_retry_at=later), "es", NOW)
    assert (card.attempt, card.retry_seconds) == ("", -1)


@pytest.mark.parametrize(
    ("status", "phone", "code", "linkable"),
    [
        (S.QR, None, ReasonCode.NONE, True),
        (S.STOPPED, None, ReasonCode.NONE, True),
        (S.STOPPED, "34612345678", ReasonCode.REQUESTED, False),
        (S.ACTION_REQUIRED, "34612345678", ReasonCode.UNLINKED, True),
        (S.LOADING, None, ReasonCode.NONE, False),
        (S.READY, "34612345678", ReasonCode.NONE, False),
    ],
)
def test_a_pairing_code_is_offered_where_it_helps(
    status: S, phone: str | None, code: ReasonCode, linkable: bool
) -> None:
    assert account_card(snapshot(status, phone_number=phone, reason_code=code), "es", NOW).linkable is linkable


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Tienda Centro", "TC"),
        ("soporte", "SO"),
        ("a", "A"),
        ("Ñandú «Sur»", "ÑA"),
        ("🙂", "🙂"),
        ("Uno dos tres", "UD"),
    ],
)
def test_initials(name: str, expected: str) -> None:
    assert initials(name) == expected


def test_seconds_until_is_never_negative() -> None:
    assert seconds_until(None, NOW) == -1
    assert seconds_until(NOW - timedelta(seconds=1), NOW) == 0
    assert seconds_until(NOW + timedelta(seconds=1.5), NOW) == 1.5


def test_a_sandbox_account_is_marked() -> None:
    assert account_card(snapshot(kind=AccountKind.SANDBOX), "es", NOW).sandbox
