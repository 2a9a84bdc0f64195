from __future__ import annotations

from datetime import timedelta

import pytest

from session_core.domain.status import AccountKind, ReasonCode, SessionStatus
from tests.unit.whahook_app.views.snapshots import NOW, qr, snapshot
from whahook_app.i18n import LANGUAGES
from whahook_app.views.connecting import PHASES, Connecting, connecting

S = SessionStatus


def view(status: S, **changes: object) -> Connecting:
    asked_at_seq, hosts = changes.pop("asked_at_seq", -1), changes.pop("hosts", 1)
    return connecting(snapshot(status, **changes), "es", NOW, asked_at_seq=asked_at_seq, hosts=hosts)  # type: ignore[arg-type]


def test_the_code_is_shown_with_the_time_that_it_has_left() -> None:
    shown = view(S.QR, qr=qr())
    assert (shown.step, shown.phase) == ("qr", 3)
    assert shown.qr_png.startswith("data:image/png")
    assert (shown.qr_seconds, shown.qr_total, shown.qr_number) == (12, 20, "2 de 6")


def test_the_text_of_a_real_code_stays_on_the_server() -> None:
    assert view(S.QR, qr=qr()).qr_text == ""
    assert view(S.QR, qr=qr(), kind=AccountKind.SANDBOX).qr_text == "2@secret"


@pytest.mark.parametrize("status", [status for status in S if status is not S.QR])
def test_no_code_is_shown_in_any_other_state(status: S) -> None:
    shown = view(status, qr=qr(), kind=AccountKind.SANDBOX)
    assert (shown.qr_png, shown.qr_text) == ("", "")


def test_an_expired_or_missing_code_is_being_prepared() -> None:
    assert view(S.QR).step == "preparing"
    assert view(S.QR, qr=qr(expires_at=NOW)).step == "preparing"


def test_a_new_code_has_another_key_even_with_the_same_time_left() -> None:
    first, second = qr(number=2), qr(number=3)
    assert view(S.QR, qr=first).qr_key != view(S.QR, qr=second).qr_key


def test_the_old_end_of_an_account_is_not_the_answer_to_a_new_request() -> None:
    expired = {"reason_code": ReasonCode.QR_EXPIRED}
    assert view(S.ACTION_REQUIRED, asked_at_seq=7, **expired).step == "preparing"
    ended = view(S.ACTION_REQUIRED, asked_at_seq=6, **expired)
    assert (ended.step, ended.retry_label) == ("problem", "Renovar el código")
    assert ended.problem
    assert ended.next_step


def test_nobody_waits_for_a_host_that_is_not_there_without_knowing() -> None:
    assert "host" in view(S.STOPPED, asked_at_seq=7, hosts=0).hint
    assert "host" not in view(S.LAUNCHING, hosts=1).hint


def test_done_shows_the_number() -> None:
    done = view(S.READY)
    assert (done.step, done.phase, done.number) == ("done", PHASES, "+34 612 34 56 78")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("status", list(S))
@pytest.mark.parametrize("code", list(ReasonCode))
def test_every_state_has_a_step_that_says_something(language: str, status: S, code: ReasonCode) -> None:
    shown = connecting(
        snapshot(status, reason_code=code, qr=qr()), language, NOW + timedelta(seconds=1), asked_at_seq=-1, hosts=1
    )
    assert shown.step in {"preparing", "qr", "linking", "done", "problem"}
    assert shown.title
    if shown.step == "preparing":
        assert shown.hint or code is ReasonCode.NONE
    if shown.step == "problem":
        assert shown.problem
        assert shown.retry_label
