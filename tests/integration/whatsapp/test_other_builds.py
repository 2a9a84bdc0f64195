"""A WhatsApp Web that does everything in another way than the sandbox: an account's whole life on it."""

from __future__ import annotations

import pytest

from session_core.domain.content import Text
from session_core.domain.ids import new_wa_key
from session_core.domain.message import Ack
from session_core.sandbox import pages
from session_core.whatsapp.driver import AckChanged, CallSeen, LoggedOut, MessageSeen, PresenceSeen, QrShown, Ready
from tests.integration.whatsapp.conftest import Cockpit
from tests.integration.whatsapp.varying import VaryingBrowsers
from tests.servers.sandbox import PhoneClient

EVA = "34611000001"
CHAT = f"{EVA}@c.us"

STRICT = (
    "default-src 'self'; connect-src 'self' ws:; style-src 'self' 'unsafe-inline'; require-trusted-types-for 'script'"
)

BARE = """
// Nothing that is not needed.
for (const id of ['WAWebReachoutTimelockUtils', 'WAWebMsgActionCapability'])
  delete require('__debug').modulesMap[id];
// Unknown events are errors.
for (const [owner, known] of [[require('WAWebCmd').Cmd, /_from_bridge|open_chat/],
    [require('WAWebBackendEventBus').BackendEventBus, /offline|main|sync|socket/]]) {
  const on = owner.on.bind(owner);
  owner.on = (events, ...rest) => {
    if (!known.test(events) && events !== 'all') throw new Error(`no such event: ${events}`);
    return on(events, ...rest);
  };
}
// It tells its version late.
Object.defineProperty(window, 'Debug', { configurable: true, get: () => undefined, set: (value) => setTimeout(() =>
  Object.defineProperty(window, 'Debug', { configurable: true, writable: true, value }), 1500) });
// Messages come twice and do not say that they are new.
const messages = require('WAWebCollections').Msg, add = messages.add.bind(messages);
messages.add = (msg, ...rest) => {
  const fresh = !messages.get(msg);
  Object.defineProperty(msg, 'isNewMsg', { value: undefined });
  const added = add(msg, ...rest);
  if (fresh) setTimeout(() => messages.trigger('add', added, messages), 50);
  return added;
};
// A message is acknowledged before its sender hears that it was taken.
const sending = require('WAWebSendMsgChatAction'), send = sending.addAndSendMsgToChat;
sending.addAndSendMsgToChat = async (chat, raw) => {
  const [message, result] = send(chat, raw);
  return [Promise.all([message, new Promise((done) => setTimeout(done, 800))]).then(([msg]) => msg), result];
};
// It loads itself again when it is in its main mode for the first time.
require('WAWebStreamModel').Stream.on('change:mode', (_, mode) => {
  if (mode !== 'MAIN' || sessionStorage.loaded) return;
  sessionStorage.loaded = 1;
  setTimeout(() => location.reload(), 200);
});
"""


@pytest.mark.chaos
async def test_a_life_on_another_build(cockpit: Cockpit, ana: PhoneClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(pages.HEADERS, "Content-Security-Policy", STRICT)
    cockpit.browsers = VaryingBrowsers(cockpit.browsers, BARE, marked_logouts=False).as_browsers()
    driver, told = await cockpit.start()
    shown = await told.hear(QrShown)
    await ana.scan(shown.code)
    await told.hear(Ready)
    told.mark()
    await told.hear(Ready)
    key = new_wa_key()
    sent = await driver.send(CHAT, Text(text="hola"), key)
    assert sent.wa_message_id == f"true_{CHAT}_{key}"
    await told.hear(AckChanged, lambda event: event == AckChanged(f"true_{CHAT}_{key}", Ack.READ))
    await ana.write(EVA, "hello")
    seen = await told.hear(MessageSeen, lambda event: event.text == "hello")
    assert not seen.replayed
    await driver.watch(CHAT)
    await ana.presence(EVA, "composing")
    await told.hear(PresenceSeen)
    await ana.call(EVA)
    await told.hear(CallSeen)
    assert [message["times"] for message in await ana.received()] == [1]
    told.mark()
    await ana.unlink()
    await told.hear(LoggedOut)
    await told.hear(QrShown)
    assert len(told.all(LoggedOut)) == 1
