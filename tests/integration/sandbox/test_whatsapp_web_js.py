"""The unmodified whatsapp-web.js on the sandbox, through ``https://web.whatsapp.com``."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from tests.integration.sandbox.waiting import eventually
from tests.integration.sandbox.wwebjs import web_js
from tests.servers.sandbox import RunningSandbox

BETO = "34611000001"

pytestmark = pytest.mark.slow


@pytest.fixture
def flags(sandbox: RunningSandbox, chromium_flags: list[str]) -> list[str]:
    return [*sandbox.chromium_args, *chromium_flags]


@pytest.mark.parametrize("generation", ["legacy", "bridge"])
async def test_whole_life(
    sandbox: RunningSandbox, tmp_path: Path, flags: list[str], chromium: str, generation: str
) -> None:
    # The library misses main mode when that starts before it has attached itself (its own race): give it time.
    await sandbox.config(generation=generation, resumeMs=3000)
    ana = sandbox.phone("34600112233", "Ana")
    async with web_js(tmp_path / "auth", flags, chromium) as client:
        qr = (await client.until("qr"))["qr"]
        assert len(qr.split(",")) == 5
        await ana.scan(qr)
        await client.until("authenticated")
        ready = await client.until("ready")
        assert (ready["wid"], ready["pushname"]) == ("34600112233@c.us", "Ana")

        sent = await client.call("send", to=f"{BETO}@c.us", text="hola")
        assert sent["fromMe"] is True
        for ack in (1, 2, 3):
            await client.until("message_ack", lambda event, ack=ack: event["id"] == sent["id"] and event["ack"] == ack)
        (received,) = await ana.received()
        assert (received["text"], received["to"], received["times"]) == ("hola", BETO, 1)
        assert sent["id"] == f"true_{BETO}@c.us_{received['id']}"

        await ana.write(BETO, "qué tal", name="Beto", quotedId=received["id"])
        message = await client.until("message")
        assert (message["body"], message["from"], message["hasQuotedMsg"]) == ("qué tal", f"{BETO}@c.us", True)
        assert (await client.call("quoted", id=message["id"]))["id"] == sent["id"]

        reply = await client.call("send", to=f"{BETO}@c.us", text="bien", quotedMessageId=message["id"])
        assert reply["hasQuotedMsg"] is True
        second = await eventually(ana.received, lambda received: len(received) == 2)
        assert second[1]["quotedId"] == message["id"].split("_")[-1]

        chat = {"id": f"{BETO}@c.us", "name": "Beto", "unread": 0, "last": "bien"}
        assert (await client.call("chats"))["chats"] == [chat]
        assert (await client.call("contact", id=f"{BETO}@c.us"))["pushname"] == "Beto"
        assert (await client.call("state"))["state"] == "CONNECTED"

    await ana.write(BETO, "mientras no estabas")
    async with web_js(tmp_path / "auth", flags, chromium) as client:
        await client.until("ready")
        assert "qr" not in client.names()
        # It came before the library listened, which is why a client has to look at the chats after each start.
        chats = await eventually(lambda: client.call("chats"), lambda answer: answer["chats"][0]["unread"] == 1)
        assert chats["chats"][0]["last"] == "mientras no estabas"
        await ana.write(BETO, "¿estás?")
        assert (await client.until("message"))["body"] == "¿estás?"

        await ana.unlink()
        assert (await client.until("disconnected"))["reason"] == "LOGOUT"
        assert (await ana.view())["devices"] == []


async def test_pairing_code(sandbox: RunningSandbox, tmp_path: Path, flags: list[str], chromium: str) -> None:
    ana = sandbox.phone("34600112233", "Ana")
    async with web_js(tmp_path / "auth", flags, chromium, pairPhone=ana.number) as client:
        code = (await client.until("code"))["code"]
        assert len(code) == 8
        with pytest.raises(httpx.HTTPStatusError, match="unknown_code"):
            await sandbox.phone("34600112234").pair(code)
        await ana.pair(f"{code[:4]}-{code[4:].lower()}")
        await client.until("ready")

        await client.call("logout")
        assert (await ana.view())["devices"] == []


async def test_hidden_ids_and_ciphertext(
    sandbox: RunningSandbox, tmp_path: Path, flags: list[str], chromium: str
) -> None:
    await sandbox.config(lid=True, ciphertextFirst=True)
    ana = sandbox.phone("34600112233", "Ana")
    async with web_js(tmp_path / "auth", flags, chromium) as client:
        await ana.scan((await client.until("qr"))["qr"])
        await client.until("ready")
        sent = await client.call("send", to=f"{BETO}@c.us", text="hola")
        assert sent["to"].endswith("@lid")
        await client.until("message_ack", lambda event: event["id"] == sent["id"] and event["ack"] == 3)
        incoming = await ana.write(BETO, "qué tal")
        key = f"false_{sent['to']}_{incoming['id']}"
        await client.until("message_ciphertext", lambda event: event["id"] == key)
        assert (await client.until("message"))["body"] == "qué tal"


async def test_kinds(sandbox: RunningSandbox, tmp_path: Path, flags: list[str], chromium: str) -> None:
    ana = sandbox.phone("34600112233", "Ana")
    chat = f"{BETO}@c.us"
    async with web_js(tmp_path / "auth", flags, chromium) as client:
        await ana.scan((await client.until("qr"))["qr"])
        await client.until("ready")
        await client.call("location", to=chat, latitude=40.4, longitude=-3.7, title="Sol")
        poll = await client.call("poll", to=chat, question="When?", options=["now", "later"])
        sent = await client.call("send", to=chat, text="helo")
        await client.call("edit", id=sent["id"], text="hello")
        assert (await client.until("message_edit"))["after"] == "hello"
        await client.call("react", id=sent["id"], emoji="👍")
        place, question, text = await eventually(ana.received, lambda received: len(received) == 3)
        assert place["content"]["loc"] == "Sol"
        assert question["content"]["pollName"] == "When?"
        assert (text["text"], text["reactions"]) == ("hello", {"me": "👍"})
        await client.call("typing", id=chat)
        await eventually(ana.view, lambda view: view["chats"][0]["seen"] == "composing")

        await ana.react(BETO, text["id"], "🎉")
        reaction = await client.until("message_reaction", lambda event: event["reaction"] == "🎉")
        assert (reaction["id"], reaction["senderId"]) == (sent["id"], chat)
        await ana.vote(BETO, poll["id"].split("_")[-1], "later")
        assert (await client.until("vote_update"))["options"] == ["later"]
        await ana.call(BETO)
        assert (await client.until("call"))["from"] == chat
        wrote = await ana.write(BETO, "one")
        await client.until("message")
        await ana.edit(wrote["id"], "two")
        await client.until("message_edit", lambda event: event["after"] == "two")
        await ana.revoke(wrote["id"])
        await client.until("message_revoke_everyone", lambda event: event["id"] == f"false_{chat}_{wrote['id']}")
        await client.call("revoke", id=sent["id"])
        assert (await ana.received())[2]["revoked"]
