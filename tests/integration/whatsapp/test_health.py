"""A page that looks connected and hears nothing is found out, and what it kept to itself is told, once."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import psutil
import pytest

from session_core.browser import processes
from session_core.domain.health import Cure, HealthLevel
from session_core.whatsapp.driver import Loaded, Loss, Lost, MessageSeen, Offline, Ready
from session_core.whatsapp.page import PageDriver
from session_core.whatsapp.tracker import Patience
from tests.integration.whatsapp.conftest import Cockpit
from tests.integration.whatsapp.listening import Listener
from tests.integration.whatsapp.test_loss import lost_of, page_of
from tests.servers.sandbox import PhoneClient, RunningSandbox
from tests.waiting import eventually

EVA = "34611000001"
PATIENCE = timedelta(seconds=40)
ATTENTIVE = replace(
    Patience(),
    poll=timedelta(milliseconds=200),
    audit=timedelta(milliseconds=500),
    telling=timedelta(seconds=2),
    awake=timedelta(milliseconds=500),
)


async def linked(cockpit: Cockpit, phone: PhoneClient, patience: Patience) -> tuple[PageDriver, Listener]:
    """Return a driver that is ready and as patient as is said."""
    driver, _ = await cockpit.link(phone)
    await driver.close()
    driver, told = await cockpit.start(patience=patience)
    await told.hear(Ready)
    return driver, told


def level_of(driver: PageDriver) -> HealthLevel | None:
    health = driver.health()
    return None if health is None else health.level


@contextlib.asynccontextmanager
async def stopped(profile: Path) -> AsyncIterator[None]:
    """Stop every process on a profile for as long as the block lasts."""
    found = await asyncio.to_thread(processes.of_profile, profile)
    for process in found:
        process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        for process in found:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(signal.SIGCONT)


@pytest.mark.usefixtures("generation")
async def test_health_has_evidence_and_the_page_is_kept_awake(cockpit: Cockpit, ana: PhoneClient) -> None:
    driver, told = await cockpit.start(patience=ATTENTIVE)
    assert driver.health() is None
    await driver.close()
    driver, told = await linked(cockpit, ana, ATTENTIVE)
    await eventually(lambda: level_of(driver) is HealthLevel.HEALTHY, PATIENCE)
    before = driver.health()
    assert before is not None
    assert (before.vitals.mode, before.vitals.info, before.vitals.socket) == ("MAIN", "NORMAL", "CONNECTED")
    assert before.vitals.answer_ms is not None
    await ana.write(EVA, "hola")
    await told.hear(MessageSeen, lambda event: event.text == "hola")

    def moved() -> bool:
        now = driver.health()
        assert now is not None
        assert before.vitals.last_traffic_at is not None
        return now.vitals.last_traffic_at is not None and now.vitals.last_traffic_at > before.vitals.last_traffic_at

    await eventually(moved, PATIENCE)
    awake = "WPP.whatsapp.Stream.available && document.hasFocus()"
    await eventually(lambda: page_of(driver).evaluate(awake), PATIENCE)


async def test_what_the_page_keeps_to_itself_is_found_told_once_and_cured(cockpit: Cockpit, ana: PhoneClient) -> None:
    driver, told = await linked(cockpit, ana, ATTENTIVE)
    await ana.write(EVA, "heard")
    await told.hear(MessageSeen, lambda event: event.text == "heard")
    await eventually(lambda: not driver._tracker.sweep_due, PATIENCE, "the sweep after the start")
    told.mark()
    # The listeners are lost, as they are when a page replaces its collection: everything looks well.
    await page_of(driver).evaluate("WPP.whatsapp.MsgStore.off('add'), WPP.whatsapp.MsgStore.off('change:ack')")
    await asyncio.gather(*(ana.write(EVA, f"unheard {number}") for number in range(3)))
    seen = await told.hear(MessageSeen, lambda event: event.text.startswith("unheard"))
    assert seen.replayed
    await told.hear(Loaded)
    await told.hear(Ready)
    await eventually(lambda: level_of(driver) is HealthLevel.HEALTHY, PATIENCE)
    health = driver.health()
    assert health is not None
    assert health.cures == (Cure.SWEEP, Cure.RELOAD)
    ids = {event.text: event.wa_message_id for event in told.all(MessageSeen)}
    assert set(ids) >= {f"unheard {number}" for number in range(3)}
    told.mark()
    await ana.write(EVA, "heard again")
    live = await told.hear(MessageSeen, lambda event: event.text == "heard again")
    assert not live.replayed
    assert not told.all(Lost)


async def test_a_browser_that_stands_still_is_given_up(cockpit: Cockpit, ana: PhoneClient) -> None:
    driver, told = await linked(cockpit, ana, replace(ATTENTIVE, answer=timedelta(milliseconds=500)))
    async with stopped(cockpit.profile):
        assert (await lost_of(told)).loss is Loss.DEAF
        await driver.close()
        assert await cockpit.processes() == 0
    _, told = await cockpit.start()
    assert (await told.hear(Ready)).phone_number == ana.number


async def test_a_page_whose_bridge_breaks_is_given_up(cockpit: Cockpit, ana: PhoneClient) -> None:
    driver, told = await linked(cockpit, ana, ATTENTIVE)
    await page_of(driver).evaluate("void (window.__whahook.snapshot = async () => { throw new Error('no module') })")
    assert (await lost_of(told)).loss is Loss.DEAF


async def test_a_page_that_is_emptied_is_lost(cockpit: Cockpit, ana: PhoneClient) -> None:
    driver, told = await linked(cockpit, ana, ATTENTIVE)
    await page_of(driver).goto("about:blank")
    assert (await lost_of(told)).loss is Loss.NAVIGATION


async def test_a_page_that_stays_offline_is_loaded_again(cockpit: Cockpit, ana: PhoneClient) -> None:
    _, told = await linked(cockpit, ana, replace(ATTENTIVE, offline=timedelta(seconds=1)))
    told.mark()
    await ana.offline()
    await told.hear(Offline)
    await told.hear(Loaded)
    await ana.online()
    await told.hear(Ready)
    assert not told.all(Lost)


async def test_a_page_that_cannot_be_loaded_again_is_left_alone_while_it_is_offline(
    cockpit: Cockpit, sandbox: RunningSandbox, ana: PhoneClient
) -> None:
    driver, told = await linked(cockpit, ana, replace(ATTENTIVE, offline=timedelta(seconds=1)))
    told.mark()
    await sandbox.stop()
    await told.hear(Offline)
    health = driver.health()
    assert health is not None
    assert health.level is HealthLevel.DEGRADED
    # Nobody can be reached: the page stays, and reconnects by itself.
    await eventually(lambda: driver._tracker.overdue() == "offline" or driver._tracker.phase != "offline", PATIENCE)
    assert not told.all(Loaded)
    await sandbox.start()
    await told.hear(Ready)
    assert not told.all(Lost)
