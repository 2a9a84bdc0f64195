"""Builds of WhatsApp Web that do what is asked of them in another way, or not at all."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from session_core.clock import utcnow
from session_core.domain.changes import PresenceState
from session_core.domain.content import Revoke, Text
from session_core.domain.ids import new_wa_key
from session_core.domain.message import Ack
from session_core.whatsapp.driver import (
    AckChanged,
    CallSeen,
    LoggedOut,
    LogoutCause,
    MessageSeen,
    PresenceSeen,
    Ready,
)
from session_core.whatsapp.page import PageDriver
from tests.integration.whatsapp.conftest import Cockpit
from tests.integration.whatsapp.test_loss import page_of
from tests.servers.sandbox import PhoneClient, RunningSandbox
from tests.waiting import eventually

EVA = "34611000001"
CHAT = f"{EVA}@c.us"
PATIENCE = timedelta(seconds=30)
LOOK_UP = "Object.defineProperty(WPP.whatsapp.functions, 'queryWidExists', { configurable: true, value: %s })"
# Not isFullReady: wa-js misses the moment for that when the page is in its main mode before it listens.
IN_MAIN = "WPP.isReady && WPP.conn.isMainReady()"

ASK = "(async () => (await __whahook.question({ ms: %d })).ok)()"

# It says that nobody is logged in any more, without a reload and without a code.
UNLINK = """() => {
  const users = require('WAWebUserPrefsMeUser');
  for (const name of ['getMaybeMePnUser', 'getMaybeMeLidUser', 'getMaybeMeUser']) users[name] = () => undefined;
  require('SandboxSession').me = null;
  WPP.whatsapp.Socket.set({ hasSynced: false, state: 'UNPAIRED' });
  WPP.whatsapp.Stream.set('mode', 'QR');
}"""
# Messages come without a word about whether they are new.
NEWS_UNSAID = """() => {
  const messages = require('WAWebCollections').Msg, add = messages.add.bind(messages);
  messages.add = (msg, ...rest) => {
    Object.defineProperty(msg, 'isNewMsg', { value: undefined });
    window.unsaid = (window.unsaid ?? 0) + 1;
    return add(msg, ...rest);
  };
}"""


# It says less than others: of a refused message only in its answer, of a call only that it is there, nothing of who
# wrote a message.
SAYS_LESS = """() => {
  const { prototype } = require('WAWebMsgModel'), update = prototype.updateAck;
  prototype.updateAck = function (ack, ...rest) { return ack < 0 ? this : update.call(this, ack, ...rest); };
  Object.defineProperty(prototype, 'senderObj', { configurable: true, get: () => ({}) });
  WPP.ev.removeAllListeners('chat.presence_change');
}"""
SILENT = """(silent) => {
  const answer = silent ? new Promise(() => undefined) : Promise.resolve(false);
  require('WAWebReachoutTimelockUtils').isUserReachoutTimelocked = () => answer;
}"""
CALL = """() => require('WAWebCallCollection').trigger('add',
  { id: 'C1', peerJid: WPP.util.createWid('%s'), isVideo: true, isGroup: false, outgoing: false, offerTime: 0 })"""
READ_UNHEARD = "(id) => { WPP.whatsapp.MsgStore.get(id).attributes.ack = 3; }"


async def look_up_is(driver: PageDriver, value: str) -> None:
    await page_of(driver).evaluate(LOOK_UP % value)
    assert await page_of(driver).evaluate(f"String(WPP.whatsapp.functions.queryWidExists) === String({value})")


async def test_only_a_question_that_was_asked_in_vain_speaks_against_a_page(cockpit: Cockpit, ana: PhoneClient) -> None:
    driver, _ = await cockpit.link(ana)
    await eventually(lambda: page_of(driver).evaluate(IN_MAIN), PATIENCE)
    assert await page_of(driver).evaluate(ASK % 5000) is True
    for says_nothing in ("async () => null", "() => Promise.reject(new Error('no'))", "undefined"):
        await look_up_is(driver, says_nothing)
        assert await page_of(driver).evaluate(ASK % 5000) is None
    await look_up_is(driver, "() => new Promise(() => undefined)")
    assert await page_of(driver).evaluate(ASK % 5100) is False


@pytest.mark.parametrize("value", ["undefined", "() => Promise.reject(new Error('no'))"])
async def test_a_number_that_cannot_be_looked_up_is_written_to(cockpit: Cockpit, ana: PhoneClient, value: str) -> None:
    driver, _ = await cockpit.link(ana)
    await look_up_is(driver, value)
    await driver.send(f"{EVA}@c.us", Text(text="hola"), new_wa_key())
    assert [message["text"] for message in await ana.received()] == ["hola"]


async def test_a_login_that_ends_in_the_page_is_told(cockpit: Cockpit, ana: PhoneClient) -> None:
    driver, told = await cockpit.link(ana)
    await eventually(lambda: page_of(driver).evaluate(IN_MAIN), PATIENCE)
    await page_of(driver).evaluate(UNLINK)
    assert await page_of(driver).evaluate("WPP.conn.isAuthenticated()") is False
    assert (await told.hear(LoggedOut)).cause is LogoutCause.UNLINKED
    assert len(told.all(Ready)) == 1


async def test_a_message_that_does_not_say_that_it_is_new_is_told(cockpit: Cockpit, ana: PhoneClient) -> None:
    driver, told = await cockpit.link(ana)
    await eventually(lambda: page_of(driver).evaluate(IN_MAIN), PATIENCE)
    await page_of(driver).evaluate(NEWS_UNSAID)
    await ana.write(EVA, "hola")
    seen = await told.hear(MessageSeen, lambda event: event.text == "hola")
    assert not seen.replayed
    assert await page_of(driver).evaluate("window.unsaid") == 1


async def test_a_build_that_says_less(cockpit: Cockpit, sandbox: RunningSandbox, ana: PhoneClient) -> None:
    await sandbox.config(ackReadMs=None)
    driver, told = await cockpit.link(ana)
    page = page_of(driver)
    await eventually(lambda: page.evaluate(IN_MAIN), PATIENCE)
    sent = await driver.send(CHAT, Text(text="hola"), new_wa_key())
    target = str(sent.wa_message_id)
    await told.hear(AckChanged, lambda event: event == AckChanged(target, Ack.DEVICE))
    await page.evaluate(SAYS_LESS)

    # One thing that the page cannot tell does not hold up the others.
    await page.evaluate(SILENT, True)
    state = await asyncio.wait_for(page.evaluate("__whahook.snapshot()"), 5)
    assert '"mode":"MAIN"' in state
    await page.evaluate(SILENT, False)
    await driver.watch(CHAT)
    await ana.presence(EVA, "composing")
    assert (await told.hear(PresenceSeen)).state is PresenceState.TYPING
    for _ in range(2):
        await page.evaluate(CALL % CHAT)
    assert (await told.hear(CallSeen)).caller == CHAT

    await sandbox.config(failSends={"mode": "next", "count": 1})
    failed = await driver.send(CHAT, Text(text="no"), new_wa_key())
    await told.hear(AckChanged, lambda event: event == AckChanged(failed.wa_message_id, Ack.ERROR))

    # It was read while nobody listened.
    await page.evaluate(READ_UNHEARD, target)
    for _ in range(2):
        driver._tracker.missed_since, driver._tracker.sweep_due = utcnow() + timedelta(minutes=1), True
        await driver._tend()
    await told.hear(AckChanged, lambda event: event == AckChanged(target, Ack.READ))

    await driver.send(CHAT, Revoke(target_id=target), new_wa_key())
    assert [message["revoked"] for message in await ana.received()] == [True]
    assert (len(told.all(CallSeen)), len(told.all(AckChanged, lambda event: event.ack is Ack.READ))) == (1, 1)
