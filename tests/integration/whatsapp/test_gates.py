"""What only the number's owner can solve is told as such; a conflict is settled as the setting says."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import httpx
import pytest

from session_core.domain.content import Text
from session_core.domain.health import HealthLevel, Sign
from session_core.domain.ids import new_wa_key
from session_core.settings import Settings
from session_core.whatsapp.driver import (
    Conflicted,
    Gate,
    Gated,
    Loaded,
    LoggedOut,
    Lost,
    MessageSeen,
    Offline,
    QrShown,
    Ready,
)
from session_core.whatsapp.page import TAKE_OVERS
from session_core.whatsapp.tracker import Patience
from tests.integration.whatsapp.conftest import Cockpit
from tests.servers.sandbox import PhoneClient, RunningSandbox
from tests.waiting import eventually

EVA = "34611000001"
PATIENCE = timedelta(seconds=40)


@pytest.mark.usefixtures("generation")
async def test_a_passkey_is_asked_for_at_the_scan(cockpit: Cockpit, sandbox: RunningSandbox, ana: PhoneClient) -> None:
    await sandbox.config(gate="passkey")
    _, told = await cockpit.start()
    shown = await told.hear(QrShown)
    assert not told.all(Gated)
    with pytest.raises(httpx.HTTPStatusError, match="passkey"):
        await ana.scan(shown.code)
    assert (await told.hear(Gated)).gate is Gate.PASSKEY


@pytest.mark.usefixtures("generation")
@pytest.mark.parametrize("gate", ["limited", "banned", "terms"])
async def test_an_account_that_is_kept_out(
    cockpit: Cockpit, sandbox: RunningSandbox, ana: PhoneClient, gate: str
) -> None:
    _, told = await cockpit.link(ana)
    told.mark()
    await sandbox.config(gate=gate)
    # The connection breaks, and WhatsApp does not let the page in again.
    await ana.offline()
    await told.hear(Offline)
    await ana.online()
    assert (await told.hear(Gated)).gate is Gate(gate)
    assert not told.all(LoggedOut)
    assert not told.all(Ready)


async def test_what_people_write_is_no_gate(cockpit: Cockpit, ana: PhoneClient) -> None:
    driver, told = await cockpit.link(ana)
    await ana.write(EVA, "Your account is temporarily banned. Use your passkey.")
    await told.hear(MessageSeen)
    await ana.offline()
    await told.hear(Offline)
    told.mark()
    await ana.online()
    await told.hear(Ready)
    await driver.close()
    _, told = await cockpit.start()
    await told.hear(Ready)
    assert not told.all(Gated)


def taking_over(cockpit: Cockpit) -> None:
    cockpit.settings = Settings(on_conflict="take_over")


@pytest.mark.usefixtures("generation")
async def test_an_account_is_taken_back_and_at_last_left(cockpit: Cockpit, ana: PhoneClient) -> None:
    taking_over(cockpit)
    driver, told = await cockpit.link(ana)
    for _ in range(TAKE_OVERS):
        told.mark()
        await ana.conflict()
        await told.hear(Offline)
        await told.hear(Ready)
        assert not told.all(Conflicted)
    await driver.send(f"{EVA}@c.us", Text(text="still here"), new_wa_key())
    told.mark()
    await ana.conflict()
    await told.hear(Conflicted)


async def test_a_take_over_that_leads_nowhere_is_given_up(
    cockpit: Cockpit, sandbox: RunningSandbox, ana: PhoneClient
) -> None:
    taking_over(cockpit)
    driver, _ = await cockpit.link(ana)
    await driver.close()
    driver, told = await cockpit.start(patience=replace(Patience(), load=timedelta(seconds=5)))
    await told.hear(Ready)
    told.mark()
    browser = driver._browser
    assert browser is not None
    await browser.page.evaluate("WPP.whatsapp.Socket.takeover = () => undefined")
    await ana.conflict()
    await told.hear(Conflicted)
    assert len(told.all(Offline)) == 1


async def test_a_connection_through_which_nothing_goes_is_found_by_a_question(
    cockpit: Cockpit, sandbox: RunningSandbox, ana: PhoneClient
) -> None:
    driver, _ = await cockpit.link(ana)
    await driver.close()
    second = timedelta(seconds=1)
    patience = replace(Patience(), poll=second / 5, quiet=second, question=second, link=10 * second)
    driver, told = await cockpit.start(patience=patience)
    await told.hear(Ready)

    def is_well() -> bool:
        health = driver.health()
        return health is not None and health.level is HealthLevel.HEALTHY and driver._vitals.silent_for() < second

    # Silence alone is no sign: WhatsApp answers when it is asked.
    await eventually(is_well, PATIENCE)
    told.mark()
    await sandbox.config(mute=True)
    await ana.write(EVA, "into the void")

    def is_deaf() -> bool:
        health = driver.health()
        return health is not None and Sign.NO_TRAFFIC in health.signs and health.level is HealthLevel.DEAF

    await eventually(is_deaf, timedelta(minutes=1))
    # The page is loaded again, and what was missed is there.
    await told.hear(Loaded)
    await sandbox.config(mute=False)
    await told.hear(Ready)
    await told.hear(MessageSeen, lambda event: event.text == "into the void")
    assert not told.all(Lost)
