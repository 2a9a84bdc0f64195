"""Clocks that jump, and a machine that sleeps: nothing is lost or doubled, and the limits of sending hold."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from tests.chaos import harm
from tests.chaos.trial import breaking, suffering
from tests.chaos.windows import most_in_a_window
from tests.servers.relay import running_relay
from tests.servers.services import HostProcess
from tests.servers.site import Line, Site, running_site
from tests.waiting import eventually

pytestmark = [pytest.mark.slow, pytest.mark.timeout(500)]

LONG = timedelta(seconds=180)
WINDOW = timedelta(seconds=10)
LIMIT = 30
"""About what is handed over meanwhile, so that nearly every message waits for its turn."""

NIGHT = timedelta(hours=8)

LIMITED = {
    "WHAHOOK_MESSAGES_PER_ACCOUNT": str(LIMIT),
    "WHAHOOK_MESSAGES_PER_USER": str(LIMIT),
    "WHAHOOK_RATE_WINDOW": f"{WINDOW.total_seconds():g}s",
}


@pytest.fixture(scope="module")
def clock(folder: Path) -> harm.Clock:
    """The clock of what the test says."""
    return harm.Clock.made(folder)


@pytest.fixture(scope="module")
async def site(site_url: str, folder: Path, pages: None, clock: harm.Clock) -> AsyncIterator[Site]:
    """An installation with limits that count, and one host."""
    async with running_site(folder, site_url, apart=True, **LIMITED) as site:
        await site.host(**clock.env)
        yield site


@pytest.fixture
def fault(line: Line, host: HostProcess, database_kind: str) -> partial[object]:
    return partial(suffering, line, host, database=database_kind, patience=LONG)


async def most_sent(line: Line) -> int:
    """Return the most messages in any window, by the phone's clock."""
    instants = [at for message in await line.phone.received() for at in message["arrivalsMs"]]
    return most_in_a_window(instants, WINDOW)


@pytest.mark.parametrize("hours", [1, -1])
async def test_the_wall_clock_jumps(line: Line, fault: partial, clock: harm.Clock, hours: int) -> None:
    async with fault(f"wall clock of the host's machine jumps {hours:+d} h, and back 20 s later") as trial:
        clock.set(timedelta(hours=hours))
        await harm.pause(timedelta(seconds=20))
        clock.set(timedelta(0))
    assert await most_sent(line) <= LIMIT
    assert trial.said == [], "it stays ready all the time"


@pytest.mark.parametrize("hours", [1, -1])
async def test_an_outage_under_a_wrong_clock(line: Line, fault: partial, clock: harm.Clock, hours: int) -> None:
    async with fault(f"WhatsApp not reachable while the wall clock of the host's machine is {hours:+d} h off"):
        clock.set(timedelta(hours=hours))
        await line.phone.offline()
        await line.until("reconnecting", "offline")
        written = len(line.written)
        # What comes now is told by nobody: it has to be swept.
        await eventually(lambda: len(line.written) >= written + 3)
        await line.phone.online()
        await line.until("ready")
        clock.set(timedelta(0))


async def test_the_machine_sleeps_longer_than_its_leases(
    line: Line, host: HostProcess, fault: partial, clock: harm.Clock
) -> None:
    await host.stop()
    # Through a port: by its socket the host would know that Valkey slept too.
    async with running_relay(line.site.valkey.settings.valkey_socket) as relay:
        await host.start(REDIS_URL=f"redis://127.0.0.1:{relay.port}/0")
        await line.until("ready")
        async with fault("the host's machine slept for 8 h"), breaking(line):
            # Its wall clock is right again when it wakes up.
            clock.set(timedelta(0), slept=NIGHT)
        await host.stop()
    clock.set(timedelta(0))
    await host.start(REDIS_URL=line.site.valkey.url)
    assert await most_sent(line) <= LIMIT
