"""Languages, themes, small screens, and what screen readers need."""

from __future__ import annotations

from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, expect

from session_core.core import Core
from session_core.domain.status import ReasonCode, SessionStatus
from tests.e2e.conftest import NewPerson
from tests.e2e.people import Person, card
from tests.e2e.staging import code, stage

SIZES = {"phone": {"width": 375, "height": 740}, "desk": {"width": 1280, "height": 800}}


WIDE = """() => Math.max(
  document.documentElement.scrollWidth - document.documentElement.clientWidth,
  ...[...document.querySelectorAll("[role=dialog]")].map((one) => one.getBoundingClientRect().right - innerWidth))"""

MOMENT = """() => {
  const time = document.createElement("wh-time");
  time.setAttribute("datetime", "2020-01-05T00:05:00");
  document.body.append(time);
  return time.textContent;
}"""


async def no_complaints(page: Page) -> None:
    """Fail on what axe calls serious or critical, and on a page or dialog that is wider than its screen."""
    wide = await page.evaluate(WIDE)
    assert wide <= 0, f"{page.url} is {wide} px too wide"
    found = await Axe().run(page)
    bad = [
        f"{violation['id']}: {violation['nodes'][0]['html'][:200]}"
        for violation in found.response["violations"]
        if violation["impact"] in {"serious", "critical"}
    ]
    assert not bad, bad


async def with_accounts(person: Person, core: Core) -> str:
    """Give the person an account in each kind of state; return the id of one that shows its QR."""
    states: list[tuple[str, Any, Any, str | None]] = [
        ("Tienda Centro", SessionStatus.READY, ReasonCode.NONE, "34612345678"),
        ("Soporte", SessionStatus.RECONNECTING, ReasonCode.OFFLINE, "34699112233"),
        ("Unnombrelarguísimosinningúnespacioquenocabeenningunapartedelapantalla", SessionStatus.STOPPED, "", None),
        ("Almacén", SessionStatus.ACTION_REQUIRED, ReasonCode.UNLINKED, "525512345678"),
    ]
    for name, status, reason, phone in states:
        await stage(core, await person.account(name), status, ReasonCode(reason), phone=phone)
    waiting = await person.account("Nueva")
    await stage(core, waiting, SessionStatus.QR, qr=code(seconds=600))
    return waiting


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_every_page_and_dialog(new_person: NewPerson, core: Core, size: str, scheme: str) -> None:
    person = await new_person(viewport=SIZES[size], color_scheme=scheme, reduced_motion="reduce")
    waiting = await with_accounts(person, core)
    page = await person.open("/settings/connections")
    found = await card(page, "Almacén")
    await no_complaints(page)
    await found.get_by_role("button", name="Detalles").click()
    await expect(found.get_by_label("Para")).to_be_visible()
    await no_complaints(page)
    await page.get_by_role("button", name="Más acciones de Almacén").click()
    await expect(page.get_by_role("menuitem", name="Eliminar")).to_be_visible()
    await no_complaints(page)
    await page.get_by_role("menuitem", name="Eliminar").click()
    await expect(page.get_by_role("alertdialog")).to_be_visible()
    await no_complaints(page)
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("alertdialog")).to_have_count(0)
    await page.locator("#connect").click()
    await expect(page.get_by_label("Nombre de la cuenta")).to_be_focused()
    await no_complaints(page)
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await (await card(page, "Nueva")).get_by_role("button", name="Ver el código QR").click()
    await stage(core, waiting, SessionStatus.QR, qr=code(2, seconds=600))
    await expect(page.get_by_role("img", name="Código QR")).to_be_visible()
    await no_complaints(page)
    await page.get_by_role("button", name="Usar un código de 8 letras").click()
    await expect(page.get_by_label("Número de teléfono de la cuenta")).to_be_visible()
    await no_complaints(page)
    signed_in = (
        ("/messages", "Mensajes"),
        ("/webhooks", "Webhooks"),
        ("/settings/opt-outs", "Bajas"),
        ("/api-keys", "Claves de API"),
        ("/no-such", "Esta página no existe"),
    )
    for path, landmark in signed_in:
        await person.open(path)
        await expect(page.get_by_role("heading", name=landmark, level=1)).to_be_visible()
        await no_complaints(page)
        if landmark == "Bajas":
            # The names of all accounts are in it.
            await page.locator("#first-opt-out").click()
            await expect(page.get_by_role("dialog").get_by_label("Número con prefijo del país")).to_be_focused()
            await no_complaints(page)
    await person.context.clear_cookies()
    for path, landmark in (("/sign-in?error=bad_credentials", "Inicia sesión"), ("/sign-up", "Crea tu cuenta")):
        await person.open(path)
        await expect(page.get_by_role("heading", name=landmark, level=1)).to_be_visible()
        await no_complaints(page)


async def test_the_language_is_the_browsers_until_one_is_chosen(new_person: NewPerson, core: Core) -> None:
    person = await new_person(locale="en-GB")
    await stage(core, await person.account("Shop"), SessionStatus.ACTION_REQUIRED, ReasonCode.UNLINKED)
    page = await person.open("/settings/connections")
    found = await card(page, "Shop")
    await expect(found).to_contain_text("The phone unlinked this device.")
    await expect(page.locator("html")).to_have_attribute("lang", "en")
    await found.get_by_role("button", name="Details").click()
    await expect(found.locator(".wh-timeline")).to_contain_text("Account created")
    # As the browser's region writes it; an hour after midnight is no 24th.
    assert await page.evaluate(MOMENT) == "5 Jan 2020 00:05"
    await page.get_by_role("button", name="Language: English").click()
    # The page's own words and those that came from the server, without a reload.
    await expect(page.get_by_role("heading", name="Conexiones", level=1)).to_be_visible()
    await expect(found).to_contain_text("El teléfono desvinculó este dispositivo.")
    await expect(found.locator(".wh-timeline")).to_contain_text("Cuenta creada")
    await expect(page.locator("html")).to_have_attribute("lang", "es")
    await page.reload()
    await expect(page.get_by_role("heading", name="Conexiones", level=1)).to_be_visible()
    assert (await person.cookies())["lang"] == "es"


async def test_the_theme_follows_the_system_until_one_is_chosen(new_person: NewPerson) -> None:
    person = await new_person(color_scheme="dark")
    page = await person.open("/settings/connections")
    await expect(page.locator("html")).to_have_class("dark")
    await page.get_by_role("button", name="Cambiar entre tema claro y oscuro").click()
    await expect(page.locator("html")).to_have_class("light")
    await page.reload()
    await expect(page.locator("html")).to_have_class("light")


async def test_the_navigation_of_a_phone_is_a_drawer(new_person: NewPerson) -> None:
    person = await new_person(viewport=SIZES["phone"])
    page = await person.open("/settings/connections")
    await expect(page.get_by_role("link", name="Mensajes")).to_be_hidden()
    await page.get_by_role("button", name="Abrir el menú").click()
    await page.get_by_role("link", name="Mensajes").click()
    await expect(page.get_by_role("heading", name="Aún no hay ninguna cuenta")).to_be_visible()
    await expect(page.get_by_role("link", name="Claves de API")).to_be_hidden()


async def test_the_keyboard_alone_is_enough_to_begin(new_person: NewPerson) -> None:
    person = await new_person()
    page = await person.open("/settings/connections")
    await expect(page.get_by_role("heading", name="Conecta tu primera cuenta")).to_be_visible()
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="Saltar al contenido")).to_be_focused()
    await page.keyboard.press("Enter")
    await page.keyboard.press("Tab")
    await expect(page.locator("#connect")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.get_by_label("Nombre de la cuenta")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(page.locator("#connect")).to_be_focused()
