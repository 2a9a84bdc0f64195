"""Webhooks on the page: made, tried, looked into, repeated, switched off and on, deleted."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.e2e.conftest import NewPerson
from tests.e2e.test_looks import SIZES, no_complaints
from tests.integration.webhooks.scene import verify
from tests.servers.receiver import running_receiver
from tests.waiting import eventually


@pytest.mark.parametrize("size", SIZES)
async def test_from_the_first_webhook_to_the_last(new_person: NewPerson, size: str) -> None:
    person = await new_person(viewport=SIZES[size], reduced_motion="reduce")
    account_id = await person.account("Tienda")
    page = await person.open("/webhooks")
    async with running_receiver() as receiver:
        await page.locator("#first-webhook").click()
        await page.get_by_label("Dirección que recibe los eventos").fill(receiver.url("/pedidos"))
        await page.get_by_label("Nombre (opcional)").fill("Pedidos")
        await page.get_by_label("Todos, también los que lleguen con versiones nuevas").uncheck()
        await page.get_by_label("message.queued").check()
        await no_complaints(page)
        await page.get_by_role("button", name="Guardar").click()
        await expect(page.locator("#new-secret")).to_contain_text("whsec_")
        secret = await page.locator("#new-secret").inner_text()
        await page.get_by_role("button", name="Ya lo he guardado").click()
        await expect(page.get_by_role("alertdialog")).to_have_count(0)
        assert secret not in await page.content()

        await page.get_by_role("button", name="Probar Pedidos").click()
        await expect(page.get_by_text("La prueba ha llegado: tu programa respondió 200.")).to_be_visible()
        assert verify(receiver.got[0], secret)["type"] == "webhook.test"

        # It is not tried again by itself meanwhile.
        receiver.plan, receiver.headers = [500], {"Retry-After": "600"}
        sent = await person.api.post(
            f"/api/v1/accounts/{account_id}/messages", json={"to": "+34612345678", "text": "hola"}
        )
        assert sent.status_code == 202, sent.text

        async def noted() -> bool:
            return (await person.api.get("/api/v1/webhooks")).json()[0]["failingSince"] is not None

        await eventually(noted)
        await page.get_by_role("button", name="Entregas de Pedidos").click()
        line = page.locator("[data-delivery]").filter(has_text="message.queued").last
        await expect(line).to_contain_text("el programa respondió 500")
        # While it fades, what a toast says has no contrast.
        await expect(page.get_by_text("La prueba ha llegado")).to_have_count(0)
        await no_complaints(page)
        await line.get_by_role("button", name="Detalles").click()
        dialog = page.get_by_role("dialog", name="message.queued")
        await expect(dialog.locator("pre")).to_contain_text("café")
        await no_complaints(page)
        await dialog.get_by_role("button", name="Intentar ahora").click()
        await eventually(lambda: len(receiver.taken) == 2)
        await expect(line).to_contain_text("Entregado")

        await page.get_by_role("button", name="Enviar otra vez…").click()
        await page.get_by_role("dialog").get_by_role("button", name="Enviar otra vez").click()
        await eventually(lambda: len(receiver.taken) == 3)
        assert receiver.taken_ids()[1] == receiver.taken_ids()[2], "a repetition has another id"

        await page.get_by_role("button", name="Más acciones de Pedidos").click()
        await page.get_by_role("menuitem", name="Apagar").click()
        await page.get_by_role("alertdialog").get_by_role("button", name="Apagar").click()
        await expect(page.get_by_text("Lo apagaste tú.")).to_be_visible()
        await page.get_by_role("button", name="Encender", exact=True).click()
        await page.get_by_role("dialog").get_by_role("button", name="Encender").click()
        await expect(page.get_by_text("El webhook está encendido.")).to_be_visible()

        await page.get_by_role("button", name="Más acciones de Pedidos").click()
        await page.get_by_role("menuitem", name="Eliminar").click()
        await page.get_by_role("alertdialog").get_by_role("button", name="Eliminar").click()
        await expect(page.get_by_role("heading", name="Todavía no hay webhooks")).to_be_visible()


async def test_what_is_refused_says_what_to_do(new_person: NewPerson) -> None:
    person = await new_person()
    page = await person.open("/webhooks")
    await page.locator("#first-webhook").click()
    await page.get_by_label("Dirección que recibe los eventos").fill("https://ana:clave@example.org/")
    await page.get_by_role("button", name="Guardar").click()
    await expect(page.get_by_role("alert").filter(has_text="sin usuario, contraseña ni #")).to_be_visible()
    await page.get_by_label("Todos, también los que lleguen con versiones nuevas").uncheck()
    await page.get_by_label("Dirección que recibe los eventos").fill("https://example.org/")
    await page.get_by_role("button", name="Guardar").click()
    await expect(page.get_by_text("Elige al menos un evento.")).to_be_visible()
