"""What the menu of an account does, with the questions that come first."""

from __future__ import annotations

from playwright.async_api import Page, expect

from session_core.core import Core
from session_core.domain.status import SessionStatus
from tests.e2e.conftest import NewPerson
from tests.e2e.people import Person, card
from tests.e2e.staging import stage


async def choose(page: Page, name: str, item: str) -> None:
    await page.get_by_role("button", name=f"Más acciones de {name}").click()
    await page.get_by_role("menuitem", name=item, exact=True).click()


async def names(person: Person) -> list[str]:
    answer = await person.api.get("/api/v1/accounts")
    return [account["name"] for account in answer.json()]


async def test_rename_by_keyboard_and_a_name_that_is_refused(new_person: NewPerson) -> None:
    person = await new_person()
    await person.account("Tienda")
    page = await person.open("/settings/connections")
    await card(page, "Tienda")
    await choose(page, "Tienda", "Cambiar el nombre")
    field = page.get_by_label("Nombre de la cuenta")
    await expect(field).to_have_value("Tienda")
    await field.fill("   ")
    await field.press("Enter")
    await expect(page.get_by_role("alert")).to_contain_text("Escribe un nombre de 1 a 100 caracteres.")
    await field.fill("Tienda Sur")
    await field.press("Enter")
    await card(page, "Tienda Sur")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    assert await names(person) == ["Tienda Sur"]


async def test_deleting_asks_first_and_no_means_no(new_person: NewPerson) -> None:
    person = await new_person()
    await person.account("Tienda")
    page = await person.open("/settings/connections")
    await card(page, "Tienda")
    await choose(page, "Tienda", "Eliminar")
    dialog = page.get_by_role("alertdialog", name="¿Eliminar «Tienda»?")
    await expect(dialog.get_by_role("button", name="Cancelar")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(dialog).to_have_count(0)
    assert await names(person) == ["Tienda"]
    await choose(page, "Tienda", "Eliminar")
    await dialog.get_by_role("button", name="Eliminar").click()
    await expect(page.get_by_role("heading", name="Conecta tu primera cuenta")).to_be_visible()
    assert await names(person) == []


async def test_the_menu_offers_what_can_be_done(new_person: NewPerson, core: Core) -> None:
    person = await new_person()
    account_id = await person.account("Tienda")
    page = await person.open("/settings/connections")
    found = await card(page, "Tienda")
    offered = page.get_by_role("menuitem")
    await page.get_by_role("button", name="Más acciones de Tienda").click()
    await expect(offered).to_have_text(
        ["Conectar", "Vincular con un código", "Envío y límites", "Cambiar el nombre", "Eliminar"]
    )
    await expect(page.get_by_role("menu")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(offered).to_have_count(0)
    await stage(core, account_id, SessionStatus.READY, phone="34612345678")
    await expect(found).to_contain_text("+34 612 34 56 78")
    await page.get_by_role("button", name="Más acciones de Tienda").click()
    await expect(offered).to_have_text(
        [
            "Reiniciar",
            "Desconectar",
            "Parar a la fuerza",
            "Desconectar y desvincular",
            "Envío y límites",
            "Cambiar el nombre",
            "Eliminar",
        ]
    )


async def test_a_test_message_waits_and_the_same_one_again_is_asked_about(new_person: NewPerson) -> None:
    person = await new_person()
    account_id = await person.account("Tienda")
    page = await person.open("/settings/connections")
    found = await card(page, "Tienda")
    await found.get_by_role("button", name="Detalles").click()
    await expect(found).to_contain_text("El mensaje espera en cola y sale en cuanto lo esté.")

    async def send(to: str, text: str, button: str = "Enviar") -> None:
        await found.get_by_label("Para").fill(to)
        await found.get_by_label("Mensaje", exact=True).fill(text)
        await found.get_by_role("button", name=button, exact=True).click()

    await send("12", "hola")
    await expect(found.get_by_role("alert")).to_contain_text("con el prefijo del país")
    await send("+34 611 00 00 01", "hola")
    await expect(found.locator("[data-message]")).to_have_count(1)
    await expect(found.locator("[data-message]")).to_contain_text("En cola")
    await expect(found.get_by_role("alert")).to_be_hidden()
    await send("+34 611 00 00 01", "hola")
    await expect(found.get_by_role("alert")).to_contain_text("Acabas de enviar este mismo texto a este chat.")
    await expect(found.locator("[data-message]")).to_have_count(1)
    await found.get_by_role("button", name="Enviar de todos modos").click()
    await expect(found.locator("[data-message]")).to_have_count(2)
    stored = (await person.api.get(f"/api/v1/accounts/{account_id}/messages")).json()
    assert [message["text"] for message in stored] == ["hola", "hola"]
