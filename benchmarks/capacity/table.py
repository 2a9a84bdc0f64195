"""The tables of ``docs/capacity.md``."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence

from benchmarks.capacity.measure import MANY, Result

MB = 1024 * 1024


def _mb(value: float) -> str:
    return f"{value / MB:.0f}"


def _percent(value: float) -> str:
    return f"{value * 100:.1f} %"


def _seconds(values: Sequence[float]) -> str:
    low, middle, high = (of(values) / 1000 for of in (min, statistics.median, max))
    return f"{middle:.1f} ({low:.1f}-{high:.1f}, n={len(values)})"


ROWS: tuple[tuple[str, Callable[[Result], str]], ...] = (
    ("Chromium's sandbox around the page", lambda one: "on" if one.alone.walled_in and one.many.walled_in else "OFF"),
    ("processes of one session's browser", lambda one: str(one.alone.browsers.count)),
    ("**marginal PSS of a session, browsers, MB**", lambda one: f"**{_mb(one.marginal('pss'))}**"),
    ("- of it in no file (anonymous, shared)", lambda one: _mb(one.marginal("own"))),
    ("marginal PSS of a session, everything, MB", lambda one: _mb(one.marginal("pss", "everything"))),
    ("PSS of the browsers with 1 / 4 sessions, MB", lambda one: _both(one, "browsers")),
    ("PSS of everything with 1 / 4 sessions, MB", lambda one: _both(one, "everything")),
    ("idle CPU of a session, browsers, of one core", lambda one: _percent(one.many.browsers.cpu / MANY)),
    ("idle CPU of everything, 4 sessions, of one core", lambda one: _percent(one.many.everything.cpu)),
    ("start -> ready, 1 session, s", lambda one: _seconds(one.start_one)),
    ("start -> ready, the last of 4 at once, s", lambda one: _seconds(one.start_many)),
)


def _both(one: Result, whose: str) -> str:
    return " / ".join(_mb(getattr(seen, whose).pss) for seen in (one.alone, one.many))


def show(results: Mapping[str, Result], compared_with: str | None) -> str:
    """Return a Markdown table: a row a finding, a column a contestant.

    Args:
        results: what was measured, by contestant.
        compared_with: whose memory the last row sets the others' against; None: no such row.
    """
    lines = ["| | " + " | ".join(results) + " |", "|---" * (len(results) + 1) + "|"]
    for name, cell in ROWS:
        lines.append(f"| {name} | " + " | ".join(cell(one) for one in results.values()) + " |")
    if compared_with is not None:
        base = results[compared_with]
        parts = [f"{one.marginal('pss') / base.marginal('pss'):.2f}" for one in results.values()]
        lines.append(f"| marginal PSS, browsers, as a part of {compared_with} | " + " | ".join(parts) + " |")
    return "\n".join(lines)
