from __future__ import annotations

import asyncio
from datetime import datetime
from uuid import UUID, uuid4

from session_core.clock import utcnow
from session_core.domain.message import Direction, MessageStatus
from session_core.store import messages as message_store
from session_core.store.models import Message
from tests.integration.api.conftest import Person
from tests.servers.api import RunningApi

HELLO = {"to": "+34 612 34 56 78", "text": "hello"}


async def path_of_messages(person: Person) -> str:
    return f"/api/v1/accounts/{(await person.account())['id']}/messages"


async def test_a_text_is_accepted_and_can_be_looked_up(ana: Person) -> None:
    path = await path_of_messages(ana)
    answer = await ana.program.post(path, json=HELLO, headers={"Idempotency-Key": "order-1"})
    assert answer.status_code == 202
    message = answer.json()
    assert (message["status"], message["direction"]) == ("queued", "out")
    assert message["to"] == message["chatId"] == "34612345678@c.us"
    assert (message["text"], message["from"]) == ("hello", None)
    assert datetime.fromisoformat(message["createdAt"]).tzinfo is not None
    assert (await ana.program.get(f"{path}/{message['id']}")).json() == message
    assert (await ana.browser.get(path)).json() == [message]


async def test_the_same_idempotency_key_brings_the_same_message_back(ana: Person) -> None:
    path = await path_of_messages(ana)
    headers = {"Idempotency-Key": "order-1"}
    answers = await asyncio.gather(*(ana.program.post(path, json=HELLO, headers=headers) for _ in range(8)))
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert [answer.headers.get("idempotent-replayed") for answer in answers].count("true") == 7
    assert len((await ana.program.get(path)).json()) == 1

    other = await ana.program.post(path, json={**HELLO, "text": "other"}, headers=headers)
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_key_reused")
    assert other.json()["existingId"] == answers[0].json()["id"]


async def test_a_duplicate_names_the_first_and_can_be_forced(ana: Person) -> None:
    path = await path_of_messages(ana)
    first = (await ana.program.post(path, json=HELLO)).json()
    again = await ana.program.post(path, json={**HELLO, "text": " HELLO "})
    assert (again.status_code, again.json()["code"]) == (409, "duplicate_message")
    assert again.json()["existingId"] == first["id"]
    assert again.json()["action"]
    forced = await ana.program.post(path, json={**HELLO, "force": True})
    assert forced.status_code == 202
    assert forced.json()["id"] != first["id"]


KINDS: list[tuple[dict[str, object], str]] = [
    ({"type": "text", "text": "hello @34600111222", "mentions": ["34600111222"]}, "hello @34600111222"),
    ({"type": "location", "latitude": 40.4, "longitude": -3.7, "name": "Sol"}, "Sol"),
    ({"type": "contact", "contacts": [{"name": "Eva", "phone": "+34 611 00 00 01"}]}, "Eva"),
    ({"type": "poll", "question": "When?", "options": ["today", "tomorrow"]}, "When?\ntoday\ntomorrow"),
]


async def test_every_kind_is_accepted_and_shown_as_it_was_sent(ana: Person) -> None:
    path = await path_of_messages(ana)
    for said, text in KINDS:
        answer = await ana.program.post(path, json={"to": HELLO["to"], **said})
        assert answer.status_code == 202, answer.text
        message = answer.json()
        assert (message["kind"], message["text"]) == (said["type"], text)
        assert message["content"].items() >= {name: value for name, value in said.items() if name != "contacts"}.items()
        assert (await ana.program.get(f"{path}/{message['id']}")).json() == message
        again = await ana.program.post(path, json={"to": HELLO["to"], **said})
        assert (again.status_code, again.json()["code"]) == (409, "duplicate_message")


async def test_who_is_mentioned_is_written_as_whatsapp_does(ana: Person) -> None:
    path = await path_of_messages(ana)
    mentions = ["+34 600 111 222", "0034600111223", "34600111224@s.whatsapp.net", "1000001@lid"]
    sent = await ana.program.post(path, json={**HELLO, "mentions": mentions})
    said = sent.json()["content"]["mentions"]
    assert said == ["34600111222", "34600111223", "34600111224@c.us", "1000001@lid"]


BAD_MESSAGES: list[tuple[dict[str, object], str]] = [
    ({**HELLO, "to": "12"}, "bad_phone"),
    ({**HELLO, "to": "someone@example.org"}, "bad_recipient"),
    ({**HELLO, "text": "   "}, "bad_text"),
    ({**HELLO, "text": "a\x00b"}, "bad_text"),
    ({**HELLO, "text": "x" * 65_537}, "invalid_request"),
    ({**HELLO, "text": 5}, "invalid_request"),
    ({"to": "34612345678"}, "invalid_request"),
    ({**HELLO, "forse": True}, "invalid_request"),
    ({**HELLO, "mentions": ["Eva"]}, "bad_mention"),
    ({**HELLO, "quotedId": "nonsense"}, "bad_quoted_id"),
    ({**HELLO, "mentions": ["120363000000000001@g.us"]}, "bad_mention"),
    ({**HELLO, "type": "fax"}, "invalid_request"),
    ({**HELLO, "type": ["text"]}, "invalid_request"),
    ({**HELLO, "type": "revoke", "targetId": "true_1@c.us_A"}, "invalid_request"),
    ({"to": "34612345678", "type": "location", "latitude": 91, "longitude": 0}, "invalid_request"),
    ({"to": "34612345678", "type": "poll", "question": "q", "options": ["a", "a"]}, "invalid_request"),
    ({"to": "34612345678", "type": "poll", "question": "q", "options": ["a", "b\x00"]}, "bad_text"),
    ({"to": "34612345678", "type": "image"}, "no_media"),
]


async def test_bad_messages(ana: Person) -> None:
    path = await path_of_messages(ana)
    for body, code in BAD_MESSAGES:
        answer = await ana.program.post(path, json=body)
        assert (answer.status_code, answer.json()["code"]) == (422, code), code
    for key in ("", "x" * 201, "a\tb"):
        answer = await ana.program.post(path, json=HELLO, headers={"Idempotency-Key": key})
        assert answer.status_code == 422, key
    assert (await ana.program.get(path)).json() == []


async def test_text_that_is_no_unicode_is_refused(ana: Person) -> None:
    path = await path_of_messages(ana)
    body = b'{"to": "34612345678", "text": "half a pair \\ud83d"}'
    answer = await ana.program.post(path, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422


async def test_the_longest_text_fits_however_it_is_written(ana: Person) -> None:
    path = await path_of_messages(ana)
    escaped = "\\ud83d\\ude00" * 65_536
    body = f'{{"to": "34612345678", "text": "{escaped}"}}'
    answer = await ana.program.post(path, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 202, answer.text
    assert answer.json()["text"] == "😀" * 65_536


async def test_pages_of_messages(ana: Person) -> None:
    path = await path_of_messages(ana)
    for number in range(5):
        await ana.program.post(path, json={**HELLO, "text": f"number {number}"})
    first = (await ana.program.get(path, params={"limit": 2})).json()
    second = (await ana.program.get(path, params={"limit": 2, "before": first[-1]["id"]})).json()
    assert [message["text"] for message in first + second] == ["number 4", "number 3", "number 2", "number 1"]
    assert (await ana.program.get(path, params={"before": str(uuid4())})).status_code == 404
    for bad in ({"limit": 0}, {"limit": 201}, {"before": "x"}, {"direction": "up"}, {"chat": "a\x00"}):
        assert (await ana.program.get(path, params=bad)).status_code == 422, bad


async def test_what_came_in_says_who_wrote_it(ana: Person, api: RunningApi) -> None:
    account = await ana.account()
    path = f"/api/v1/accounts/{account['id']}/messages"
    now = utcnow()
    row = Message(
        account_id=UUID(str(account["id"])),
        direction=Direction.IN,
        chat_id="34699999999@c.us",
        sender_name="Eva",
        text="hi",
        content_hash="",
        status=MessageStatus.RECEIVED,
        status_rank=MessageStatus.RECEIVED.rank,
        wa_key="3EB0AA",
        wa_message_id="false_34699999999@c.us_3EB0AA",
        created_at=now,
        updated_at=now,
    )
    async with api.core.db.begin() as session:
        assert await message_store.add_once(session, row)
    await ana.program.post(path, json=HELLO)
    (came_in,) = (await ana.program.get(path, params={"direction": "in"})).json()
    assert (came_in["from"], came_in["to"], came_in["senderName"]) == ("34699999999@c.us", None, "Eva")
    assert came_in["status"] == "received"
    assert len((await ana.program.get(path, params={"chat": "34699999999@c.us"})).json()) == 1
