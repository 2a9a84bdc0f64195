"""The clocks of all machines jump at once, Valkey's too; only WhatsApp and the phones go on by the true time."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from tests.chaos import harm
from tests.chaos.trial import suffering
from tests.chaos.windows import most_in_a_window
from tests.servers.services import HostProcess
from tests.servers.site import Line, Site, running_site
from tests.waiting import eventually

pytestmark = [pytest.mark.slow, pytest.mark.timeout(500)]

LONG = timedelta(seconds=180)
WINDOW = timedelta(seconds=10)
LIMIT = 15
"""Fewer than go out by themselves on a busy machine."""

BURST = 25
"""Texts handed over just before a jump: the limit is used up, and the rest waits for its turn."""

EVERY = timedelta(seconds=2)
"""Far fewer than are allowed, so that what waits gets less again."""


@pytest.fixture(scope="module")
def clock(folder: Path) -> harm.Clock:
    """The clock of everything that is ours."""
    return harm.Clock.made(folder)


@pytest.fixture(scope="module")
async def site(site_url: str, folder: Path, pages: None, clock: harm.Clock) -> AsyncIterator[Site]:
    """An installation with limits that count; each of its processes has the clock, the database server its own."""
    limits = {
        "WHAHOOK_MESSAGES_PER_ACCOUNT": str(LIMIT),
        "WHAHOOK_MESSAGES_PER_USER": str(LIMIT),
        "WHAHOOK_RATE_WINDOW": f"{WINDOW.total_seconds():g}s",
    }
    async with running_site(folder, site_url, apart=True, **limits, **clock.env) as site:
        await site.host()
        yield site


@pytest.fixture
def fault(line: Line, host: HostProcess, database_kind: str) -> partial[object]:
    return partial(suffering, line, host, database=database_kind, patience=LONG, every=EVERY)


async def use_up(line: Line) -> None:
    """Hand over more than may go out, and wait until no more does."""
    for number in range(BURST):
        await line.send(f"at once {os.urandom(4).hex()} {number}")

    async def waits() -> bool:
        lane = await line.site.get(f"/accounts/{line.id}/lane")
        return bool(lane["hold"] and lane["hold"]["code"] in {"account_limit", "user_limit"})

    await eventually(waits, LONG, "the limit holds the lane")


@pytest.mark.parametrize("hours", [1, -1])
async def test_every_clock_jumps(line: Line, fault: partial, clock: harm.Clock, hours: int) -> None:
    async with fault(f"wall clocks of all machines, Valkey's too, jump {hours:+d} h, and back 20 s later") as trial:
        await use_up(line)
        trial.begin()
        clock.set(timedelta(hours=hours))
        await harm.pause(timedelta(seconds=20))
        await use_up(line)
        clock.set(timedelta(0))
    instants = [at for message in await line.phone.received() for at in message["arrivalsMs"]]
    assert most_in_a_window(instants, WINDOW) <= LIMIT
    assert trial.said == [], "it stays ready all the time"
