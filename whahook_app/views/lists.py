"""Lists that grow at the top while they are looked at."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol, TypeVar


class Row(Protocol):
    """A line that knows which one it is."""

    @property
    def id(self) -> object:
        """The line's own id."""


R = TypeVar("R", bound=Row)


def merged(shown: Sequence[R], news: Iterable[R]) -> list[R]:
    """Return ``shown`` (newest first) with ``news`` (oldest first): what is there is replaced, the rest put on top.

    A line may come twice, once by the reading and once by the event that told of it.
    """
    rows = list(shown)
    for row in news:
        place = next((index for index, old in enumerate(rows) if old.id == row.id), None)
        if place is not None:
            rows[place] = row
        else:
            rows.insert(0, row)
    return rows
