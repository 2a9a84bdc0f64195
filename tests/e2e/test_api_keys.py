"""Keys: shown once, usable, revoked for good."""

from __future__ import annotations

from datetime import timedelta

import httpx
import redis.asyncio as redis
from playwright.async_api import Page, expect

from session_core.settings import Settings
from tests.e2e.conftest import NewPerson
from tests.servers.whahook import WhaHook
from tests.waiting import eventually


async def shown_key(page: Page) -> str:
    """Return the key in the dialog, once it is there."""
    place = page.locator("#new-key")
    await expect(place).to_contain_text("wak_")
    return await place.inner_text()


async def states_with(whahook: WhaHook, text: str) -> int:
    """Count the pages' states in Valkey that hold a text: they are pickles, which keep texts as they are."""
    async with redis.from_url(Settings(data_dir=whahook.data).redis_url) as client:
        found = [key async for key in client.scan_iter(type="string", count=1000)]
        values = await client.mget(found) if found else []
    return sum(value is not None and text.encode() in value for value in values)


async def test_a_key_is_shown_once_works_and_can_be_revoked(new_person: NewPerson) -> None:
    person = await new_person()
    page = await person.open("/api-keys")
    await page.get_by_label("¿Para qué es la clave?").fill("Pedidos")
    await page.get_by_role("button", name="Crear clave").click()
    key = await shown_key(page)
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
    key = await shown_key(page)
    await page.reload()
    await expect(page.get_by_text("Olvidada")).to_be_visible()
    await expect(page.locator("#new-key")).to_have_count(0)
    assert key not in await page.content()


async def test_a_key_is_never_kept_with_the_page(new_person: NewPerson) -> None:
    person = await new_person()
    page = await person.open("/api-keys")
    await page.get_by_label("¿Para qué es la clave?").fill("Cuaderno-7731")
    await page.get_by_role("button", name="Crear clave").click()
    key = await shown_key(page)
    await person.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await page.get_by_role("button", name="Copiar").click()

    async def copied() -> bool:
        said: str = await page.evaluate("navigator.clipboard.readText()")
        return said == key

    await eventually(copied, timedelta(seconds=10), "the key is in the clipboard")

    async def stored() -> bool:
        return await states_with(person.whahook, "Cuaderno-7731") > 0

    # The state is written after the answer: its own text tells that it is there.
    await eventually(stored, timedelta(seconds=10), "the page's state is in Valkey")
    assert await states_with(person.whahook, key.split("_", 2)[2]) == 0
