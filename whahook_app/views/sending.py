"""How an account sends, as the page shows it: its lane now, and what the form of its settings begins with."""

from __future__ import annotations

import dataclasses
import math
from datetime import timedelta

from session_core.domain.pacing import SendingSettings
from session_core.services.lane import LaneView
from whahook_app.i18n import Language, counted, text

MINUTE_SECONDS = 60


@dataclasses.dataclass
class Gauge:
    """How much of a limit is used. ``percent`` is 0 where there is no limit; ``own``: the operator set this number."""

    id: str = ""
    label: str = ""
    used: str = ""
    percent: int = 0
    full: bool = False
    own: bool = False


@dataclasses.dataclass
class LaneNow:
    """What a lane does now. Times are ISO 8601, empty when there are none."""

    tone: str = "idle"
    icon: str = "clock"
    word: str = ""
    why: str = ""
    until: str = ""
    counts: str = ""
    reach_out_until: str = ""
    gauges: list[Gauge] = dataclasses.field(default_factory=list)
    duplicates: str = ""
    opted_out: str = ""


@dataclasses.dataclass
class SendingForm:
    """What the fields begin with."""

    gap: str = "0"
    jitter: str = "0"
    cap: str = ""
    quiet: bool = False
    start: str = "22:00"
    until: str = "08:00"
    zone: str = ""
    duplicates: bool = True
    window: str = ""
    replies_first: bool = True
    opt_out_words: str = ""
    opt_in_words: str = ""
    keep_days: str = ""


def lane_now(view: LaneView, language: Language, *, ready: bool) -> LaneNow:
    """Say what a lane does now; ``ready``: the account is connected."""
    tone, icon, word = _state(view, ready=ready)
    hold = view.hold
    return LaneNow(
        tone=tone,
        icon=icon,
        word=text(language, f"sending.now.{word}"),
        why=text(language, f"hold.{hold.code.value}") if hold is not None else "",
        until=hold.until.isoformat() if hold is not None and hold.until is not None else "",
        counts=_counts(view, language),
        reach_out_until=view.reach_out_until.isoformat() if view.reach_out_until is not None else "",
        gauges=_gauges(view, language),
        duplicates=_refused(view.refused_day.duplicates, view.refused_week.duplicates, language),
        opted_out=_refused(view.refused_day.opted_out, view.refused_week.opted_out, language),
    )


def _state(view: LaneView, *, ready: bool) -> tuple[str, str, str]:
    if not ready:
        return ("wait", "pause", "not_ready") if view.waiting else ("idle", "stop", "away")
    if view.hold is not None:
        return "wait", "pause", "held"
    return ("ok", "loader", "sends") if view.waiting else ("ok", "check", "idle")


def _counts(view: LaneView, language: Language) -> str:
    counts = (("waiting", view.waiting), ("scheduled", view.scheduled), ("unknown", view.unknown))
    said = [counted(language, f"sending.count.{name}", count) for name, count in counts if count]
    return " · ".join(said) or text(language, "sending.count.none")


def _gauges(view: LaneView, language: Language) -> list[Gauge]:
    limits, used = view.limits, view.used
    window = window_words(limits.window, language)
    account = text(language, "sending.limit.account", window=window)
    user = text(language, "sending.limit.user", window=window)
    return [
        _gauge("account", account, used.per_account, limits.per_account, language, own=limits.own_per_account),
        _gauge("user", user, used.per_user, limits.per_user, language, own=limits.own_per_user),
        _gauge("day", text(language, "sending.limit.day"), used.last_day, view.settings.daily_cap, language),
    ]


def _gauge(
    name: str, label: str, used: int | None, limit: int | None, language: Language, *, own: bool = False
) -> Gauge:
    """Show one limit; without one only what was used, and without that (Valkey is away) only the limit."""
    if limit is None:
        return Gauge(id=name, label=label, used=text(language, "sending.used.free", used=used or 0))
    if used is None:
        return Gauge(id=name, label=label, used=text(language, "sending.used.not_known", limit=limit), own=own)
    said = text(language, "sending.used", used=used, limit=limit)
    # More than the limit is no mistake: the operator may have lowered it a moment ago.
    return Gauge(name, label, said, min(100, math.ceil(100 * used / limit)), used >= limit, own)


def _refused(day: int, week: int, language: Language) -> str:
    return text(language, "sending.refused", day=day, week=week)


def window_words(window: timedelta, language: Language) -> str:
    """Write the rate window: "minuto", "30 s"."""
    seconds = window.total_seconds()
    return text(language, "sending.minute") if seconds == MINUTE_SECONDS else f"{seconds:g} s"


def form_of(settings: SendingSettings, keep_days: int | None) -> SendingForm:
    """Write settings into the form."""
    hours = settings.quiet_hours
    window = settings.duplicate_window
    form = SendingForm(
        gap=_plain(settings.gap),
        jitter=_plain(settings.jitter),
        cap=str(settings.daily_cap or ""),
        quiet=hours is not None,
        duplicates=settings.duplicates,
        window=_plain(window / MINUTE_SECONDS) if window is not None else "",
        replies_first=settings.replies_first,
        opt_out_words="\n".join(settings.opt_out_words),
        opt_in_words="\n".join(settings.opt_in_words),
        keep_days=str(keep_days or ""),
    )
    if hours is not None:
        form.start, form.until, form.zone = f"{hours.start:%H:%M}", f"{hours.until:%H:%M}", hours.time_zone
    return form


def _plain(number: float) -> str:
    return f"{number:.4f}".rstrip("0").rstrip(".")
