"""How long a session waits before its next browser, whatever happens to the machine's clock."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from session_core.host.pause import Pause
from tests.unit.whatsapp.pages import StoppedClock

HOUR = timedelta(hours=1)


@pytest.mark.parametrize("jump", [-HOUR, HOUR])
async def test_a_clock_that_is_set_changes_nothing(jump: timedelta) -> None:
    wall, steady = StoppedClock(), StoppedClock()
    pause = Pause(timedelta(seconds=8), wall=wall, steady=steady)
    assert pause.until == wall.now() + timedelta(seconds=8)
    wall.time += jump
    # The browser before takes its time to end.
    steady.pass_(5)
    assert pause.left == timedelta(seconds=3)


async def test_what_is_over_is_not_waited_for() -> None:
    steady = StoppedClock()
    pause = Pause(timedelta(seconds=8), steady=steady)
    steady.pass_(45)
    assert pause.left == timedelta(0)
    async with asyncio.timeout(5):
        await pause.over()
