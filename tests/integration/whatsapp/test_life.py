"""An account's life on both generations of WhatsApp Web, with unmodified wa-js in a real Chromium."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from session_core.domain.content import Text
from session_core.domain.ids import new_wa_key
from session_core.domain.message import Ack
from session_core.errors import TransientError
from session_core.whatsapp.driver import (
    AckChanged,
    Conflicted,
    Linking,
    Loaded,
    LoggedOut,
    LogoutCause,
    Loss,
    Lost,
    MessageSeen,
    Offline,
    QrExpired,
    QrShown,
    Ready,
    SendNotTried,
    Syncing,
)
from session_core.whatsapp.tracker import Patience
from tests.integration.whatsapp.conftest import Cockpit
from tests.servers.sandbox import PhoneClient, RunningSandbox

EVA = "34611000001"
CHAT = f"{EVA}@c.us"


@pytest.mark.usefixtures("generation")
async def test_from_the_code_to_the_unlink(cockpit: Cockpit, ana: PhoneClient) -> None:
    driver, told = await cockpit.start()
    shown = await told.hear(QrShown)
    assert shown.number == 1
    await ana.scan(shown.code)
    ready = await told.hear(Ready)
    assert (ready.phone_number, ready.push_name) == (ana.number, "Ana")
    steps = [kind for event in told.heard for kind in (Loaded, QrShown, Linking, Syncing, Ready) if type(event) is kind]
    assert steps == sorted(steps, key=[Loaded, QrShown, Linking, Syncing, Ready].index)

    key = new_wa_key()
    sent = await driver.send(CHAT, Text(text="hola"), key)
    assert (sent.wa_message_id, sent.chat_id) == (f"true_{CHAT}_{key}", CHAT)
    for ack in (Ack.SERVER, Ack.DEVICE, Ack.READ):
        await told.hear(AckChanged, lambda event, ack=ack: event == AckChanged(sent.wa_message_id, ack))
    [received] = await ana.received()
    assert (received["text"], received["times"]) == ("hola", 1)

    await ana.write(EVA, "¿qué tal?", name="Eva")
    seen = await told.hear(MessageSeen, lambda event: not event.from_me)
    assert (seen.chat_id, seen.text, seen.sender_name, seen.replayed) == (CHAT, "¿qué tal?", "Eva", False)

    told.mark()
    await ana.offline()
    await told.hear(Offline)
    with pytest.raises(SendNotTried):
        await driver.send(CHAT, Text(text="lost?"), new_wa_key())
    await ana.write(EVA, "while offline")
    await ana.online()
    await told.hear(Ready)
    await told.hear(MessageSeen, lambda event: event.text == "while offline")
    assert [message["text"] for message in await ana.received()] == ["hola"]

    since = datetime.now(UTC)
    await cockpit.kill_browser()
    lost = await told.hear(Lost)
    assert lost.loss is Loss.BROWSER
    await told.end()
    await driver.close()
    await ana.write(EVA, "while dead")

    driver, told = await cockpit.start(since=since)
    await told.hear(Ready)
    assert not told.all(QrShown)
    missed = await told.hear(MessageSeen, lambda event: event.text == "while dead")
    assert missed.replayed or missed.at >= since.replace(microsecond=0)
    found = await driver.find_sent(CHAT, key)
    assert found is not None
    assert found.wa_message_id == sent.wa_message_id
    assert await driver.find_sent(CHAT, new_wa_key()) is None

    told.mark()
    await ana.unlink()
    gone = await told.hear(LoggedOut)
    assert gone.cause is LogoutCause.UNLINKED
    await told.hear(QrShown)
    assert len(told.all(LoggedOut)) == 1
    assert not told.all(Ready)


@pytest.mark.usefixtures("generation")
async def test_our_own_logout(cockpit: Cockpit, ana: PhoneClient) -> None:
    driver, told = await cockpit.link(ana)
    told.mark()
    await driver.logout()
    assert (await told.hear(LoggedOut)).cause is LogoutCause.LOGGED_OUT
    assert (await ana.view())["devices"] == []
    await told.hear(QrShown)
    with pytest.raises(TransientError):
        await driver.logout()


@pytest.mark.usefixtures("generation")
async def test_linking_by_code(cockpit: Cockpit, sandbox: RunningSandbox, ana: PhoneClient) -> None:
    driver, told = await cockpit.start()
    await told.hear(QrShown)
    code = await driver.pairing_code(ana.number)
    assert len(code) == 8
    await ana.pair(code)
    assert (await told.hear(Ready)).phone_number == ana.number
    with pytest.raises(TransientError):
        await driver.pairing_code(ana.number)


@pytest.mark.usefixtures("generation")
async def test_unlinked_while_nobody_looked(cockpit: Cockpit, ana: PhoneClient) -> None:
    driver, _ = await cockpit.link(ana)
    await driver.close()
    await ana.unlink()
    _, told = await cockpit.start()
    assert (await told.hear(LoggedOut)).cause is LogoutCause.UNLINKED
    await told.hear(QrShown)
    assert not told.all(Ready)


@pytest.mark.usefixtures("generation")
async def test_codes_rotate_expire_and_come_back(cockpit: Cockpit, sandbox: RunningSandbox, ana: PhoneClient) -> None:
    await sandbox.config(qrFirstMs=800, qrNextMs=400, qrMax=2)
    driver, told = await cockpit.start()
    await told.hear(QrExpired)
    shown = told.all(QrShown)
    assert [event.number for event in shown] == [1, 2]
    assert len({event.code for event in shown}) == 2

    await sandbox.config(qrFirstMs=60_000, qrNextMs=60_000)
    told.mark()
    await driver.refresh_qr()
    fresh = await told.hear(QrShown)
    assert fresh.number == 1
    await ana.scan(fresh.code)
    await told.hear(Ready)


@pytest.mark.usefixtures("generation")
async def test_another_window_takes_over(cockpit: Cockpit, ana: PhoneClient) -> None:
    driver, told = await cockpit.link(ana)
    await ana.conflict()
    await told.hear(Conflicted)
    with pytest.raises(SendNotTried):
        await driver.send(CHAT, Text(text="no"), new_wa_key())
    with pytest.raises(TransientError):
        await driver.find_sent(CHAT, new_wa_key())


async def test_a_page_that_reloads_by_itself_comes_back(cockpit: Cockpit, ana: PhoneClient) -> None:
    """As WhatsApp Web does for a new version; the address of a logout before it may still be there."""
    driver, told = await cockpit.link(ana)
    told.mark()
    await driver.logout()
    await ana.scan((await told.hear(QrShown)).code)
    await told.hear(Ready)
    told.mark()
    browser = driver._browser
    assert browser is not None
    assert "post_logout=1" in browser.page.url
    await browser.page.reload()
    await told.hear(Loaded)
    await told.hear(Ready)
    assert not told.all(LoggedOut)
    sent = await driver.send(CHAT, Text(text="still me"), new_wa_key())
    await told.hear(AckChanged, lambda event: event == AckChanged(sent.wa_message_id, Ack.READ))


async def test_the_login_survives_a_clean_close(cockpit: Cockpit, ana: PhoneClient) -> None:
    driver, told = await cockpit.link(ana)
    await driver.close()
    await told.end()
    assert not told.all(Lost)
    assert await cockpit.processes() == 0
    await driver.close()
    _, told = await cockpit.start()
    assert (await told.hear(Ready)).phone_number == ana.number
    assert not told.all(QrShown)


async def test_the_sites_own_address(cockpit: Cockpit, sandbox: RunningSandbox, ana: PhoneClient) -> None:
    """The switches that let any other WhatsApp Web take the place of the live one."""
    args = " ".join(f"'{arg}'" for arg in sandbox.chromium_args)
    cockpit.browsers = type(cockpit.browsers)(cockpit.settings.model_copy(update={"chromium_args_setting": args}))
    cockpit.url = "https://web.whatsapp.com/"
    try:
        driver, _ = await cockpit.link(ana)
        await driver.close()
        second = timedelta(seconds=1)
        driver, told = await cockpit.start(patience=replace(Patience(), poll=second / 5, offline=second))
        await told.hear(Ready)
        told.mark()
        # Whether it can be reached is asked where the page comes from: nobody else knows that place.
        await ana.offline()
        await told.hear(Offline)
        await told.hear(Loaded)
        await ana.online()
        await told.hear(Ready)
        await driver.close()
    finally:
        await cockpit.browsers.stop()
