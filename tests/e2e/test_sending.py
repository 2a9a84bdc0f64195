"""How an account sends, chosen on the page; and who wants to hear no more."""

from __future__ import annotations

from datetime import timedelta

from playwright.async_api import Dialog, expect

from session_core.clock import utcnow
from session_core.core import Core
from session_core.domain.status import SessionStatus
from tests.e2e.conftest import NewPerson
from tests.e2e.staging import stage
from tests.e2e.test_looks import SIZES, no_complaints


async def test_how_an_account_sends_and_to_whom_it_does_not(new_person: NewPerson, core: Core) -> None:
    person = await new_person(viewport=SIZES["phone"], color_scheme="dark", reduced_motion="reduce")
    shop = await person.account("Tienda")
    path = f"/api/v1/accounts/{shop}"
    await stage(core, shop, SessionStatus.READY, phone="34612345678")
    hello = {"to": "+34 699 11 22 33", "text": "hola", "sendAt": (utcnow() + timedelta(hours=1)).isoformat()}
    for expected in (202, 409):
        assert (await person.api.post(f"{path}/messages", json=hello)).status_code == expected
    page = await person.open(f"/settings/sending?account={shop}")
    await expect(page.get_by_text("1 en 24 horas · 1 en 7 días")).to_be_visible()
    await expect(page.locator("[data-gauge=user]")).to_contain_text("0 de 30")

    pause, unsaved = page.get_by_label("Pausa mínima (segundos)"), page.get_by_text("Cambios sin guardar")
    await expect(unsaved).to_be_hidden()
    await pause.fill("4000")
    await expect(unsaved).to_be_visible()
    await page.get_by_role("button", name="Guardar").click()
    await expect(page.get_by_role("alert").filter(has_text="de 0 a 3600 segundos")).to_be_visible()
    await expect(pause).to_be_focused()
    await no_complaints(page)
    await pause.fill("2,5")
    # Meanwhile a program changes something else: that stays.
    assert (await person.api.patch(f"{path}/settings", json={"dailyCap": 500})).status_code == 200
    await page.get_by_label("Guardar los mensajes").select_option("30")
    await page.get_by_role("button", name="Guardar").click()
    await page.get_by_role("button", name="Guardar y eliminar").click()
    await expect(page.get_by_text("Guardado. Vale desde ahora.")).to_be_visible()
    await expect(unsaved).to_be_hidden()
    settings = (await person.api.get(f"{path}/settings")).json()
    assert (settings["gap"], settings["dailyCap"]) == (2.5, 500)
    assert (await person.api.get(f"{path}/retention")).json() == {"days": 30}

    asked: list[str] = []

    async def stay(dialog: Dialog) -> None:
        asked.append(dialog.message)
        await dialog.dismiss()

    page.once("dialog", stay)
    await pause.fill("9")
    opt_outs = page.get_by_role("link", name="Bajas")
    await opt_outs.click()
    assert asked == ["Hay cambios sin guardar. ¿Salir sin guardarlos?"]
    await page.get_by_role("button", name="Descartar").click()
    await expect(pause).to_have_value("2.5")
    await opt_outs.click()

    await page.locator("#first-opt-out").click()
    await page.get_by_label("Número con prefijo del país").fill("+34 699-11-22-33")
    await page.get_by_role("dialog").get_by_role("button", name="Añadir una baja").click()
    line = page.locator("[data-opt-out]")
    await expect(line).to_contain_text("+34 699 11 22 33")
    await page.get_by_label("Buscar por nombre o número").fill("612")
    await expect(page.get_by_text("Nadie coincide con esa búsqueda.")).to_be_visible()
    await page.get_by_label("Buscar por nombre o número").fill("699 11")
    await line.get_by_role("button", name="Anular la baja").click()
    await page.get_by_role("alertdialog").get_by_role("button", name="Anular la baja").click()
    await expect(line).to_have_count(0, timeout=15_000)
    assert (await person.api.get("/api/v1/opt-outs")).json()["items"] == []

    # What a program does meanwhile shows by itself: at the next event, else a few seconds later.
    noted = (await person.api.post("/api/v1/opt-outs", json={"to": "+34 699 11 22 33"})).json()
    await stage(core, shop, SessionStatus.READY, phone="34612345678")
    await expect(line).to_contain_text("+34 699 11 22 33")
    assert (await person.api.delete(f"/api/v1/opt-outs/{noted['id']}")).status_code == 204
    await expect(line).to_have_count(0, timeout=15_000)
