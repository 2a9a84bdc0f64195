"""The bars that show when an account was up."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

from session_core.domain.uptime import Segment, Uptime
from whahook_app.i18n import Language, text


@dataclasses.dataclass
class Bar:
    """A bar: the tone of each segment (ok, part, bad, off), the share in words, and all of it in a sentence."""

    tones: list[str] = dataclasses.field(default_factory=list)
    percent: str = ""
    label: str = ""


def bar(found: Uptime, language: Language, span: str) -> Bar:
    """Make the bar of a stretch of time; ``span`` is ``24h`` or ``7d``."""
    percent = percent_text(found.percent, language)
    return Bar([tone(segment) for segment in found.segments], percent, _label(found, language, span, percent))


def tone(segment: Segment) -> str:
    """Return the tone of a segment; ``part`` is one with a break in it that was up all the same for most of it."""
    if not segment.down:
        return "ok" if segment.up else "off"
    return "part" if segment.mostly_up else "bad"


def percent_text(percent: float | None, language: Language) -> str:
    """Return e.g. ``97,5 %``; a dash when there is no time that counts."""
    if percent is None:
        return "–"
    digits = f"{percent:.1f}".removesuffix(".0")
    return f"{digits.replace('.', ',')} %" if language == "es" else f"{digits}%"


def duration(time: timedelta, language: Language) -> str:
    """Return a duration as people say it: ``40 s``, ``12 min``, ``3 h 5 min``, ``2 d 4 h``."""
    seconds = max(1, round(time.total_seconds()))
    if seconds < 60:
        return f"{seconds} s"
    minutes = seconds // 60
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    days, hours = divmod(hours, 24)
    short = text(language, "uptime.days_short")
    return f"{days} {short} {hours} h" if hours else f"{days} {short}"


def _label(found: Uptime, language: Language, span: str, percent: str) -> str:
    where = text(language, f"uptime.{span}.long")
    if found.percent is None:
        return text(language, "uptime.label.none", span=where)
    if not found.down:
        return text(language, "uptime.label.whole", span=where)
    return text(language, "uptime.label.broken", span=where, percent=percent, down=duration(found.down, language))
