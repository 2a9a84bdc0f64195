"""Kinds of messages on the sandbox, by the unmodified wa-js: each goes out and comes in; what changes one; groups."""

from __future__ import annotations

from typing import Any

from session_core.sandbox.ids import lid_of
from tests.integration.sandbox.waiting import eventually
from tests.integration.sandbox.wajs import WaPage
from tests.servers.sandbox import PhoneClient

BETO, EVA = "34611000001", "34611000002"
CHAT = f"{BETO}@c.us"
QUICK = {"waitForAck": False}

LISTEN = """() => {
  const plain = (data) => JSON.parse(JSON.stringify(data ?? null));
  for (const name of ['chat.new_reaction', 'chat.poll_response', 'chat.msg_revoke', 'chat.presence_change',
    'call.incoming_call'])
    WPP.on(name, (data) => tellTest(name, plain(data)));
  WPP.on('chat.msg_edited', ({ id, msg }) => tellTest('chat.msg_edited', { id, body: msg.body }));
}"""
LISTENED = "chat.msg_edited"

Linked = tuple[WaPage, PhoneClient]


async def run(page: WaPage, function: str, *args: Any) -> Any:
    """Call a function of wa-js and return its answer as plain JSON."""
    script = f"async (args) => JSON.parse(JSON.stringify((await WPP.{function}(...args)) ?? null))"
    return await page.page.evaluate(script, [*args])


async def listening(page: WaPage) -> None:
    await page.ready()
    await page.page.evaluate(LISTEN)


async def test_every_kind_goes_out(linked: Linked) -> None:
    page, ana = linked
    await page.ready()
    place = {"lat": 40.4, "lng": -3.7, "name": "Sol", "address": "Madrid"}
    await run(page, "chat.sendTextMessage", CHAT, "hi @34611000002", {**QUICK, "mentionedList": [f"{EVA}@c.us"]})
    await run(page, "chat.sendLocationMessage", CHAT, {**QUICK, **place})
    await run(page, "chat.sendVCardContactMessage", CHAT, {"id": f"{EVA}@c.us", "name": "Eva"}, QUICK)
    poll = await run(
        page, "chat.sendCreatePollMessage", CHAT, "When?", ["now", "later"], {**QUICK, "selectableCount": 1}
    )
    await page.acked(poll["id"], 3)
    text, location, card, question = await ana.received()
    assert (text["text"], text["content"]) == ("hi @34611000002", {"mentionedJidList": [f"{EVA}@c.us"]})
    assert (location["type"], location["content"]) == ("location", {"lat": 40.4, "lng": -3.7, "loc": "Sol\nMadrid"})
    assert card["content"]["vcardFormattedName"] == "Eva"
    assert f"waid={EVA}" in card["content"]["body"]
    options = [{"name": "now", "localId": 0}, {"name": "later", "localId": 1}]
    assert question["content"] == {"pollName": "When?", "pollOptions": options}


async def test_what_changes_a_message_of_ours(linked: Linked) -> None:
    page, ana = linked
    await listening(page)
    sent = await page.send(CHAT, "helo")
    await page.acked(sent["id"], 3)
    key = sent["id"].split("_")[-1]
    await run(page, "chat.editMessage", sent["id"], "hello", QUICK)
    assert await page.until("chat.msg_edited") == {"id": sent["id"], "body": "hello"}
    await run(page, "chat.sendReactionToMessage", sent["id"], "👍")
    (received,) = await ana.received()
    assert (received["text"], received["edits"], received["reactions"]) == ("hello", ["helo"], {"me": "👍"})
    await ana.react(BETO, key, "🎉")
    reaction = await page.until("chat.new_reaction", lambda told: told["reactionText"] == "🎉")
    assert (reaction["msgId"]["_serialized"], reaction["sender"]) == (sent["id"], CHAT)
    await run(page, "chat.deleteMessage", CHAT, sent["id"], True, True)
    (received,) = await ana.received()
    assert (received["revoked"], received["text"]) == (True, "")
    await run(page, "chat.markIsComposing", CHAT)
    chat = await eventually(ana.view, lambda view: view["chats"][0]["seen"] == "composing")
    assert chat["chats"][0]["id"] == CHAT


async def test_what_contacts_do(linked: Linked) -> None:
    page, ana = linked
    await ana.write(BETO, "here")
    await page.until("chat.new_message", lambda msg: msg["body"] == "here")
    await listening(page)
    await ana.write(BETO, type="location", content={"lat": 1.5, "lng": 2.5, "loc": "Pier"}, text="")
    await page.until("chat.new_message", lambda msg: msg["type"] == "location")
    wrote = await ana.write(BETO, "one")
    await page.until("chat.new_message", lambda msg: msg["body"] == "one")
    await ana.edit(wrote["id"], "two")
    edited = await page.until("chat.msg_edited")
    assert (edited["id"], edited["body"]) == (f"false_{CHAT}_{wrote['id']}", "two")
    await ana.revoke(wrote["id"])
    assert (await page.until("chat.msg_revoke"))["type"] == "sender_revoke"
    types = {msg["id"]: msg["type"] for msg in await page.stored()}
    assert types[edited["id"]] == "revoked"

    poll = await run(page, "chat.sendCreatePollMessage", CHAT, "When?", ["now", "later"], QUICK)
    await page.acked(poll["id"], 2)
    await ana.vote(BETO, poll["id"].split("_")[-1], "later")
    vote = await page.until("chat.poll_response")
    assert [option and option["name"] for option in vote["selectedOptions"]] == [None, "later"]
    await ana.presence(BETO, "composing")
    assert (await page.until("chat.presence_change"))["state"] == "composing"
    call = await ana.call(BETO, video=True)
    told = await page.until("call.incoming_call")
    assert (told["id"], told["isVideo"]) == (call["id"], True)


async def test_a_group(linked: Linked) -> None:
    page, ana = linked
    await page.ready()
    group = await ana.group("Family", BETO, EVA)
    sent = await page.send(group, "hello all")
    assert sent["id"].startswith(f"true_{group}_")
    assert sent["id"].endswith(f"_{lid_of(ana.number)}@lid")
    await page.acked(sent["id"], 3)
    (received,) = await ana.received()
    assert (received["to"], received["times"]) == (group, 1)
    wrote = await ana.write(EVA, "hello", group=group)
    told = await page.until("chat.new_message", lambda msg: msg["body"] == "hello")
    assert told["id"] == f"false_{group}_{wrote['id']}_{lid_of(EVA)}@lid"
