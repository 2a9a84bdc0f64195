"""How many of a list of instants lie in one window."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta


def most_in_a_window(instants_ms: Sequence[int], window: timedelta) -> int:
    """Return the highest number of instants in any half-open window of this length."""
    length = window / timedelta(milliseconds=1)
    times = sorted(instants_ms)
    most = first = 0
    for last, at in enumerate(times):
        while at - times[first] >= length:
            first += 1
        most = max(most, last - first + 1)
    return most
