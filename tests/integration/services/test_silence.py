"""Hosts that fell silent: what their accounts' rows still say is not shown as true."""

from __future__ import annotations

from datetime import timedelta

import pytest

from session_core.bus import hosts as bus
from session_core.clock import Jumps, utcnow
from session_core.core import Core
from session_core.domain.status import Desired, ReasonCode, SessionStatus
from session_core.services import accounts, silence
from session_core.services.silence import SILENT_AFTER, silent_hosts
from session_core.store import host_runs
from tests.factories import add_account
from tests.integration.services.conftest import Two

LONG_AGO = SILENT_AFTER + timedelta(seconds=30)


class Clocks:
    """A wall clock that is set, beside one that runs on."""

    def __init__(self) -> None:
        self.ahead = 0.0
        self.steady = 1000.0
        self.jumps = Jumps(wall=lambda: self.steady + self.ahead, steady=lambda: self.steady)


@pytest.fixture
def clocks(monkeypatch: pytest.MonkeyPatch) -> Clocks:
    clocks = Clocks()
    monkeypatch.setattr(silence, "_jumps", clocks.jumps)
    return clocks


async def noted(core: Core, host_id: str, ago: timedelta) -> None:
    """Have a host note for the last time that it lives."""
    async with core.db.begin() as session:
        at = utcnow() - ago
        await host_runs.begin(session, host_id, started_at=at, now=at)


async def beat(core: Core, host_id: str) -> None:
    told = bus.Heartbeat(host_id=host_id, at=utcnow(), running=1, room_for=1, chromium_sandbox=True)
    await bus.beat(core.redis, told)


@pytest.mark.usefixtures("clocks")
async def test_only_who_is_heard_of_nowhere_is_silent(core: Core) -> None:
    for host_id, ago in (
        ("lives", timedelta(0)),
        ("on-the-bus", LONG_AGO),
        ("nowhere", LONG_AGO),
        ("ahead", -LONG_AGO),
    ):
        await noted(core, host_id, ago)
    await beat(core, "on-the-bus")
    found = await silent_hosts(core, ["lives", "on-the-bus", "nowhere", "ahead", "never-noted", None])
    assert found.keys() == {"nowhere", "ahead"}
    assert found["ahead"] <= utcnow(), "a time that has not come yet is not shown"


@pytest.mark.usefixtures("clocks")
async def test_an_account_of_a_silent_host_is_not_shown_as_ready(core: Core, two: Two) -> None:
    await noted(core, "nowhere", LONG_AGO)
    account_id = await add_account(
        core.db, two.ana, status=SessionStatus.READY, desired=Desired.CONNECTED, host_id="nowhere"
    )
    shown = await accounts.get(core, two.ana, account_id)
    assert (shown.status, shown.reason_code) == (SessionStatus.RECONNECTING, ReasonCode.HOST_LOST)
    await beat(core, "nowhere")
    assert (await accounts.get(core, two.ana, account_id)).status is SessionStatus.READY


async def test_nobody_is_silent_just_after_the_clock_jumped(core: Core, clocks: Clocks) -> None:
    await noted(core, "nowhere", LONG_AGO)
    clocks.ahead = 3600.0
    assert await silent_hosts(core, ["nowhere"]) == {}
    clocks.steady += SILENT_AFTER.total_seconds() + 1
    assert (await silent_hosts(core, ["nowhere"])).keys() == {"nowhere"}


@pytest.mark.usefixtures("clocks")
async def test_without_a_bus_the_database_alone_says_who_is_silent(core_without_bus: Core) -> None:
    await noted(core_without_bus, "nowhere", LONG_AGO)
    assert (await silent_hosts(core_without_bus, ["nowhere"])).keys() == {"nowhere"}
