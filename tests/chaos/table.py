"""What a fault cost, as a line of a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass

HEAD = (
    "database",
    "fault",
    "ready again s",
    "texts again s",
    "QR",
    "texts",
    "lost",
    "twice",
    "left",
    "what the API said",
)


@dataclass(frozen=True)
class Row:
    """What one fault cost.

    Attributes:
        database: which one was behind it.
        fault: what was done.
        ready: seconds until the account was said to be ready again; 0.0: it was never said to be anything else.
        flowing: seconds until a new text had gone through in each direction.
        qr: whether a person had to scan a code.
        texts: messages that were counted, both directions together.
        lost, twice: of these.
        left: processes that should have ended.
        said: what the API said meanwhile.
    """

    database: str
    fault: str
    ready: float
    flowing: float
    qr: bool
    texts: int
    lost: int
    twice: int
    left: int
    said: str


ROWS: list[Row] = []
NOTES: list[str] = []
"""What is no line of the table."""


def drawn(rows: Sequence[Row]) -> str:
    """Return the rows as a table for a terminal."""
    cells = _cells(rows)
    widths = [max(len(line[column]) for line in cells) for column in range(len(HEAD) - 1)]
    return "\n".join(
        "  ".join([*(cell.ljust(width) for cell, width in zip(line, widths, strict=False)), line[-1]]) for line in cells
    )


def markdown(rows: Sequence[Row]) -> str:
    """Return the rows as a table of Markdown."""
    head, *lines = _cells(rows)
    return "\n".join(f"| {' | '.join(line)} |" for line in [head, ["---"] * len(head), *lines]) + "\n"


def _cells(rows: Sequence[Row]) -> list[list[str]]:
    return [list(HEAD), *([_cell(value) for value in astuple(row)] for row in rows)]


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.1f}" if isinstance(value, float) else str(value)
