"""Conversations, as people use them: live, by keyboard, back to where they were."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, expect

from session_core.clock import utcnow
from session_core.core import Core
from session_core.domain.chats import ChatFacts, ContactFacts
from session_core.domain.events import MessageChanged
from session_core.domain.message import Direction, MessageStatus
from session_core.store import chats, messages
from tests.e2e.conftest import NewPerson
from tests.e2e.people import Person
from tests.factories import message

ANA = "34612345678@c.us"
GROUP = "120363000000000001@g.us"


async def hear(core: Core, person: Person, account: str, text: str, minutes_ago: float = 0, **fields: Any) -> None:
    """Store a message as a host does, and tell it."""
    values = {
        "direction": Direction.IN,
        "status": MessageStatus.RECEIVED,
        "chat_id": ANA,
        "created_at": utcnow() - timedelta(minutes=minutes_ago),
        "wa_message_id": f"false_{ANA}_{text}",
        **fields,
    }
    row = message(UUID(account), text=text, **values)
    async with core.db.begin() as session:
        await messages.add(session, row)
        await chats.note(session, row)
    user_id = UUID((await person.api.get("/api/v1/auth/me")).json()["id"])
    await core.publisher.publish(MessageChanged(user_id=user_id, message=messages.view(row)))


async def open_chat(page: Page, chat: str) -> None:
    await page.locator(f'[data-chat="{chat}"]').click()
    await expect(page.locator(".wh-conversation h2")).to_be_visible()


async def test_a_conversation_grows_while_one_looks(new_person: NewPerson, core: Core) -> None:
    person = await new_person()
    account = await person.account("Tienda")
    await hear(core, person, account, "Hola", 2)
    async with core.db.begin() as session:
        await chats.learn_contacts(session, UUID(account), [ContactFacts(ANA, name="Ana López")])
    page = await person.open("/messages")
    line = page.locator(f'[data-chat="{ANA}"]')
    await expect(line).to_contain_text("Ana López")
    await expect(line).to_contain_text("1 sin leer")
    await open_chat(page, ANA)
    await hear(core, person, account, "¿Está abierto?")
    bubbles = page.locator(".wh-bubble")
    await expect(bubbles).to_contain_text(["Hola", "¿Está abierto?"])
    await expect(line).to_contain_text("¿Está abierto?")

    # Answered by keyboard: the button of the message, a text of two lines, Enter.
    await page.get_by_role("button", name="Responder").last.focus()
    await page.keyboard.press("Enter")
    field = page.get_by_label("Escribe un mensaje")
    await expect(field).to_be_focused()
    await page.keyboard.type("Sí")
    await page.keyboard.press("Shift+Enter")
    await page.keyboard.type("hasta las dos")
    await page.keyboard.press("Enter")
    answer = bubbles.nth(2)
    await expect(answer).to_contain_text("hasta las dos")
    await expect(answer.locator("blockquote")).to_contain_text("¿Está abierto?")
    await expect(answer).to_contain_text("En cola")
    await expect(field).to_have_value("")
    stored = (await person.api.get(f"/api/v1/accounts/{account}/chats/{ANA}/messages")).json()["items"]
    assert (stored[0]["text"], stored[0]["quotedId"]) == ("Sí\nhasta las dos", f"false_{ANA}_¿Está abierto?")

    # A reload comes back to the same conversation, and nothing in it is out of a screen reader's reach.
    await page.reload()
    await expect(page.locator(".wh-bubble")).to_have_count(3)
    found = await Axe().run(page)
    assert [violation["id"] for violation in found.response["violations"]] == []


async def test_older_messages_come_when_one_scrolls_up(new_person: NewPerson, core: Core) -> None:
    person = await new_person()
    account = await person.account("Tienda")
    rows = [
        message(
            UUID(account),
            text=f"mensaje {number}",
            direction=Direction.IN,
            status=MessageStatus.RECEIVED,
            created_at=utcnow() - timedelta(minutes=200 - number),
            wa_message_id=f"false_{ANA}_{number}",
        )
        for number in range(90)
    ]
    async with core.db.begin() as session:
        for row in rows:
            await messages.add(session, row)
        await chats.note(session, rows[-1])
    page = await person.open("/messages")
    await open_chat(page, ANA)
    bubbles = page.locator(".wh-bubble")
    await expect(bubbles).to_have_count(40)
    await expect(bubbles.last).to_be_in_viewport()
    await page.locator(".wh-log").evaluate("(log) => log.scrollTo(0, -log.scrollHeight)")
    await expect(bubbles).to_have_count(80)
    await page.locator(".wh-log").evaluate("(log) => log.scrollTo(0, -log.scrollHeight)")
    await expect(bubbles).to_have_count(90)
    await expect(bubbles.first).to_contain_text("mensaje 0")
    found = page.locator("[data-hit]")
    await page.get_by_role("searchbox").fill("MENSAJE 3")
    await expect(found).to_have_count(11)
    await found.last.click()
    await expect(page.locator("[data-found] .wh-bubble")).to_contain_text("mensaje 3")
    await expect(page.locator("[data-found]")).to_be_in_viewport()
    await expect(page.locator(".wh-day:visible")).to_have_count(len({row.created_at.date() for row in rows}))


async def test_a_phone_shows_the_list_or_the_conversation(new_person: NewPerson, core: Core) -> None:
    person = await new_person(viewport={"width": 390, "height": 780}, locale="en-GB")
    account = await person.account("Shop")
    await hear(core, person, account, "Who goes?", chat_id=GROUP, author=ANA, wa_message_id="false_g_1")
    async with core.db.begin() as session:
        await chats.learn_chats(session, UUID(account), [ChatFacts(GROUP, name="Riders", unread=1)])
    page = await person.open("/messages")
    await expect(page.locator(".wh-conversation")).to_be_hidden()
    await open_chat(page, GROUP)
    await expect(page.get_by_role("navigation", name="Conversations")).to_be_hidden()
    await expect(page.locator(".wh-bubble")).to_contain_text("+34 612 34 56 78")
    await page.get_by_role("button", name="Back to the conversations").click()
    await expect(page.locator(f'[data-chat="{GROUP}"]')).to_be_visible()

    # A number that nobody has written to yet.
    await page.get_by_role("searchbox").fill("+34 699 11 22 33")
    await page.get_by_role("button", name="Write to +34 699 11 22 33").click()
    await page.get_by_label("Write a message").fill("Hello")
    await page.get_by_role("button", name="Send").click()
    await expect(page.locator(".wh-bubble")).to_contain_text("Hello")

    # Everything of that person goes, after a question.
    await page.get_by_role("button", name="More about the conversation").click()
    await page.get_by_role("menuitem", name="Erase this person").click()
    await page.get_by_role("button", name="Erase for good").click()
    await expect(page.get_by_role("navigation", name="Conversations")).to_be_visible()
    left = (await person.api.get(f"/api/v1/accounts/{account}/messages")).json()
    assert [one["text"] for one in left] == ["Who goes?"]


async def test_a_link_to_another_account_opens_that_one(new_person: NewPerson, core: Core) -> None:
    person = await new_person()
    shop, support = await person.account("Tienda"), await person.account("Soporte")
    await hear(core, person, shop, "Hola")
    page = await person.open(f"/messages?account={shop}&chat={ANA}")
    await expect(page.locator(".wh-bubble")).to_have_count(1)
    await person.open(f"/messages?account={support}")
    await expect(page.locator("#account")).to_have_value(support)
    await expect(page.locator(".wh-bubble")).to_have_count(0)
    await expect(page.get_by_text("Todavía no hay conversaciones")).to_be_visible()
