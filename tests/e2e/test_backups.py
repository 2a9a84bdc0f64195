"""A real login, backed up, checked and put back by clicks."""

from __future__ import annotations

import socket

import pytest
from playwright.async_api import expect

from tests.e2e.conftest import NewPerson
from tests.e2e.people import card
from tests.e2e.test_whole_way import SLOW_MS, Phone, code_on_screen, connect, connections_made


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_a_login_is_backed_up_checked_and_put_back(new_person: NewPerson) -> None:
    person = await new_person()
    page = await person.open("/settings/connections")
    dialog = await connect(page, "Tienda")
    phone = Phone(person.whahook.sandbox_url, "34611223344")
    await phone.does("scan", qr=await code_on_screen(page))
    await expect(dialog).to_contain_text("+34 611 22 33 44", timeout=SLOW_MS)
    await dialog.get_by_role("button", name="Listo").click()
    found = await card(page, "Tienda")
    account_id = str(await found.get_attribute("data-account"))
    await found.get_by_role("button", name="Detalles").click()
    await found.get_by_role("button", name="Hacer una copia ahora").click()
    lines = found.locator("[data-backup]")
    await expect(lines.first).to_contain_text("Completa", timeout=SLOW_MS)
    await lines.first.get_by_role("button", name="Comprobar").click()
    await expect(lines.first).to_contain_text("Comprobada", timeout=SLOW_MS)
    before = await connections_made(person, account_id)
    await lines.first.get_by_role("button", name="Recuperar").click()
    await page.get_by_role("alertdialog").get_by_role("button", name="Recuperar").click()
    await expect(found.locator(".wh-timeline")).to_contain_text("Copia de seguridad recuperada", timeout=SLOW_MS)
    await expect(found).to_have_attribute("data-phase", "ready", timeout=SLOW_MS)
    assert await connections_made(person, account_id) == before + 1
    # The host that runs it is named while it runs, after its machine.
    await expect(found.locator(".wh-facts")).to_contain_text(socket.gethostname(), timeout=SLOW_MS)
    await phone.close()
