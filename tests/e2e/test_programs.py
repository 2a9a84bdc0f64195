"""The whole way of a program: REST and socket.io-client, on another WhatsApp Web than the sandbox that WhaHook runs.

The stand-in is served as ``https://web.whatsapp.com`` by a process that WhaHook knows nothing of; only the settings for
it are used, and WhaHook's own sandbox is off.
"""

from __future__ import annotations

import shlex
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.servers.sandbox import PhoneClient, RunningSandbox, running_sandbox
from tests.servers.socket_client import SocketIoClient, socket_client
from tests.servers.whahook import WhaHook, running_whahook
from tests.waiting import eventually

SLOW = timedelta(seconds=60)
CONTACT = "34655012233"


@dataclass
class Program:
    """A program with a key of its own."""

    whahook: WhaHook
    rest: httpx.AsyncClient
    live: SocketIoClient
    account: dict[str, Any]

    async def get(self, path: str = "") -> Any:
        """GET something of the account."""
        return (await self.rest.get(f"/api/v1/accounts/{self.account['id']}{path}")).raise_for_status().json()

    async def send(self, text: str, key: str) -> httpx.Response:
        """Ask for a text to be sent."""
        return await self.rest.post(
            f"/api/v1/accounts/{self.account['id']}/messages",
            json={"to": f"+{CONTACT}", "text": text},
            headers={"Idempotency-Key": key},
        )

    async def reaches(self, message_id: str, status: str) -> None:
        """Wait until a message is that far."""

        async def far_enough() -> bool:
            return (await self.get(f"/messages/{message_id}"))["status"] == status

        await eventually(far_enough, SLOW, f"the message is {status}")


@pytest.fixture(params=["legacy", "bridge"])
async def stand_in(request: pytest.FixtureRequest) -> AsyncIterator[RunningSandbox]:
    """A WhatsApp Web of either generation that WhaHook does not run itself."""
    async with running_sandbox() as running:
        await running.config(generation=request.param)
        yield running


@pytest.fixture
def whahook(stand_in: RunningSandbox, tmp_path: Path) -> Any:
    """WhaHook with nothing but the two settings for another WhatsApp Web."""
    env = {
        "WHAHOOK_SANDBOX": "off",
        "WHAHOOK_WHATSAPP_URL": "https://web.whatsapp.com/",
        "WHAHOOK_CHROMIUM_ARGS": shlex.join(stand_in.chromium_args),
    }
    with running_whahook(tmp_path / "data", env) as running:
        yield running


@pytest.fixture
async def program(whahook: WhaHook) -> AsyncIterator[Program]:
    """A program of a new user, with a live account."""
    async with httpx.AsyncClient(base_url=whahook.url, timeout=30, trust_env=False) as rest:
        person = {"email": f"{uuid4().hex}@example.com", "password": uuid4().hex, "name": "Ana"}
        assert (await rest.post("/api/v1/auth/sign-up", json=person)).status_code == 201
        made = await rest.post("/api/v1/api-keys", json={"name": "shop"}, headers={"Origin": whahook.url})
        key = made.raise_for_status().json()["key"]
        rest.cookies.clear()
        rest.headers["X-API-Key"] = key
        account = (await rest.post("/api/v1/accounts", json={"name": "Tienda", "kind": "live"})).raise_for_status()
        async with socket_client(whahook.url, api_key=key) as live:
            await live.next("connect")
            yield Program(whahook, rest, live, account.json())


async def linked(program: Program, phone: PhoneClient) -> None:
    """Connect the account over Socket.IO and scan its code."""
    answer = await program.live.emit("whatsapp:create", {"accountId": program.account["id"]})
    assert answer["ok"]
    shown = await program.live.next("whatsapp:qr", SLOW)
    assert shown.data["sessionId"] == program.account["sessionId"]
    await phone.scan(shown.data["qr"])
    ready = await program.live.next("whatsapp:ready", SLOW)
    assert ready.data == {"sessionId": program.account["sessionId"], "phoneNumber": phone.number}


async def other_kinds(program: Program, phone: PhoneClient, text_id: str) -> None:
    """A place goes out and is reacted to; the text that went out before is edited, reacted to and taken back."""
    messages = f"/api/v1/accounts/{program.account['id']}/messages"
    place = {"to": CONTACT, "type": "location", "latitude": 40.4, "longitude": -3.7, "name": "Sol"}
    accepted = (await program.rest.post(messages, json=place)).raise_for_status().json()
    changes = [
        ("PUT", "text", {"text": "Tu pedido va de camino"}),
        ("PUT", "reaction", {"emoji": "👍"}),
        ("POST", "revoke", None),
    ]
    for method, what, body in changes:
        asked = await program.rest.request(method, f"{messages}/{text_id}/{what}", json=body)
        assert asked.status_code == 202, asked.text
        await program.reaches(asked.json()["id"], "sent")
    text, sent = await phone.received()
    assert (text["edits"], text["reactions"], text["revoked"]) == (["Tu pedido está listo"], {"me": "👍"}, True)
    assert (sent["type"], sent["content"]["loc"]) == ("location", "Sol")

    await phone.react(CONTACT, sent["id"], "🎉")
    while not (told := (await program.live.next("whatsapp:message", SLOW)).data["message"])["reactions"]:
        continue
    while told["id"] != accepted["id"] or not told["reactions"]:
        told = (await program.live.next("whatsapp:message", SLOW)).data["message"]
    assert [one["emoji"] for one in told["reactions"]] == ["🎉"]
    shown = await program.get(f"/messages/{text_id}")
    assert (shown["text"], bool(shown["revokedAt"])) == ("", True)
    versions = await program.get(f"/messages/{text_id}/versions")
    assert [one["text"] for one in versions] == ["Tu pedido está listo", "Tu pedido va de camino"]
    assert (await program.get(f"/numbers/{CONTACT}"))["exists"] is True


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_a_program_goes_the_whole_way(program: Program, stand_in: RunningSandbox) -> None:
    phone = stand_in.phone("34600112233", "Ana")
    await linked(program, phone)

    accepted = await program.send("Tu pedido está listo", "order-1")
    assert accepted.status_code == 202
    await program.reaches(accepted.json()["id"], "read")
    assert (await program.send("Tu pedido está listo", "order-1")).json()["id"] == accepted.json()["id"]
    refused = await program.send("tu pedido  está LISTO", "order-2")
    assert (refused.status_code, refused.json()["existingId"]) == (409, accepted.json()["id"])

    await phone.write(CONTACT, "Voy para allá")

    async def came_in() -> Any:
        return [one for one in await program.get("/messages") if one["direction"] == "in"]

    assert [one["text"] for one in await eventually(came_in, SLOW)] == ["Voy para allá"]

    await other_kinds(program, phone, accepted.json()["id"])
    program.whahook.kill("host")
    await program.live.next("whatsapp:ready", SLOW)
    again = await program.send("Y otro más", "order-3")
    await program.reaches(again.json()["id"], "read")
    assert "whatsapp:qr" not in program.live.names()[2:], "the login survived"
    received = await phone.received()
    assert [(one["text"], one["times"]) for one in received] == [("", 1), ("", 1), ("Y otro más", 1)]

    await phone.unlink()
    ended = await program.live.next("whatsapp:disconnected", SLOW)
    while ended.data["reason"] != "unlinked":
        ended = await program.live.next("whatsapp:disconnected", SLOW)
    state = await program.get()
    assert (state["status"], state["phase"], state["reasonCode"]) == ("disconnected", "action_required", "unlinked")
