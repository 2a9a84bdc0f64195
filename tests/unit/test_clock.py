"""Clocks, and what is known when they jump."""

from __future__ import annotations

from datetime import timedelta

import pytest

from session_core.clock import Jumps, this_boot

LATELY = timedelta(seconds=30)


class Times:
    """A wall clock and a steady one."""

    def __init__(self) -> None:
        self.wall = 1_000_000.0
        self.steady = 50.0

    def go(self, seconds: float, jump: float = 0) -> None:
        self.steady += seconds
        self.wall += seconds + jump


@pytest.mark.parametrize("jump", [3600, -3600, 10])
def test_a_jump_is_known_for_a_while_from_when_it_is_noticed(jump: float) -> None:
    times = Times()
    jumps = Jumps(lambda: times.wall, lambda: times.steady)
    times.go(10_000)
    assert not jumps.within(LATELY)
    times.go(5, jump)
    assert jumps.within(LATELY)
    times.go(29)
    assert jumps.within(LATELY)
    times.go(2)
    assert not jumps.within(LATELY)


def test_a_clock_that_is_corrected_bit_by_bit_does_not_jump() -> None:
    times = Times()
    jumps = Jumps(lambda: times.wall, lambda: times.steady)
    for _ in range(100):
        times.go(60, 0.5)
        assert not jumps.within(LATELY)


def test_the_boot_has_a_name() -> None:
    assert this_boot()
    assert this_boot() == this_boot()
