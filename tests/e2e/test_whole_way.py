"""The whole way of a newcomer, by clicks: from the QR to delivered messages, through a crash, to unlinking."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import httpx
import pytest
import zxingcpp
from PIL import Image
from playwright.async_api import Page, expect

from tests.e2e.conftest import NewPerson
from tests.e2e.people import PASSWORD, Person, card
from tests.waiting import eventually

SLOW_MS = 60_000
"""A browser starts and a page loads, on a machine that runs other things."""

CONTACT = "34655012233"


class Phone:
    """The phone of the sandbox that the person holds in the other hand."""

    def __init__(self, sandbox_url: str, number: str) -> None:
        self.number = number
        self._client = httpx.AsyncClient(base_url=sandbox_url, timeout=20, trust_env=False)

    async def does(self, what: str, **body: Any) -> Any:
        answer = await self._client.post(f"/phone/{what}", json={"phone": self.number, **body})
        assert answer.is_success, answer.text
        return answer.json()

    async def received(self) -> list[Any]:
        answer = await self._client.get(f"/phone/{self.number}/received")
        assert answer.is_success, answer.text
        found: list[Any] = answer.json()["received"]
        return found

    async def has_no_device(self) -> bool:
        return bool((await self._client.get(f"/phone/{self.number}")).json()["devices"] == [])

    async def close(self) -> None:
        await self._client.aclose()


async def code_on_screen(page: Page) -> str:
    """Read the QR as a camera does: from the pixels."""
    shown = page.get_by_role("img", name="Código QR")
    await expect(shown).to_be_visible(timeout=SLOW_MS)
    picture = Image.open(io.BytesIO(await shown.screenshot()))
    found = zxingcpp.read_barcodes(picture)
    assert len(found) == 1
    return str(found[0].text)


async def connect(page: Page, name: str) -> Any:
    """Go through the first steps of the dialog; return it."""
    await page.get_by_role("button", name="Probar con un teléfono simulado").click()
    await page.get_by_label("Nombre de la cuenta").fill(name)
    await expect(page.get_by_role("radio", name="Teléfono simulado")).to_be_checked()
    await page.get_by_role("button", name="Continuar").click()
    dialog = page.get_by_role("dialog", name=f"Conectar «{name}»")
    await expect(dialog).to_be_visible()
    return dialog


async def send(found: Any, text: str) -> None:
    """Send a test message and see it being read."""
    await found.get_by_label("Para").fill("+34 655 01 22 33")
    await found.get_by_label("Mensaje", exact=True).fill(text)
    await found.get_by_role("button", name="Enviar", exact=True).click()
    line = found.locator("[data-message]").filter(has_text=text)
    await expect(line).to_contain_text("Leído", timeout=SLOW_MS)


async def connections_made(person: Person, account_id: str) -> int:
    """Count how often the account's history says "ready"."""
    lines = (await person.api.get(f"/api/v1/accounts/{account_id}/activity")).json()
    return sum(line["phase"] == "ready" for line in lines)


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_from_the_qr_to_a_delivered_message_and_through_a_crash(new_person: NewPerson) -> None:
    person = await new_person(signed_up=False)
    whahook = person.whahook
    phone = Phone(whahook.sandbox_url, "34600112233")
    try:
        page = await person.open("/sign-up")
        await page.get_by_label("Nombre").fill("Ana")
        await page.get_by_label("Correo electrónico").fill(person.email)
        await page.get_by_label("Contraseña").fill(PASSWORD)
        await page.get_by_role("button", name="Crear cuenta").click()

        dialog = await connect(page, "Tienda Norte")
        await page.evaluate("window.notReloaded = true")
        code = await code_on_screen(page)
        await expect(dialog).to_contain_text("1 de 6")
        await phone.does("scan", qr=code, name="Ana")
        await expect(dialog).to_contain_text("+34 600 11 22 33", timeout=SLOW_MS)
        await dialog.get_by_role("button", name="Listo").click()

        found = await card(page, "Tienda Norte")
        await expect(found).to_have_attribute("data-phase", "ready")
        await found.get_by_role("button", name="Detalles").click()
        await send(found, "Tu pedido está listo")
        await phone.does("messages", **{"from": CONTACT, "text": "Voy para allá"})
        await expect(found.locator("[data-message]").filter(has_text="Voy para allá")).to_contain_text("Recibido")

        account_id = str(await found.get_attribute("data-account"))
        person.api.cookies.update(await person.cookies())
        before = await connections_made(person, account_id)
        killed = whahook.kill("host")
        await eventually(
            lambda: whahook.pid("host") not in {None, killed}, timedelta(seconds=60), "the host is started again"
        )

        async def connected_again() -> bool:
            return await connections_made(person, account_id) > before

        await eventually(connected_again, timedelta(seconds=90), "the account is connected again")
        await expect(found).to_have_attribute("data-phase", "ready", timeout=SLOW_MS)
        await send(found, "Seguimos aquí")
        assert [(message["text"], message["times"]) for message in await phone.received()] == [
            ("Tu pedido está listo", 1),
            ("Seguimos aquí", 1),
        ]

        await phone.does("unlink")
        await expect(found).to_contain_text("Necesita que actúes", timeout=SLOW_MS)
        await expect(found).to_contain_text("El teléfono desvinculó este dispositivo.")
        await expect(found.get_by_role("button", name="Vincular de nuevo")).to_be_visible()
        assert await page.evaluate("window.notReloaded")
    finally:
        await phone.close()


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_an_account_is_linked_by_code_and_stopped_and_started_without_another(new_person: NewPerson) -> None:
    person = await new_person()
    phone = Phone(person.whahook.sandbox_url, "34600112244")
    try:
        page = await person.open("/settings/connections")
        dialog = await connect(page, "Por código")
        await code_on_screen(page)
        await dialog.get_by_role("button", name="Usar un código de 8 letras").click()
        await dialog.get_by_label("Número de teléfono de la cuenta").fill("12")
        await dialog.get_by_role("button", name="Pedir el código").click()
        await expect(dialog.get_by_role("alert")).to_contain_text("con el prefijo del país")
        await dialog.get_by_label("Número de teléfono de la cuenta").fill("+34 600 11 22 44")
        await dialog.get_by_role("button", name="Pedir el código").click()
        code = await dialog.locator("#pairing-code").inner_text(timeout=SLOW_MS)
        await phone.does("pair", code=code.replace("-", ""), name="Ana")
        await expect(dialog).to_contain_text("+34 600 11 22 44", timeout=SLOW_MS)
        await dialog.get_by_role("button", name="Listo").click()
        found = await card(page, "Por código")

        await page.get_by_role("button", name="Más acciones de Por código").click()
        await page.get_by_role("menuitem", name="Desconectar", exact=True).click()
        await page.get_by_role("alertdialog").get_by_role("button", name="Desconectar").click()
        await expect(found).to_have_attribute("data-phase", "stopped", timeout=SLOW_MS)
        await found.get_by_role("button", name="Conectar", exact=True).click()
        await expect(page.get_by_role("dialog")).to_contain_text("+34 600 11 22 44", timeout=SLOW_MS)
        await page.get_by_role("dialog").get_by_role("button", name="Listo").click()

        await page.get_by_role("button", name="Más acciones de Por código").click()
        await page.get_by_role("menuitem", name="Desconectar y desvincular").click()
        await page.get_by_role("alertdialog").get_by_role("button", name="Desconectar y desvincular").click()
        await expect(found).to_have_attribute("data-phase", "stopped", timeout=SLOW_MS)
        await eventually(phone.has_no_device, timedelta(seconds=20), "the phone has no linked device")
    finally:
        await phone.close()
