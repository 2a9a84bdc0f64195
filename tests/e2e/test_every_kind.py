"""Every kind of message by program, both ways: REST asks, the phone proves, and Socket.IO, webhook and REST tell it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from typing import Any
from uuid import UUID

import pytest

from session_core.core import Core
from session_core.services import limits
from tests.e2e.conftest import NewPerson
from tests.e2e.people import Person
from tests.e2e.test_media import linked
from tests.files import File, every_kind
from tests.integration.webhooks.scene import verify
from tests.servers.receiver import Receiver, running_receiver
from tests.servers.sandbox import PhoneClient, phones_of
from tests.servers.socket_client import SocketIoClient, socket_client
from tests.servers.whahook import WhaHook
from tests.waiting import eventually

SLOW = timedelta(seconds=60)
phones = count(34600447700)
"""One for each test: a phone keeps what it received."""

EVA, LEO = "34655012211", "34655012212"
CHAT = f"{EVA}@c.us"
ARRIVED = {"server", "device", "read"}
"""Statuses of a message that WhatsApp has."""

DONE = ARRIVED | {"sent"}
"""What is only done to a message gets no further than to be sent."""

PLACE = {"type": "location", "latitude": 40.4, "longitude": -3.7, "name": "Sol"}
CARD = {"type": "contact", "contacts": [{"name": "Leo", "phone": f"+{LEO}"}]}
POLL = {"type": "poll", "question": "¿Cuándo?", "options": ["hoy", "mañana"]}
VCARD = f"BEGIN:VCARD\nVERSION:3.0\nFN:Leo\nTEL;type=CELL;waid={LEO}:+{LEO}\nEND:VCARD"

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@dataclass
class Program:
    """A program of a person with a linked account, its two ways of hearing, and the phone that says what is true."""

    person: Person
    account: str
    phone: PhoneClient
    live: SocketIoClient
    receiver: Receiver
    secret: str

    async def ask(self, method: str, path: str, body: Any = None) -> Any:
        """Ask REST for something of the account; returns what it answers."""
        answer = await self.person.api.request(method, f"/api/v1/accounts/{self.account}{path}", json=body)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    async def upload(self, file: File) -> str:
        """Upload a file; returns its id."""
        answer = await self.person.api.post("/api/v1/media", files={"file": (file.name, file.content)})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    async def bytes_of(self, media_id: str) -> bytes:
        """Return a file as REST gives it."""

        async def there() -> bytes | None:
            answer = await self.person.api.get(f"/api/v1/media/{media_id}/file", follow_redirects=True)
            return answer.content if answer.is_success else None

        return await eventually(there, SLOW, "the file")

    async def hears(self, fits: Callable[[dict[str, Any]], object], what: str) -> dict[str, Any]:
        """Wait for a message on Socket.IO, as it is told then."""

        def told() -> dict[str, Any] | None:
            messages = (heard.data["message"] for heard in self.live.heard if heard.name == "whatsapp:message")
            return next((message for message in messages if fits(message)), None)

        return await eventually(told, SLOW, f"Socket.IO tells of {what}")

    async def is_sent(self, event: str, fits: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
        """Wait for an event at the webhook, signed with our secret; returns what it is about."""

        def told() -> dict[str, Any] | None:
            events = (verify(got, self.secret) for got in self.receiver.taken)
            return next((one["data"] for one in events if one["type"] == event and fits(one["data"])), None)

        return await eventually(told, SLOW, f"the webhook is sent {event}")

    async def went_out(self, accepted: dict[str, Any], far_enough: set[str] = ARRIVED) -> None:
        """Wait until a message of ours is told to be out, in all three ways."""

        async def is_out() -> dict[str, Any] | None:
            found: dict[str, Any] = await self.ask("GET", f"/messages/{accepted['id']}")
            assert found["status"] not in {"failed", "unknown"}, found
            return found if found["status"] in far_enough else None

        await eventually(is_out, SLOW, f"{accepted['kind']} is out")
        told = await self.hears(
            lambda message: message["id"] == accepted["id"] and message["status"] in far_enough, accepted["kind"]
        )
        assert told["kind"] == accepted["kind"]
        hooked = await self.is_sent("message.sent", lambda data: data["id"] == accepted["id"])
        assert hooked["kind"] == accepted["kind"]

    async def came_in(self, kind: str, text: str) -> dict[str, Any]:
        """Wait until a message that came in is told in all three ways; returns it as REST has it."""
        told = await self.hears(
            lambda message: (message["direction"], message["kind"], message["text"]) == ("in", kind, text), kind
        )
        hooked = await self.is_sent("message.received", lambda data: data["id"] == told["id"])
        assert (hooked["kind"], hooked["text"]) == (kind, text)
        shown: dict[str, Any] = await self.ask("GET", f"/messages/{told['id']}")
        assert (shown["kind"], shown["text"], shown["from"]) == (kind, text, told["from"])
        return shown


@pytest.fixture
async def program(new_person: NewPerson, whahook: WhaHook, core: Core) -> AsyncIterator[Program]:
    """A program whose account may send as much as it likes."""
    person = await new_person()
    async with phones_of(whahook.sandbox_url) as sandbox, running_receiver() as receiver:
        phone = sandbox.phone(str(next(phones)))
        account = await linked(person, sandbox.client, phone.number)
        await limits.limit_account(core, UUID(account), 100)
        await limits.limit_user(core, person.email, 100)
        made = await person.api.post("/api/v1/webhooks", json={"url": receiver.url()})
        key = (await person.api.post("/api/v1/api-keys", json={"name": "shop"})).json()["key"]
        async with socket_client(whahook.url, api_key=key) as live:
            await live.next("connect")
            yield Program(person, account, phone, live, receiver, made.json()["secret"])


async def test_every_kind_goes_out(program: Program) -> None:
    first = await program.phone.write(EVA, "Hola", name="Eva")
    asked = await program.came_in("text", "Hola")
    words = {"text": f"Buenas, @{LEO}", "mentions": [LEO], "quotedId": asked["waMessageId"]}
    for body in (words, PLACE, CARD, POLL):
        await program.went_out(await program.ask("POST", "/messages", {"to": EVA, **body}))
    assert [one["times"] for one in await program.phone.received()] == [1] * 4
    text, place, card, poll = await program.phone.received()
    assert (text["text"], text["quotedId"]) == (words["text"], first["id"])
    assert (place["type"], place["content"]["lat"], place["content"]["loc"]) == ("location", 40.4, "Sol")
    assert LEO in card["content"]["body"]
    assert poll["type"] == "poll_creation"

    for file in every_kind():
        body = {"to": EVA, "type": file.kind, "mediaId": await program.upload(file)}
        await program.went_out(await program.ask("POST", "/messages", body))
        got = (await program.phone.received())[-1]
        assert (got["type"], got["times"]) == (file.wa_type, 1)
        assert await program.phone.file(got["id"]) == file.content


async def test_what_is_done_to_messages_goes_out(program: Program) -> None:
    await program.phone.write(EVA, "Hola", name="Eva")
    heard = await program.came_in("text", "Hola")
    accepted = await program.ask("POST", "/messages", {"to": EVA, "text": "Hasta las dos"})
    await program.went_out(accepted)
    ours = f"/messages/{accepted['id']}"

    await program.went_out(await program.ask("PUT", f"/messages/{heard['id']}/reaction", {"emoji": "👍"}), DONE)
    await program.hears(lambda message: message["id"] == heard["id"] and message["reactions"], "our reaction")
    await program.is_sent("message.reaction", lambda data: data["messageId"] == heard["id"] and data["fromMe"])
    await program.went_out(await program.ask("PUT", f"{ours}/text", {"text": "Hasta las tres"}), DONE)
    await program.hears(lambda message: message["id"] == accepted["id"] and message["editedAt"], "our edit")
    await program.is_sent("message.edited", lambda data: data["id"] == accepted["id"])
    await program.went_out(await program.ask("POST", f"{ours}/revoke"), DONE)
    await program.hears(lambda message: message["id"] == accepted["id"] and message["revokedAt"], "our deletion")
    await program.is_sent("message.revoked", lambda data: data["id"] == accepted["id"])
    [sent] = await program.phone.received()
    assert (sent["edits"], sent["revoked"]) == (["Hasta las dos"], True)

    await program.ask("POST", f"/chats/{CHAT}/read")
    await program.ask("POST", f"/chats/{CHAT}/state", {"state": "typing", "seconds": 1})
    [chat] = (await program.phone.view())["chats"]
    assert chat["messages"][0]["reactions"] == {"me": "👍"}
    assert chat["messages"][0]["ack"] == 3, "it was read"


async def test_every_kind_comes_in(program: Program) -> None:
    phone = program.phone
    first = await phone.write(EVA, "Hola", name="Eva")
    hello = await program.came_in("text", "Hola")
    answer = await phone.write(EVA, "¿Estás?", quotedId=first["id"])
    assert (await program.came_in("text", "¿Estás?"))["quotedId"] == hello["waMessageId"]
    await phone.write(EVA, "", type="location", content={"lat": 40.4, "lng": -3.7, "loc": "Sol"})
    place = await program.came_in("location", "Sol")
    assert (place["content"]["latitude"], place["content"]["longitude"]) == (40.4, -3.7)
    await phone.write(EVA, "", type="vcard", content={"body": VCARD, "vcardFormattedName": "Leo"})
    assert (await program.came_in("contact", "Leo"))["content"]["contacts"][0]["name"] == "Leo"
    await phone.write(
        EVA,
        "",
        type="poll_creation",
        content={"pollName": "¿Vienes?", "pollOptions": [{"name": "sí", "localId": 0}, {"name": "no", "localId": 1}]},
    )
    assert (await program.came_in("poll", "¿Vienes?\nsí\nno"))["content"]["options"] == ["sí", "no"]
    group = await phone.group("Familia", EVA, LEO)
    await phone.write(LEO, "A todos", group=group)
    assert (await program.came_in("text", "A todos"))["from"].startswith(LEO)

    for file in every_kind():
        await phone.send_file(EVA, file.content, file.mime, type=file.wa_type, filename=file.name)
        told = await program.hears(
            lambda message, kind=file.kind: (message["direction"], message["kind"]) == ("in", kind), file.kind
        )
        await program.is_sent("message.received", lambda data, told=told: data["id"] == told["id"])
        [media] = [
            one for one in (await program.person.api.get("/api/v1/media")).json() if one["messageId"] == told["id"]
        ]
        assert await program.bytes_of(media["id"]) == file.content

    await _contacts_act(program, first["id"], answer["id"])


async def _contacts_act(program: Program, first: str, answer: str) -> None:
    phone = program.phone
    await phone.react(EVA, first, "🎉")
    reacted = await program.hears(lambda message: message["text"] == "Hola" and message["reactions"], "a reaction")
    await program.is_sent("message.reaction", lambda data: data["messageId"] == reacted["id"])
    await phone.edit(answer, "¿Estás ahí?")
    edited = await program.hears(lambda message: message["text"] == "¿Estás ahí?", "an edit")
    await program.is_sent("message.edited", lambda data: data["id"] == edited["id"])
    await phone.revoke(answer)
    await program.hears(lambda message: message["id"] == edited["id"] and message["revokedAt"], "a deletion")
    await program.is_sent("message.revoked", lambda data: data["id"] == edited["id"])

    poll = await program.ask("POST", "/messages", {"to": EVA, **POLL})
    await program.went_out(poll)
    await phone.vote(EVA, (await phone.received())[-1]["id"], "hoy")
    await program.hears(lambda message: message["id"] == poll["id"] and message["votes"], "a vote")
    await program.is_sent("poll.vote", lambda data: data["messageId"] == poll["id"])

    await program.ask("POST", f"/chats/{CHAT}/presence")
    await phone.presence(EVA, "composing")
    assert (await program.live.next("whatsapp:presence", SLOW)).data["state"] == "typing"
    await phone.call(EVA, video=True)
    assert (await program.live.next("whatsapp:call", SLOW)).data["video"] is True
    await program.is_sent("call.received", lambda data: data["video"])
