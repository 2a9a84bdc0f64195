"""What the form of an account's sending says: something that anybody can send."""

from __future__ import annotations

import math

from pydantic import ValidationError

from session_core.domain.alerts import QuietHours
from session_core.domain.pacing import SendingSettings
from session_core.errors import PolicyError
from whahook_app.states.guard import field
from whahook_app.views.sending import MINUTE_SECONDS

WRONG_FIELD = {
    "bad_gap": "gap",
    "bad_jitter": "jitter",
    "bad_daily_cap": "cap",
    "bad_window": "window",
    "bad_quiet_hours": "start",
    "bad_words": "opt-out-words",
    "bad_retention": "keep-days",
}
"""Which field an error is about."""


def wanted_settings(form: object) -> SendingSettings:
    """Read the form.

    Raises:
        PolicyError: 422, with one of the codes in `WRONG_FIELD`.
    """
    window = _number(form, "window", "bad_window")
    cap = _number(form, "cap", "bad_daily_cap")
    wanted = {
        "gap": _checked("gap", _number(form, "gap", "bad_gap") or 0, "bad_gap"),
        "jitter": _checked("jitter", _number(form, "jitter", "bad_jitter") or 0, "bad_jitter"),
        "daily_cap": _checked("daily_cap", cap, "bad_daily_cap"),
        "duplicates": field(form, "duplicates") != "",
        "duplicate_window": _checked(
            "duplicate_window", round(window * MINUTE_SECONDS) if window is not None else None, "bad_window"
        ),
        "replies_first": field(form, "replies-first") != "",
        "quiet_hours": _quiet_hours(form) if field(form, "quiet") else None,
        "opt_out_words": _words(form, "opt-out-words"),
        "opt_in_words": _words(form, "opt-in-words"),
    }
    try:
        return SendingSettings.model_validate(wanted)
    except ValidationError:
        raise _wrong("bad_words") from None


def merged(now: SendingSettings, began: SendingSettings, wanted: SendingSettings) -> SendingSettings:
    """Return the settings of now with what the form changed: what a program changed meanwhile stays.

    Raises:
        PolicyError: 422 ``bad_settings``: together they make no sense.
    """
    changed = {name: value for name, value in dict(wanted).items() if value != getattr(began, name)}
    try:
        return SendingSettings.model_validate({**dict(now), **changed})
    except ValidationError:
        raise _wrong("bad_settings") from None


def wanted_days(form: object) -> int | None:
    """Read for how many days messages are kept, None: for ever; whether it is a sensible number the service says."""
    days = field(form, "keep-days")
    if not days:
        return None
    if not (days.isascii() and days.isdigit() and len(days) < 6):
        raise _wrong("bad_retention")
    return int(days)


def keeps_less(before: int | None, after: int | None) -> bool:
    """Tell whether messages go away by that change."""
    return after is not None and (before is None or after < before)


def _number(form: object, name: str, code: str) -> float | None:
    written = field(form, name).strip().replace(",", ".")
    if not written:
        return None
    try:
        number = float(written)
    except ValueError:
        raise _wrong(code) from None
    if not math.isfinite(number):
        raise _wrong(code)
    return number


def _checked(name: str, value: float | None, code: str) -> float | None:
    """See that a value fits the setting by itself, so that the error names the field."""
    try:
        SendingSettings.model_validate({name: value})
    except ValidationError:
        raise _wrong(code) from None
    return value


def _words(form: object, name: str) -> list[str]:
    words = [line.strip() for line in field(form, name).splitlines()]
    return [word for word in words if word]


def _quiet_hours(form: object) -> QuietHours:
    try:
        return QuietHours.model_validate(
            {"start": field(form, "start"), "until": field(form, "until"), "time_zone": field(form, "zone").strip()}
        )
    except ValidationError:
        raise _wrong("bad_quiet_hours") from None


def _wrong(code: str) -> PolicyError:
    return PolicyError("This setting makes no sense.", code=code, status_code=422)
