"""What the page says of a lane, and what the form begins with."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID

import pytest

from session_core.domain.alerts import QuietHours
from session_core.domain.consent import OptOutSource, OptOutView
from session_core.domain.lane import Hold, HoldCode
from session_core.domain.pacing import SendingSettings
from session_core.services.lane import LaneView, LimitsView, RefusedView, UsedView
from whahook_app.states.sending_form import wanted_settings
from whahook_app.views.opt_outs import opt_out_row
from whahook_app.views.sending import form_of, lane_now, window_words

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
ACCOUNT = UUID(int=1)
LIMITS = LimitsView(per_account=10, per_user=30, window=timedelta(minutes=1))


def view(**changes: Any) -> LaneView:
    nothing = RefusedView(duplicates=0, opted_out=0)
    fields: dict[str, Any] = {
        "waiting": 0,
        "scheduled": 0,
        "unknown": 0,
        "hold": None,
        "reach_out_until": None,
        "duplicates_refused": 0,
        "opted_out_refused": 0,
        "refused_day": nothing,
        "refused_week": nothing,
        "limits": LIMITS,
        "used": UsedView(per_account=0, per_user=0, last_day=0),
        "settings": SendingSettings(),
    }
    return LaneView(**fields | changes)


HELD = Hold(code=HoldCode.ACCOUNT_LIMIT, until=NOW)


@pytest.mark.parametrize(
    ("changes", "ready", "word"),
    [
        ({}, True, "Sin cola"),
        ({"waiting": 3}, True, "Enviando"),
        ({"waiting": 3, "hold": HELD}, True, "En pausa"),
        ({"waiting": 3, "hold": Hold(code=HoldCode.NOT_READY)}, False, "Espera la conexión"),
        ({}, False, "Sin conectar"),
    ],
)
def test_the_state_of_a_lane(changes: dict[str, Any], ready: bool, word: str) -> None:
    assert lane_now(view(**changes), "es", ready=ready).word == word


def test_what_holds_it_back_and_until_when() -> None:
    now = lane_now(view(waiting=2, hold=HELD, reach_out_until=NOW), "en", ready=True)
    assert now.why == "Waits: this account has sent what it may in a minute."
    assert now.until == now.reach_out_until == NOW.isoformat()
    forever = lane_now(view(waiting=2, hold=Hold(code=HoldCode.NOT_READY)), "en", ready=False)
    assert (forever.why, forever.until) == ("Waits until the account is connected.", "")


def test_what_waits_is_counted() -> None:
    assert lane_now(view(), "es", ready=True).counts == "Nada en cola"
    counts = lane_now(view(waiting=1, scheduled=2, unknown=1), "es", ready=True).counts
    assert counts == "1 en cola · 2 programados · 1 por confirmar"


def test_how_much_of_the_limits_is_used() -> None:
    used = UsedView(per_account=7, per_user=30, last_day=120)
    limits = LIMITS.model_copy(update={"own_per_user": True})
    account, user, day = lane_now(view(used=used, limits=limits), "es", ready=True).gauges
    assert (account.label, account.used, account.percent) == ("Esta cuenta, último minuto", "7 de 10", 70)
    assert (account.full, account.own) == (False, False)
    assert (user.used, user.percent, user.full, user.own) == ("30 de 30", 100, True, True)
    assert (day.used, day.percent, day.full) == ("120, sin tope", 0, False)
    capped = lane_now(view(used=used, settings=SendingSettings(daily_cap=500)), "es", ready=True).gauges[2]
    assert (capped.used, capped.percent) == ("120 de 500", 24)


def test_more_than_a_limit_that_was_lowered_is_full() -> None:
    gauge = lane_now(view(used=UsedView(per_account=25, per_user=25, last_day=0)), "en", ready=True).gauges[0]
    assert (gauge.used, gauge.percent, gauge.full) == ("25 of 10", 100, True)


def test_without_valkey_the_limit_is_still_told() -> None:
    gauge = lane_now(view(used=UsedView(per_account=None, per_user=None, last_day=0)), "en", ready=True).gauges[0]
    assert gauge.used.startswith("Limit 10")
    assert (gauge.percent, gauge.full) == (0, False)


def test_refusals_of_a_day_and_a_week() -> None:
    day, week = RefusedView(duplicates=2, opted_out=1), RefusedView(duplicates=9, opted_out=4)
    now = lane_now(view(refused_day=day, refused_week=week), "en", ready=True)
    assert now.duplicates == "2 in 24 hours · 9 in 7 days"
    assert now.opted_out == "1 in 24 hours · 4 in 7 days"


def test_the_window_in_words() -> None:
    assert window_words(timedelta(minutes=1), "es") == "minuto"
    assert window_words(timedelta(seconds=90), "en") == "90 s"


@pytest.mark.parametrize(
    "settings",
    [
        SendingSettings(),
        SendingSettings(gap=0.1, jitter=3600, daily_cap=100_000, duplicates=False, replies_first=False),
        SendingSettings(duplicate_window=1),
        SendingSettings(duplicate_window=100),
        SendingSettings(duplicate_window=2_591_999, opt_out_words=("uno, dos", "tres"), opt_in_words=()),
        SendingSettings(quiet_hours=QuietHours(start=time(23, 15), until=time(6), time_zone="UTC")),
    ],
    ids=["defaults", "edges", "a second", "100 s", "a month and a comma", "quiet"],
)
def test_a_form_that_is_sent_as_it_began_changes_nothing(settings: SendingSettings) -> None:
    form = form_of(settings, None)
    sent = {
        "gap": form.gap,
        "jitter": form.jitter,
        "cap": form.cap,
        "duplicates": "on" if form.duplicates else "",
        "window": form.window,
        "replies-first": "on" if form.replies_first else "",
        "quiet": "on" if form.quiet else "",
        "start": form.start,
        "until": form.until,
        "zone": form.zone,
        "opt-out-words": form.opt_out_words,
        "opt-in-words": form.opt_in_words,
    }
    assert wanted_settings(sent) == settings


def opt_out(**changes: Any) -> OptOutView:
    fields: dict[str, Any] = {
        "id": UUID(int=7),
        "account_id": None,
        "phone": "34612345678",
        "lid": None,
        "name": None,
        "source": OptOutSource.HAND,
        "word": None,
        "at": NOW,
    }
    return OptOutView(**fields | changes)


def test_a_person_is_called_by_name_then_by_number() -> None:
    row = opt_out_row(opt_out(), {}, "es")
    assert (row.name, row.number, row.account, row.how) == (
        "+34 612 34 56 78",
        "",
        "Todas tus cuentas",
        "Añadida a mano",
    )
    named = opt_out_row(
        opt_out(name="Marta", account_id=ACCOUNT, source=OptOutSource.KEYWORD, word="baja"), {ACCOUNT: "Tienda"}, "en"
    )
    assert (named.name, named.number, named.account, named.how) == (
        "Marta",
        "+34 612 34 56 78",
        "Tienda",
        "Wrote “baja”",
    )


def test_who_hides_the_number_is_still_somebody() -> None:
    row = opt_out_row(opt_out(phone=None, lid="99@lid"), {}, "es")
    assert (row.name, row.number) == ("Número oculto", "")
