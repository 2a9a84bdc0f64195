"""Medians side by side."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence

Samples = Mapping[str, Sequence[float]]
"""Milliseconds, by the name of the step."""


def cell(values: Sequence[float] | None) -> str:
    """Write a median with its range and the number of runs, or a dash."""
    if not values:
        return "-"
    return f"{statistics.median(values):.0f} ({min(values):.0f}-{max(values):.0f}, n={len(values)})"


def show(steps: Sequence[str], columns: Mapping[str, Samples]) -> str:
    """Return a Markdown table: a row a step, a column a product; milliseconds, median (range, runs)."""
    lines = ["| step | " + " | ".join(columns) + " |", "|---" * (len(columns) + 1) + "|"]
    for step in steps:
        cells = [cell(samples.get(step)) for samples in columns.values()]
        lines.append(f"| {step} | " + " | ".join(cells) + " |")
    return "\n".join(lines)
