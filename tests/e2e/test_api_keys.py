"""Keys: shown once, usable, revoked for good."""

from __future__ import annotations

import httpx
from playwright.async_api import expect

from tests.e2e.conftest import NewPerson


async def test_a_key_is_shown_once_works_and_can_be_revoked(new_person: NewPerson) -> None:
    person = await new_person()
    page = await person.open("/api-keys")
    await page.get_by_label("¿Para qué es la clave?").fill("Pedidos")
    await page.get_by_role("button", name="Crear clave").click()
    key = await page.locator("#new-key").inner_text()
    async with httpx.AsyncClient(base_url=person.whahook.url, headers={"X-API-Key": key}, trust_env=False) as program:
        assert (await program.get("/api/v1/accounts")).status_code == 200
        await page.get_by_role("button", name="Ya la he guardado").click()
        await expect(page.get_by_role("alertdialog")).to_have_count(0)
        assert key not in await page.content()
        await page.reload()
        await expect(page.get_by_text("Pedidos")).to_be_visible()
        assert key not in await page.content()
        await page.get_by_role("button", name="Revocar la clave Pedidos").click()
        question = page.get_by_role("alertdialog", name="¿Revocar la clave «Pedidos»?")
        await question.get_by_role("button", name="Revocar").click()
        await expect(page.get_by_role("heading", name="Todavía no hay claves")).to_be_visible()
        assert (await program.get("/api/v1/accounts")).status_code == 401


async def test_a_key_that_is_not_noted_is_forgotten_on_reload(new_person: NewPerson) -> None:
    person = await new_person()
    page = await person.open("/api-keys")
    await page.get_by_label("¿Para qué es la clave?").fill("Olvidada")
    await page.get_by_role("button", name="Crear clave").click()
    key = await page.locator("#new-key").inner_text()
    await page.reload()
    await expect(page.get_by_text("Olvidada")).to_be_visible()
    await expect(page.locator("#new-key")).to_have_count(0)
    assert key not in await page.content()
