"""Chats, their messages and contacts over REST."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from session_core.domain.chats import ContactFacts
from session_core.services import chats as service
from session_core.store import chats
from tests.integration.api.conftest import Person
from tests.servers.api import RunningApi


@pytest.fixture
async def account(ana: Person) -> str:
    return str((await ana.account())["id"])


async def send(person: Person, account: str, to: str, text: str) -> None:
    sent = await person.program.post(f"/api/v1/accounts/{account}/messages", json={"to": to, "text": text})
    assert sent.status_code == 202, sent.text


async def pages(person: Person, path: str, **params: Any) -> list[Any]:
    """Follow the cursors to the end."""
    items: list[Any] = []
    while True:
        answer = await person.program.get(path, params={"limit": 2, **params})
        assert answer.status_code == 200, answer.text
        page = answer.json()
        items += page["items"]
        if page["nextCursor"] is None:
            return items
        assert len(page["items"]) == 2
        params["cursor"] = page["nextCursor"]


async def test_a_sent_text_makes_a_chat(ana: Person, account: str) -> None:
    for number in range(5):
        await send(ana, account, f"+3461234567{number}", f"text {number}")
    await send(ana, account, "+34612345670", "one more")
    path = f"/api/v1/accounts/{account}/chats"
    found = await pages(ana, path)
    assert [chat["lastMessage"]["text"] for chat in found] == ["one more", "text 4", "text 3", "text 2", "text 1"]
    assert found[0] | {"lastMessage": None, "lastAt": None} == {
        "id": "34612345670@c.us",
        "accountId": account,
        "kind": "user",
        "name": None,
        "phone": "34612345670",
        "unread": 0,
        "archived": False,
        "lastAt": None,
        "lastMessage": None,
    }
    one = await ana.program.get(f"{path}/34612345670@c.us")
    assert one.json() == found[0]
    assert [chat["id"] for chat in await pages(ana, path, q="345 674")] == ["34612345674@c.us"]


async def test_a_conversation_in_pages(ana: Person, account: str) -> None:
    for number in range(5):
        await send(ana, account, "+34612345678", f"text {number}")
    found = await pages(ana, f"/api/v1/accounts/{account}/chats/34612345678@c.us/messages")
    assert [message["text"] for message in found] == [f"text {number}" for number in (4, 3, 2, 1, 0)]


async def test_contacts_in_pages(ana: Person, account: str, api: RunningApi) -> None:
    people = [ContactFacts(f"3460000000{n}@c.us", name=name) for n, name in enumerate(("Zoe", "Álex", "Óscar"))]
    async with api.core.db.begin() as session:
        await chats.learn_contacts(session, UUID(account), people)
    path = f"/api/v1/accounts/{account}/contacts"
    assert [one["name"] for one in await pages(ana, path)] == ["Álex", "Óscar", "Zoe"]
    (zoe,) = await pages(ana, path, q="ZÓE")
    assert zoe == {
        "id": "34600000000@c.us",
        "accountId": account,
        "phone": "34600000000",
        "lid": None,
        "name": "Zoe",
        "pushName": None,
    }


@pytest.mark.parametrize("path", ["chats", "contacts", "chats/34612345678@c.us/messages"])
async def test_a_cursor_of_ones_own_making_is_refused(ana: Person, account: str, path: str) -> None:
    await send(ana, account, "+34612345678", "hello")
    for cursor in ("x", "WzFd", "bnVsbA"):
        answer = await ana.program.get(f"/api/v1/accounts/{account}/{path}", params={"cursor": cursor})
        assert (answer.status_code, answer.json()["code"]) == (422, "bad_cursor")


async def test_a_chat_that_is_not_there(ana: Person, account: str) -> None:
    for chat in ("34999999999@c.us", "%00", "x" * 300):
        for end in ("", "/messages"):
            answer = await ana.program.get(f"/api/v1/accounts/{account}/chats/{chat}{end}")
            assert (answer.status_code, answer.json()["code"]) == (404, "chat_not_found")


async def test_words_are_found_in_ones_own_messages(ana: Person, bob: Person, account: str) -> None:
    second = str((await ana.account("Second"))["id"])
    foreign = str((await bob.account())["id"])
    for number in range(3):
        await send(ana, account, "+34612345678", f"Tu camión {number} llega")
    await send(ana, second, "+34612345679", "CAMION perdido")
    await send(bob, foreign, "+34612345678", "otro camión")
    path = "/api/v1/messages/search"
    found = await pages(ana, path, q="camión")
    assert [message["text"] for message in found] == ["CAMION perdido", *(f"Tu camión {n} llega" for n in (2, 1, 0))]
    assert [
        one["text"] for one in await pages(ana, path, q="cami lle", accountId=account, chat="34612345678@c.us")
    ] == [f"Tu camión {n} llega" for n in (2, 1, 0)]
    assert await pages(ana, path, q="camion", accountId=second, chat="34612345678@c.us") == []
    assert await pages(ana, path, q="otro") == []
    stranger = await bob.program.get(path, params={"q": "camion", "accountId": account})
    assert (stranger.status_code, stranger.json()["code"]) == (404, "account_not_found")


@pytest.mark.parametrize("query", ["", "a", "?!", "x" * 201], ids=["nothing", "a letter", "no word", "too much"])
async def test_what_is_too_little_or_too_much_to_look_for(ana: Person, account: str, query: str) -> None:
    answer = await ana.program.get("/api/v1/messages/search", params={"q": query})
    assert answer.status_code == 422


async def test_what_is_around_a_message(ana: Person, account: str, api: RunningApi) -> None:
    for number in range(6):
        await send(ana, account, "+34612345678", f"text {number}")
    listed = (await ana.program.get(f"/api/v1/accounts/{account}/messages")).json()
    middle = UUID(listed[3]["id"])
    chat, page, newest = await service.around(api.core, UUID(ana.id), UUID(account), middle, before=2, after=2)
    assert (chat, newest) == ("34612345678@c.us", False)
    assert [message.text for message in page.items] == ["text 4", "text 3", "text 2", "text 1"]
    rest = await service.chat_messages(api.core, UUID(ana.id), UUID(account), chat, cursor=page.next_cursor)
    assert [message.text for message in rest.items] == ["text 0"]
    _, page, newest = await service.around(api.core, UUID(ana.id), UUID(account), middle, before=9, after=3)
    assert (newest, page.next_cursor, len(page.items)) == (True, None, 6)
