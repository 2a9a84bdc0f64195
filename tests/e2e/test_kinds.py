"""Everything that a conversation can hold, sent and shown on the page; the phone says what really arrived."""

from __future__ import annotations

from typing import Any

import httpx
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Locator, Page, expect

from tests.e2e.conftest import NewPerson
from tests.e2e.test_media import CHAT, CONTACT, SLOW, SLOW_MS, linked
from tests.servers.whahook import WhaHook
from tests.waiting import eventually

PHONE = "34600445577"


async def test_a_conversation_of_every_kind(new_person: NewPerson, whahook: WhaHook) -> None:
    person = await new_person()
    async with httpx.AsyncClient(base_url=whahook.sandbox_url, timeout=20, trust_env=False) as sandbox:
        await linked(person, sandbox, PHONE)
        await sandbox.post("/phone/messages", json={"phone": PHONE, "from": CONTACT, "text": "Hola", "name": "Luis"})
        page = await person.open("/messages")
        line = page.locator(f'[data-chat="{CHAT}"]')
        await line.click(timeout=SLOW_MS)
        heard = page.locator(".wh-bubbles > li").filter(has_text="Hola")
        await expect(heard).to_be_visible()
        # Who looks at it has read it, here and on the phone.
        await expect(line.locator(".wh-unread")).to_have_count(0, timeout=SLOW_MS)
        await on_phone(sandbox, "Hola", lambda message: message["ack"] == 3)

        await _place_card_and_poll(page, sandbox)
        await _changes(page, sandbox, heard)
        found = await Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa"]})
        assert found.violations_count == 0, found.generate_report()


async def _place_card_and_poll(page: Page, sandbox: httpx.AsyncClient) -> None:
    dialog = await attach(page, "Ubicación")
    await dialog.get_by_label("Coordenadas").fill("en el centro")
    await dialog.get_by_role("button", name="Enviar").click()
    await expect(dialog.get_by_role("alert")).to_contain_text("latitud y longitud")
    await dialog.get_by_label("Coordenadas").fill("40.4168, -3.7038")
    await dialog.get_by_label("Nombre").fill("Sol")
    await dialog.get_by_role("button", name="Enviar").click()
    await expect(dialog).to_have_count(0)
    link = page.locator('[data-kind="location"]').get_by_role("link")
    await expect(link).to_have_attribute(
        "href", "https://www.openstreetmap.org/?mlat=40.4168&mlon=-3.7038#map=16/40.4168/-3.7038"
    )

    dialog = await attach(page, "Contacto")
    await dialog.get_by_label("Nombre").fill("Marta")
    await dialog.get_by_label("Número").fill("+34 611 22 33 44")
    await dialog.get_by_role("button", name="Enviar").click()
    await expect(page.locator('[data-kind="contact"]')).to_contain_text("+34 611 22 33 44")

    dialog = await attach(page, "Encuesta")
    await dialog.get_by_label("Pregunta").fill("¿Cuándo?")
    await dialog.get_by_label("Opción 1").fill("hoy")
    await dialog.get_by_label("Opción 2").fill("mañana")
    await dialog.get_by_role("button", name="Enviar").click()
    await expect(page.locator(".wh-poll")).to_contain_text("0 personas han votado")

    location = await on_phone(sandbox, "location")
    assert (location["content"]["lat"], location["content"]["lng"]) == (40.4168, -3.7038)
    assert "34611223344" in (await on_phone(sandbox, "vcard"))["content"]["body"]
    poll = await on_phone(sandbox, "poll_creation")
    await sandbox.post("/phone/vote", json={"phone": PHONE, "from": CONTACT, "id": poll["id"], "options": ["hoy"]})
    await expect(page.locator('[data-option="hoy"]')).to_contain_text("Luis", timeout=SLOW_MS)
    await expect(page.locator(".wh-poll")).to_contain_text("1 persona ha votado")


async def _changes(page: Page, sandbox: httpx.AsyncClient, heard: Locator) -> None:
    await choose(heard, "Reaccionar: corazón")
    await on_phone(sandbox, "Hola", lambda message: bool(message["reactions"].get("me")))
    await expect(heard.locator(".wh-reactions")).to_contain_text("Tú")

    await page.get_by_label("Escribe un mensaje").fill("Hasta las dos")
    await page.keyboard.press("Enter")
    ours = page.locator(".wh-bubbles > li").filter(has_text="Hasta las")
    await on_phone(sandbox, "Hasta las dos", lambda message: message["ack"] == 3)
    await choose(ours, "Editar")
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Mensaje").fill("Hasta las tres")
    await dialog.get_by_role("button", name="Guardar").click()
    await expect(ours).to_contain_text("editado", timeout=SLOW_MS)
    await on_phone(sandbox, "Hasta las tres")

    await choose(ours, "Eliminar para todos")
    await page.get_by_role("alertdialog").get_by_role("button", name="Eliminar para todos").click()
    await expect(page.get_by_role("log").get_by_text("Mensaje eliminado")).to_be_visible(timeout=SLOW_MS)


async def attach(page: Page, kind: str) -> Locator:
    """Open the dialog of a kind."""
    await page.get_by_role("button", name="Adjuntar").click()
    await page.get_by_role("menuitem", name=kind).click()
    return page.get_by_role("dialog")


async def choose(message: Locator, item: str) -> None:
    """Choose something from a message's menu; it is there once WhatsApp has the message."""
    await message.get_by_role("button", name="Más opciones del mensaje").click(timeout=SLOW_MS)
    await message.page.get_by_role("menuitem", name=item).click()


async def on_phone(sandbox: httpx.AsyncClient, wanted: str, fits: Any = lambda _message: True) -> Any:
    """Wait until the phone has a message with this text, or of this kind, for which ``fits`` holds."""

    async def found() -> Any:
        chats = (await sandbox.get(f"/phone/{PHONE}")).json()["chats"]
        messages = [message for chat in chats for message in chat["messages"]]
        return next((one for one in messages if wanted in (one["text"], one["type"]) and fits(one)), None)

    return await eventually(found, SLOW, f"{wanted} on the phone")
