"""The phone's page, used by a person: pictures, keyboard, languages, small screens."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, Playwright, expect

from tests.integration.sandbox.wajs import WaPage
from tests.servers.sandbox import PhoneClient, RunningSandbox

Linked = tuple[WaPage, PhoneClient]

expect.set_options(timeout=20_000)  # a condition that never comes fails; a busy machine does not


@pytest.fixture
async def browser(playwright: Playwright, chromium: str, chromium_flags: list[str]) -> AsyncIterator[Browser]:
    running = await playwright.chromium.launch(
        executable_path=chromium, chromium_sandbox="--no-sandbox" not in chromium_flags
    )
    yield running
    await running.close()


@pytest.fixture
async def page(browser: Browser, sandbox: RunningSandbox) -> Page:
    context = await browser.new_context(locale="es-ES", viewport={"width": 1100, "height": 900})
    opened = await context.new_page()
    await opened.goto(sandbox.url + "phone")
    return opened


async def use_phone(page: Page, number: str = "+34 600 112 233", name: str = "Ana") -> None:
    await page.get_by_label("Número con prefijo de país").fill(number)
    await page.get_by_label("Nombre de la cuenta").fill(name)
    await page.get_by_role("button", name="Usar este teléfono").click()


async def test_scan_a_picture_write_and_unlink(
    sandbox: RunningSandbox, browser: Browser, page: Page, tmp_path: Path
) -> None:
    whatsapp = await browser.new_page()
    await whatsapp.goto(sandbox.url)
    await whatsapp.locator(".qr svg").wait_for()
    await whatsapp.screenshot(path=tmp_path / "qr.png")

    await use_phone(page)
    await page.get_by_label("Elegir una imagen").set_input_files(tmp_path / "qr.png")
    await expect(page.get_by_text("Conectado")).to_be_visible()

    await page.get_by_label("Escribir como (número)").fill("+34 611 000 001")
    await page.get_by_label("Nombre del contacto").fill("Beto")
    await page.get_by_label("Mensaje", exact=True).fill("hola")
    await page.keyboard.press("Enter")
    await whatsapp.get_by_role("button", name="Beto").click()
    await expect(whatsapp.locator(".messages li.in")).to_contain_text("hola")

    await page.get_by_label("Archivo").set_input_files(tmp_path / "qr.png")
    await expect(page.get_by_label("Enviarlo como")).to_have_value("image")
    await page.get_by_label("Mensaje", exact=True).fill("mira")
    await page.get_by_role("button", name="Enviar al teléfono").click()
    await expect(whatsapp.locator(".messages li.in").last).to_contain_text("[image] qr.png · mira")
    shown = page.locator("#messages img.file")
    await expect(shown).to_be_visible()
    assert await shown.evaluate("(image) => image.decode().then(() => image.naturalWidth > 0)")

    await page.get_by_label("Enviarlo como").select_option("encuesta")
    await page.get_by_label("Mensaje", exact=True).fill("¿Cuándo? | hoy | mañana")
    await page.get_by_role("button", name="Enviar al teléfono").click()
    option = page.get_by_role("button", name="hoy")
    await option.click()
    await expect(option).to_have_attribute("aria-pressed", "true")
    await page.get_by_label("Enviarlo como").select_option("ubicación")
    await page.get_by_label("Mensaje", exact=True).fill("aquí | Sol")
    await page.get_by_role("button", name="Enviar al teléfono").click()
    await expect(page.locator("#status")).to_have_text("latitud, longitud | nombre | dirección")
    await page.get_by_label("Mensaje", exact=True).fill("40.4168, -3.7038 | Sol | Madrid")
    await page.get_by_role("button", name="Enviar al teléfono").click()
    place = page.locator("#messages li", has_text="Sol")
    await expect(place).to_contain_text("40.4168, -3.7038")
    await place.get_by_role("button", name="Reaccionar con ❤️").click()
    await expect(place.locator(".reactions")).to_have_text("❤️")
    await place.get_by_role("button", name="Eliminar").click()
    await expect(page.get_by_text("Mensaje eliminado")).to_be_visible()

    await whatsapp.get_by_label("Message").fill("buenas")
    await whatsapp.get_by_role("button", name="Send").click()
    bubble = page.locator("#messages li", has_text="buenas")
    await expect(bubble).to_contain_text("leído")
    await expect(whatsapp.locator(".messages li.out")).to_have_attribute("data-ack", "3")

    await page.get_by_role("button", name="Cortar la red").click()
    await expect(page.get_by_text("Red cortada")).to_be_visible()
    await expect(whatsapp.get_by_text("No connection")).to_be_visible()
    await page.get_by_role("button", name="Devolver la red").click()
    await expect(whatsapp.get_by_text("No connection")).to_be_hidden()
    await page.get_by_role("button", name="Abrir en otra ventana").click()
    await expect(whatsapp.get_by_text("WhatsApp is open in another window")).to_be_visible()
    await whatsapp.get_by_role("button", name="Use here").click()
    await expect(page.get_by_text("Conectado")).to_be_visible()

    await page.get_by_role("button", name="Desvincular").click()
    await page.get_by_role("button", name="Dejarlo").click()
    assert len((await sandbox.phone("34600112233").view())["devices"]) == 1
    await page.get_by_role("button", name="Desvincular").click()
    await page.get_by_role("dialog").get_by_role("button", name="Desvincular").click()
    await expect(page.get_by_text("Ninguno todavía")).to_be_visible()
    await expect(whatsapp.get_by_text("Link with a phone")).to_be_visible()


async def test_a_wrong_code_says_why(page: Page) -> None:
    await use_phone(page)
    await page.get_by_label("Texto del código QR").fill("not,a,qr")
    await page.get_by_role("button", name="Escanear").click()
    await expect(page.locator("#status")).to_contain_text("no code of a WhatsApp Web QR")


async def test_pairing_code_by_keyboard(sandbox: RunningSandbox, wa: WaPage, page: Page) -> None:
    await wa.page.goto(sandbox.url)
    await wa.qr()
    code = await wa.page.evaluate("() => WPP.conn.genLinkDeviceCodeForPhoneNumber('34600112233')")
    await expect(wa.page.get_by_text(f"{code[:4]}-{code[4:]}")).to_be_visible()
    await use_phone(page)
    field = page.get_by_label("O el código de vinculación")
    await expect(field).to_be_visible()
    await field.focus()
    await page.keyboard.type(f"{code[:4]}-{code[4:]}")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("Conectado")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_small_screens_both_languages_and_assistive_technology(linked: Linked, page: Page, scheme: str) -> None:
    _, ana = linked
    await ana.write("34611000001", "hola", name="Beto")
    await page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    await page.set_viewport_size({"width": 375, "height": 800})
    await page.get_by_role("button", name="Ana").click()
    await expect(page.locator("#messages li")).to_have_count(1)
    assert await page.evaluate("document.documentElement.scrollWidth") == 375
    await page.get_by_role("button", name="English").click()
    await expect(page.get_by_role("heading", name="Sandbox phone")).to_be_visible()
    assert await page.evaluate("document.documentElement.lang") == "en"
    results = await Axe().run(page)
    assert results.response["violations"] == [], results.generate_report()
