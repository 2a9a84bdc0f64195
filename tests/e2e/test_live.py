"""What happens on the server shows on the page by itself, to its owner only."""

from __future__ import annotations

from datetime import timedelta

from playwright.async_api import expect

from session_core.clock import utcnow
from session_core.core import Core
from session_core.domain.status import ReasonCode, SessionStatus
from tests.e2e.conftest import NewPerson
from tests.e2e.people import card
from tests.e2e.staging import code, stage

S = SessionStatus


async def test_states_change_without_a_reload_in_every_tab(new_person: NewPerson, core: Core) -> None:
    person = await new_person()
    account_id = await person.account("Tienda")
    first = await person.open("/settings/connections")
    second = await person.new_tab()
    await second.goto(first.url)
    cards = [await card(page, "Tienda") for page in (first, second)]
    for found in cards:
        await expect(found).to_contain_text("Desconectado")
        await found.evaluate("element => { element.dataset.untouched = 'yes' }")
    await stage(core, account_id, S.READY, phone="34612345678")
    for found in cards:
        await expect(found).to_contain_text("Conectado")
        await expect(found).to_contain_text("+34 612 34 56 78")
    later = utcnow() + timedelta(minutes=1)
    await stage(core, account_id, S.RECONNECTING, ReasonCode.PAGE_CRASHED, attempt=2, next_retry_at=later)
    for found in cards:
        await expect(found).to_contain_text("Reconectando")
        await expect(found).to_contain_text("Intento 2, otra vez en")
        await expect(found).to_contain_text("La página de WhatsApp se bloqueó.")
    await stage(core, account_id, S.ACTION_REQUIRED, ReasonCode.UNLINKED)
    for found in cards:
        await expect(found).to_contain_text("El teléfono desvinculó este dispositivo.")
        await expect(found.get_by_role("button", name="Vincular de nuevo")).to_be_visible()
        # The same element all along: nothing was loaded anew.
        await expect(found).to_have_attribute("data-untouched", "yes")


async def test_one_person_never_sees_what_happens_to_another(new_person: NewPerson, core: Core) -> None:
    owner, stranger = await new_person(), await new_person()
    account_id = await owner.account("De la dueña")
    mine = await stranger.account("La mía")
    page = await stranger.open("/settings/connections")
    await card(page, "La mía")
    await stage(core, account_id, S.READY, phone="34612345678")
    # Later on the same channel of events: when this has arrived, the other one would have, too.
    await stage(core, mine, S.READY, phone="34699112233")
    await expect(await card(page, "La mía")).to_contain_text("Conectado")
    assert "De la dueña" not in await page.content()
    assert account_id not in await page.content()


async def test_the_history_of_an_open_card_grows(new_person: NewPerson, core: Core) -> None:
    person = await new_person()
    account_id = await person.account("Tienda")
    page = await person.open("/settings/connections")
    found = await card(page, "Tienda")
    await found.get_by_role("button", name="Detalles").click()
    await expect(found.locator(".wh-timeline li")).to_have_count(1)
    await stage(core, account_id, S.ERROR, ReasonCode.DISK_FULL)
    await expect(found.locator(".wh-timeline li").first).to_contain_text("El disco del servidor está lleno.")


async def test_the_code_in_the_dialog_is_renewed_and_then_gone(new_person: NewPerson, core: Core) -> None:
    person = await new_person()
    account_id = await person.account("Tienda")
    page = await person.open("/settings/connections")
    found = await card(page, "Tienda")
    await stage(core, account_id, S.QR, qr=code(1))
    await found.get_by_role("button", name="Ver el código QR").click()
    dialog = page.get_by_role("dialog")
    await stage(core, account_id, S.QR, qr=code(2))
    await expect(dialog).to_contain_text("2 de 6")
    await expect(dialog.get_by_role("img", name="Código QR")).to_be_visible()
    await expect(dialog).to_contain_text("Se renueva en")
    await stage(core, account_id, S.LINKING)
    await expect(dialog).to_contain_text("Vinculando…")
    # A scanned code is a spent one, but it is a secret all the same.
    assert "data:image/png" not in await page.content()
    await stage(core, account_id, S.READY, phone="34612345678")
    await expect(dialog).to_contain_text("Conectado")
    await expect(dialog).to_contain_text("+34 612 34 56 78")
    await dialog.get_by_role("button", name="Listo").click()
    await expect(dialog).to_have_count(0)


async def test_codes_that_nobody_scanned_can_be_renewed(new_person: NewPerson, core: Core) -> None:
    person = await new_person()
    account_id = await person.account("Tienda")
    page = await person.open("/settings/connections")
    await stage(core, account_id, S.ACTION_REQUIRED, ReasonCode.QR_EXPIRED)
    found = await card(page, "Tienda")
    await expect(found).to_contain_text("El código QR caducó sin que nadie lo escaneara.")
    await expect(found.get_by_role("button", name="Renovar el código")).to_be_visible()


async def test_a_new_name_and_a_deleted_account_show_at_once(new_person: NewPerson) -> None:
    person = await new_person()
    account_id = await person.account("Nombre viejo")
    page = await person.open("/settings/connections")
    await card(page, "Nombre viejo")
    same = {"Origin": person.whahook.url}
    await person.api.patch(f"/api/v1/accounts/{account_id}", json={"name": "Nombre nuevo"}, headers=same)
    await card(page, "Nombre nuevo")
    await person.api.delete(f"/api/v1/accounts/{account_id}", headers=same)
    await expect(page.get_by_role("heading", name="Conecta tu primera cuenta")).to_be_visible()
