"""What a fault cost, as a line of a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass

HEAD = ("fault", "ready again s", "QR", "lost", "twice", "left", "what the API said")


@dataclass(frozen=True)
class Row:
    """What one fault cost.

    Attributes:
        fault: what was done.
        seconds: until the account was ready again; None: it was not meant to be.
        qr: whether a person had to scan a code.
        lost, twice: messages, both directions together.
        left: processes that should have ended.
        said: what the API said meanwhile.
    """

    fault: str
    seconds: float | None
    qr: bool
    lost: int
    twice: int
    left: int
    said: str


ROWS: list[Row] = []


def drawn(rows: Sequence[Row]) -> str:
    """Return the rows as a table."""
    cells = [HEAD, *(tuple(_cell(value) for value in astuple(row)) for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(HEAD) - 1)]
    return "\n".join(
        "  ".join([*(cell.ljust(width) for cell, width in zip(line, widths, strict=False)), line[-1]]) for line in cells
    )


def _cell(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.1f}" if isinstance(value, float) else str(value)
