"""Every kind of message by the driver, out and in, and what changes one; several in one browser."""

from __future__ import annotations

from datetime import timedelta

import pytest

from session_core.domain.changes import ChatState, PresenceState
from session_core.domain.content import Card, Contacts, Edit, Location, Poll, Reaction, Revoke, Text
from session_core.domain.ids import new_wa_key
from session_core.domain.message import Ack
from session_core.sandbox.ids import lid_of
from session_core.whatsapp.driver import (
    AckChanged,
    CallSeen,
    MessageEdited,
    MessageRevoked,
    MessageSeen,
    NumberFacts,
    PresenceSeen,
    ReactionSeen,
    SendRefused,
    VoteSeen,
)
from tests.integration.whatsapp.conftest import Cockpit
from tests.servers.sandbox import PhoneClient, RunningSandbox
from tests.waiting import eventually

EVA, LEO = "34611000001", "34611000002"
CHAT = f"{EVA}@c.us"

KINDS = (
    Text(text=f"hello @{LEO}", mentions=(f"{LEO}@c.us",)),
    Location(latitude=40.4, longitude=-3.7, name="Sol", address="Madrid"),
    Contacts(contacts=(Card(name="Leo; the one", phone=f"+{LEO}"),)),
    Contacts(contacts=(Card(name="Leo", phone=LEO), Card(name="Eva", phone=EVA))),
    Poll(question="When?", options=("now", "later"), selectable=1),
)


@pytest.mark.usefixtures("generation")
async def test_every_kind_goes_out_once_and_is_told_as_it_was_sent(cockpit: Cockpit, ana: PhoneClient) -> None:
    driver, told = await cockpit.link(ana)
    for content in KINDS:
        key = new_wa_key()
        sent = await driver.send(CHAT, content, key)
        again = await driver.send(CHAT, content, key)
        assert (sent.wa_message_id, again.wa_message_id) == (f"true_{CHAT}_{key}",) * 2
        seen = await told.hear(MessageSeen, lambda event, sent=sent: event.wa_message_id == sent.wa_message_id)
        assert (seen.kind, seen.text) == (content.type, content.plain_text)
        if isinstance(content, Contacts):
            assert isinstance(seen.content, Contacts)
            assert [(card.name, card.phone) for card in seen.content.contacts] == [
                (card.name, str(card.phone).removeprefix("+")) for card in content.contacts
            ]
        else:
            assert seen.content == content
        await told.hear(AckChanged, lambda event, sent=sent: event == AckChanged(str(sent.wa_message_id), Ack.READ))
    received = await ana.received()
    assert [message["times"] for message in received] == [1] * len(KINDS)
    assert received[1]["content"] == {"lat": 40.4, "lng": -3.7, "loc": "Sol\nMadrid"}
    assert f"waid={LEO}:+{LEO}" in received[2]["content"]["body"]


@pytest.mark.usefixtures("generation")
async def test_what_contacts_send_and_do(cockpit: Cockpit, ana: PhoneClient) -> None:
    driver, told = await cockpit.link(ana)
    place = {"lat": 1.5, "lng": 2.5, "loc": "Pier\nHarbour"}
    await ana.write(EVA, "", type="location", content=place)
    seen = await told.hear(MessageSeen, lambda event: event.kind == "location")
    assert seen.content == Location(latitude=1.5, longitude=2.5, name="Pier", address="Harbour")
    first = await ana.write(EVA, "one")
    target = f"false_{CHAT}_{first['id']}"
    await told.hear(MessageSeen, lambda event: event.wa_message_id == target)
    answer = await ana.write(EVA, "answer", quotedId=first["id"])
    seen = await told.hear(MessageSeen, lambda event: answer["id"] in event.wa_message_id)
    assert seen.quoted_id == target

    await ana.edit(first["id"], "two")
    edited = await told.hear(MessageEdited)
    assert (edited.wa_message_id, edited.text) == (target, "two")
    await ana.revoke(first["id"])
    assert target in (await told.hear(MessageRevoked)).wa_message_ids
    await ana.react(EVA, answer["id"], "🎉")
    reaction = await told.hear(ReactionSeen)
    assert (reaction.sender, reaction.from_me, reaction.emoji) == (CHAT, False, "🎉")
    poll = await driver.send(CHAT, KINDS[-1], new_wa_key())
    await told.hear(AckChanged, lambda event: event == AckChanged(str(poll.wa_message_id), Ack.SERVER))
    await ana.vote(EVA, str(poll.wa_message_id).split("_")[-1], "later")
    vote = await told.hear(VoteSeen)
    assert (vote.wa_message_id, vote.voter, vote.options) == (poll.wa_message_id, CHAT, ("later",))
    await driver.watch(CHAT)
    await ana.presence(EVA, "composing")
    presence = await told.hear(PresenceSeen)
    assert (presence.chat_id, presence.participant, presence.state) == (CHAT, None, PresenceState.TYPING)
    call = await ana.call(EVA, video=True)
    heard = await told.hear(CallSeen)
    assert (heard.call_id, heard.caller, heard.video, heard.group) == (call["id"], CHAT, True, False)


@pytest.mark.usefixtures("generation")
async def test_what_is_done_to_a_message_and_in_a_chat(
    cockpit: Cockpit, sandbox: RunningSandbox, ana: PhoneClient
) -> None:
    driver, told = await cockpit.link(ana)
    sent = await driver.send(CHAT, Text(text="helo"), new_wa_key())
    target = str(sent.wa_message_id)
    await told.hear(AckChanged, lambda event: event == AckChanged(target, Ack.READ))
    edit = Edit(target_id=target, text="hello")
    assert await driver.find_sent(CHAT, "K", edit) is None
    key = new_wa_key()
    assert (await driver.send(CHAT, edit, key)).wa_message_id is None
    assert await driver.find_sent(CHAT, key, edit) is not None
    await driver.send(CHAT, edit, key)
    await driver.send(CHAT, Reaction(target_id=target, emoji="👍"), new_wa_key())
    assert (await told.hear(ReactionSeen)).from_me
    [received] = await ana.received()
    assert (received["text"], received["edits"], received["reactions"]) == ("hello", ["helo"], {"me": "👍"})
    await driver.send(CHAT, Reaction(target_id=target, emoji=""), new_wa_key())
    await driver.send(CHAT, Revoke(target_id=target), new_wa_key())
    [received] = await ana.received()
    assert (received["reactions"], received["revoked"]) == ({}, True)
    assert await driver.find_sent(CHAT, "K", Revoke(target_id=target)) is not None

    wrote = await ana.write(EVA, "mine")
    theirs = f"false_{CHAT}_{wrote['id']}"
    await told.hear(MessageSeen, lambda event: event.wa_message_id == theirs)
    for content, code in (
        (Revoke(target_id=theirs), "not_our_message"),
        (Edit(target_id=f"true_{CHAT}_3EB0NONE", text="x"), "target_not_found"),
    ):
        with pytest.raises(SendRefused) as caught:
            await driver.send(CHAT, content, new_wa_key())
        assert caught.value.code == code
    assert len(await ana.received()) == 1

    await driver.mark_read(CHAT)
    await driver.show_state(CHAT, ChatState.TYPING, timedelta(milliseconds=300))
    await eventually(lambda: _chat(ana, "seen", "composing"))
    await eventually(lambda: _chat(ana, "seen", "paused"))
    await eventually(lambda: _chat(ana, "unread", 0))
    with pytest.raises(SendRefused):
        await driver.mark_read(f"{LEO}@c.us")
    await sandbox.config(notOnWhatsapp=[LEO])
    assert await driver.number_exists(f"{LEO}@c.us") == NumberFacts(False)
    assert (await driver.number_exists(CHAT)).exists


async def _chat(phone: PhoneClient, name: str, value: object) -> bool:
    return bool((await phone.view())["chats"][0][name] == value)


async def test_a_group(cockpit: Cockpit, sandbox: RunningSandbox, ana: PhoneClient) -> None:
    await sandbox.config(hiddenNumbers=[EVA])
    driver, told = await cockpit.link(ana)
    group = await ana.group("Family", EVA, LEO)
    wrote = await ana.write(LEO, "hello", group=group, name="Leo")
    seen = await told.hear(MessageSeen)
    leo, hidden, eva = f"{LEO}@c.us", f"{lid_of(LEO)}@lid", f"{lid_of(EVA)}@lid"
    assert (seen.chat_id, seen.author, seen.author_lid) == (group, leo, hidden)
    # Whose number the page does not know, keeps the hidden id; who is mentioned by one is named by the number.
    words = f"hi @{lid_of(LEO)} and @{lid_of(EVA)}"
    await ana.write(EVA, words, group=group, name="Eva", content={"mentionedJidList": [hidden, eva]})
    second = await told.hear(MessageSeen, lambda event: event.text.startswith("hi"))
    assert (second.author, second.author_lid, second.sender_name) == (eva, None, "Eva")
    assert second.content == Text(text=f"hi @{LEO} and @{lid_of(EVA)}", mentions=(leo, eva))
    await sandbox.config(hiddenNumbers=[])
    await ana.write(EVA, "known now", group=group)
    third = await told.hear(MessageSeen, lambda event: event.text == "known now")
    assert (third.author, third.author_lid) == (f"{EVA}@c.us", eva)
    sent = await driver.send(group, Text(text="hello all"), new_wa_key(), seen.wa_message_id)
    await told.hear(AckChanged, lambda event: event == AckChanged(str(sent.wa_message_id), Ack.READ))
    [received] = await ana.received()
    assert (received["to"], received["quotedId"], received["times"]) == (group, wrote["id"], 1)
    await ana.react(LEO, received["id"], "👍")
    reaction = await told.hear(ReactionSeen)
    assert (reaction.sender, reaction.lid) == (leo, hidden)
    await ana.presence(LEO, "recording", group)
    presence = await told.hear(PresenceSeen, lambda event: event.participant is not None)
    assert (presence.chat_id, presence.participant, presence.state) == (group, leo, PresenceState.RECORDING)


SPY = """() => {
    window.asked = [];
    const previews = require('WAWebLinkPreviewChatAction');
    const fetch = previews.getLinkPreview;
    previews.getLinkPreview = (link) => {
        window.asked.push(link.href);
        return fetch(link);
    };
}"""


async def test_a_link_has_a_preview_only_when_that_is_wanted(cockpit: Cockpit, ana: PhoneClient) -> None:
    driver, _ = await cockpit.link(ana)
    page = driver._open_page()
    assert page is not None
    text = "look: https://example.org/menu today"
    await driver.send(CHAT, Text(text="warm"), new_wa_key())
    await page.evaluate(SPY)
    addresses: list[str] = []
    page.on("request", lambda request: addresses.append(request.url))
    url = "https://example.org/menu"
    await driver.send(CHAT, Text(text=text), new_wa_key())
    assert await page.evaluate("window.asked") == []
    await driver.send(CHAT, Text(text=text, preview=True), new_wa_key())
    assert await page.evaluate("window.asked") == [url]
    await eventually(lambda: _count(ana, 3))
    plain, shown = (await ana.received())[1:]
    assert (plain["text"], plain["content"], shown["text"]) == (text, {}, text)
    assert shown["content"] == {"title": "example.org", "canonicalUrl": url, "matchedText": url}
    # Neither the address itself nor wa-js's preview servers: WhatsApp Web alone makes the preview.
    assert [one for one in addresses if not one.startswith(cockpit.url)] == []


async def _count(phone: PhoneClient, count: int) -> bool:
    return len(await phone.received()) == count
