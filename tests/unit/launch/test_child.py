"""How long a process that died waits before it starts again."""

from __future__ import annotations

from session_core.launch.child import FIRST_PAUSE, LONGEST_PAUSE, pause_before_start


def test_the_first_start_comes_soon() -> None:
    assert pause_before_start(1) == FIRST_PAUSE


def test_pauses_double_up_to_a_limit() -> None:
    pauses = [pause_before_start(failures) for failures in range(1, 8)]
    assert pauses[1] == 2 * pauses[0]
    assert pauses == sorted(pauses)
    assert pause_before_start(1_000_000) == LONGEST_PAUSE
