"""What goes out and comes in, and what must not happen twice or never."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from session_core.domain.content import Text
from session_core.domain.ids import new_wa_key
from session_core.domain.message import Ack
from session_core.whatsapp.driver import AckChanged, MessageSeen, Ready, SendNotTried, SendRefused
from tests.integration.whatsapp.conftest import Cockpit
from tests.servers.sandbox import PhoneClient, RunningSandbox

EVA = "34611000001"
CHAT = f"{EVA}@c.us"


async def test_the_same_id_goes_out_once(cockpit: Cockpit, ana: PhoneClient) -> None:
    driver, told = await cockpit.link(ana)
    key = new_wa_key()
    first = await driver.send(CHAT, Text(text="once"), key)
    again = await driver.send(CHAT, Text(text="once"), key)
    assert again.wa_message_id == first.wa_message_id
    await told.hear(AckChanged, lambda event: event.ack is Ack.READ)
    assert [(message["text"], message["times"]) for message in await ana.received()] == [("once", 1)]


@pytest.mark.usefixtures("generation")
async def test_a_chat_that_moved_to_a_hidden_id(cockpit: Cockpit, sandbox: RunningSandbox, ana: PhoneClient) -> None:
    await sandbox.config(lid=True)
    driver, told = await cockpit.link(ana)
    key = new_wa_key()
    sent = await driver.send(CHAT, Text(text="hola"), key)
    assert sent.chat_id.endswith("@lid")
    await told.hear(AckChanged, lambda event: event == AckChanged(sent.wa_message_id, Ack.READ))
    for chat in (CHAT, sent.chat_id):
        found = await driver.find_sent(chat, key)
        assert found is not None
        assert found.wa_message_id == sent.wa_message_id

    since = datetime.now(UTC)
    await cockpit.kill_browser()
    await driver.close()
    driver, told = await cockpit.start(since=since)
    await told.hear(Ready)
    assert await driver.find_sent(CHAT, key) is not None
    again = await driver.send(sent.chat_id, Text(text="otra"), new_wa_key())
    assert again.chat_id == sent.chat_id
    await ana.write(EVA, "hola Ana")
    seen = await told.hear(MessageSeen, lambda event: event.text == "hola Ana")
    assert seen.chat_id == sent.chat_id
    assert seen.kept_as == CHAT


async def test_keys_that_hide_their_text(cockpit: Cockpit, sandbox: RunningSandbox, ana: PhoneClient) -> None:
    await sandbox.config(msgKeyField="$1")
    driver, told = await cockpit.link(ana)
    key = new_wa_key()
    sent = await driver.send(CHAT, Text(text="hola"), key)
    assert sent.wa_message_id == f"true_{CHAT}_{key}"
    await told.hear(AckChanged, lambda event: event == AckChanged(sent.wa_message_id, Ack.READ))
    answer = await ana.write(EVA, "hola")
    seen = await told.hear(MessageSeen, lambda event: not event.from_me)
    assert answer["id"] in seen.wa_message_id


@pytest.mark.usefixtures("generation")
async def test_a_message_is_told_when_it_is_decrypted(
    cockpit: Cockpit, sandbox: RunningSandbox, ana: PhoneClient
) -> None:
    await sandbox.config(ciphertextFirst=True, ciphertextMs=200)
    _, told = await cockpit.link(ana)
    await ana.write(EVA, "secret")
    seen = await told.hear(MessageSeen)
    assert (seen.kind, seen.text) == ("text", "secret")
    await ana.write(EVA, "next")
    await told.hear(MessageSeen, lambda event: event.text == "next")
    # A sweep that was late may tell one of them again.
    assert list(dict.fromkeys(event.text for event in told.all(MessageSeen))) == ["secret", "next"]


async def test_a_number_that_is_not_on_whatsapp(cockpit: Cockpit, sandbox: RunningSandbox, ana: PhoneClient) -> None:
    await sandbox.config(notOnWhatsapp=[EVA])
    driver, _ = await cockpit.link(ana)
    with pytest.raises(SendRefused) as caught:
        await driver.send(CHAT, Text(text="hola"), new_wa_key())
    assert caught.value.code == "not_on_whatsapp"
    assert await ana.received() == []


async def test_an_unknown_group_is_refused(cockpit: Cockpit, ana: PhoneClient) -> None:
    driver, _ = await cockpit.link(ana)
    with pytest.raises(SendRefused) as caught:
        await driver.send("120363000000000000@g.us", Text(text="hola"), new_wa_key())
    assert caught.value.code == "chat_not_found"


async def test_a_refusal_by_the_server_comes_as_an_ack(
    cockpit: Cockpit, sandbox: RunningSandbox, ana: PhoneClient
) -> None:
    await sandbox.config(failSends={"mode": "next", "count": 1})
    driver, told = await cockpit.link(ana)
    sent = await driver.send(CHAT, Text(text="hola"), new_wa_key())
    await told.hear(AckChanged, lambda event: event == AckChanged(sent.wa_message_id, Ack.ERROR))


@pytest.mark.usefixtures("generation")
async def test_quoting(cockpit: Cockpit, ana: PhoneClient) -> None:
    driver, told = await cockpit.link(ana)
    await ana.write(EVA, "a question")
    question = await told.hear(MessageSeen)
    await driver.send(CHAT, Text(text="an answer"), new_wa_key(), question.wa_message_id)
    await told.hear(AckChanged, lambda event: event.ack is Ack.READ)
    [received] = await ana.received()
    assert received["quotedId"]
    assert received["quotedId"] in question.wa_message_id
    with pytest.raises(SendRefused) as caught:
        await driver.send(CHAT, Text(text="to nothing"), new_wa_key(), f"false_{CHAT}_{new_wa_key()}")
    assert caught.value.code == "quoted_not_found"
    # An id that nobody can read: it is known all the same that nothing was sent.
    with pytest.raises((SendNotTried, SendRefused)):
        await driver.send(CHAT, Text(text="to nothing"), new_wa_key(), quoted_id="nonsense")


async def test_other_kinds_come_in_with_their_kind(cockpit: Cockpit, ana: PhoneClient) -> None:
    _, told = await cockpit.link(ana)
    await ana.write(EVA, "a caption", type="image")
    seen = await told.hear(MessageSeen)
    assert seen.kind == "image"


async def test_history_is_not_news(cockpit: Cockpit, ana: PhoneClient) -> None:
    driver, told = await cockpit.link(ana)
    await ana.write(EVA, "old")
    await told.hear(MessageSeen)
    await driver.logout()
    told.mark()
    await driver.close()
    # Linked anew: the old message comes as history, and only what is written now is news.
    driver, told = await cockpit.link(ana)
    await ana.write(EVA, "new")
    await told.hear(MessageSeen, lambda event: event.text == "new")
    assert all(event.replayed for event in told.all(MessageSeen) if event.text == "old")


@pytest.mark.usefixtures("generation")
async def test_the_page_tells_whom_it_knows(cockpit: Cockpit, sandbox: RunningSandbox, ana: PhoneClient) -> None:
    driver, told = await cockpit.link(ana)
    await ana.write(EVA, "hola")
    await told.hear(MessageSeen, lambda event: event.text == "hola")
    await driver.send("34611000002@c.us", Text(text="hey"), new_wa_key())
    first = await driver.directory("chats", limit=1)
    rest = await driver.directory("chats", first.end or "", limit=10)
    assert rest.end is None
    known = {chat.chat_id: chat for chat in (*first.chats, *rest.chats)}
    assert known.keys() == {CHAT, "34611000002@c.us"}
    assert known[CHAT].unread == 1
    assert known[CHAT].last_at is not None
    people = {one.wa_id: one for one in (await driver.directory("contacts", limit=100)).contacts}
    assert (people[CHAT].lid or "").endswith("@lid")
