from __future__ import annotations

import pytest

from session_core.domain.jobs import LONGEST_ERROR, last_line

FRAMES = 'Traceback (most recent call last):\n  File "/srv/x.py", line 3, in drain\n    await session.flush()\n'
REFUSED = "asyncpg.NotNull: null value"
ABANDONED = "Moved to FailedJobRegistry, due to AbandonedJobError, at now"


@pytest.mark.parametrize(
    ("traceback", "shown"),
    [
        (FRAMES + "ValueError: no good\n", "ValueError: no good"),
        (FRAMES + "redis.exceptions.ConnectionError: gone", "redis.exceptions.ConnectionError: gone"),
        (FRAMES + "TimeoutError\n", "TimeoutError"),
        # What follows is the row that the database refused.
        (
            FRAMES + REFUSED + "\nDETAIL:  Failing row contains (1, my secret).\n[SQL: x]",
            "asyncpg.NotNull: null value",
        ),
        (f"{FRAMES}KeyError: 1\n\nDuring handling of the above:\n\n{FRAMES}OSError: second\n", "OSError: second"),
        (
            "Moved to FailedJobRegistry, due to AbandonedJobError, at now",
            "Moved to FailedJobRegistry, due to AbandonedJobError, at now",
        ),
        (FRAMES + "ValueError: bad literal 'see you at the old bridge'", "ValueError: bad literal '…'"),
        (FRAMES + 'ValueError: bad literal "see you at the old bridge"', 'ValueError: bad literal "…"'),
        (FRAMES + "ValueError: 34612345678@c.us and ana@example.org, +34612345678", "ValueError: … and …, …"),
        ("", ""),
    ],
    ids=lambda value: value[-24:],
)
def test_the_last_line_without_what_is_somebodys(traceback: str, shown: str) -> None:
    assert last_line(traceback) == shown


def test_it_has_an_end() -> None:
    assert len(last_line(FRAMES + "ValueError: " + "x" * 1000)) == LONGEST_ERROR
