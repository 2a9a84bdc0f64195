"""Files of every kind on the page, both ways, on the whole installation: what left is what arrives."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any

import httpx
import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, expect

from tests.e2e.conftest import NewPerson
from tests.e2e.people import Person
from tests.files import every_kind, picture
from tests.servers.whahook import WhaHook
from tests.waiting import eventually

SLOW = timedelta(seconds=60)
SLOW_MS = 60_000
CONTACT = "34655012299"
CHAT = f"{CONTACT}@c.us"
MENU = {"voice": "Nota de voz", "sticker": "Sticker", "document": "Archivo como documento"}
"""Kinds that a person chooses in the menu; the others are seen by their bytes."""

PHONE = "34600445566"


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


async def linked(person: Person, sandbox: httpx.AsyncClient, phone: str = PHONE) -> str:
    """Return an account that is ready, linked by REST."""
    account = await person.account("Tienda")
    await person.api.post(f"/api/v1/accounts/{account}/connect")

    async def code() -> Any:
        answer = await person.api.get(f"/api/v1/accounts/{account}/qr", headers={"Accept": "application/json"})
        return answer.json()["qr"] if answer.is_success else None

    qr = await eventually(code, SLOW, "a code")
    answer = await sandbox.post("/phone/scan", json={"phone": phone, "qr": qr, "name": "Ana"})
    assert answer.is_success, answer.text

    async def ready() -> bool:
        return bool((await person.api.get(f"/api/v1/accounts/{account}")).json()["status"] == "ready")

    await eventually(ready, SLOW, "ready")
    return account


async def received(sandbox: httpx.AsyncClient, count: int) -> list[Any]:
    async def enough() -> list[Any] | None:
        found: list[Any] = (await sandbox.get(f"/phone/{PHONE}/received")).json()["received"]
        return found if len(found) >= count else None

    return await eventually(enough, SLOW, f"{count} messages")


@pytest.mark.timeout(300)
async def test_files_go_out_and_come_in(new_person: NewPerson, whahook: WhaHook) -> None:
    person = await new_person()
    async with httpx.AsyncClient(base_url=whahook.sandbox_url, timeout=20, trust_env=False) as sandbox:
        account = await linked(person, sandbox)
        photo = picture("JPEG", (400, 300))
        sent = {"from": CONTACT, "type": "image", "filename": "a.jpg", "caption": "mira", "name": "Luis"}
        await sandbox.post(f"/phone/{PHONE}/media", params=sent, content=photo, headers={"content-type": "image/jpeg"})

        page = await person.open("/messages")
        await page.locator(f'[data-chat="{CHAT}"]').click(timeout=SLOW_MS)
        await expect(page.locator(".wh-bubble").filter(has_text="mira")).to_be_visible()
        shown = page.locator(".wh-media-picture").first
        await expect(shown).to_be_visible(timeout=SLOW_MS)
        await eventually(lambda: _width(page), what="the picture is drawn")

        await _page_sends(page, sandbox)

        # Every file that came in or went out, by REST: the same bytes as on the phone.
        by_id = {one["id"]: one for one in (await person.api.get("/api/v1/media")).json()}
        for media_id, told in by_id.items():
            answer = await person.api.get(f"/api/v1/media/{media_id}/file", follow_redirects=True)
            assert sha(answer.content) == told["sha256"]
        assert sha(photo) in {told["sha256"] for told in by_id.values()}

        await page.get_by_role("button", name="Más opciones de la cuenta").click()
        await page.get_by_role("menuitem", name="Descargas").click()
        await page.get_by_label("Vídeos").uncheck()
        await page.get_by_role("button", name="Guardar").click()
        await expect(page.get_by_text("Guardado.")).to_be_visible()
        chosen = (await person.api.get(f"/api/v1/accounts/{account}/media-settings")).json()["autoDownload"]
        assert chosen == ["image", "document", "audio", "voice", "sticker"]

        await page.reload()
        await expect(page.locator(".wh-media-picture").first).to_be_visible(timeout=SLOW_MS)
        found = await Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa"]})
        assert found.violations_count == 0, found.generate_report()


async def _width(page: Page) -> bool:
    return bool(await page.locator("img.wh-media-picture").first.evaluate("(image) => image.naturalWidth === 400"))


async def _page_sends(page: Page, sandbox: httpx.AsyncClient) -> None:
    for number, file in enumerate(every_kind(), 1):
        await page.get_by_role("button", name="Adjuntar").click()
        async with page.expect_file_chooser() as chooser:
            await page.get_by_role("menuitem", name=MENU.get(file.kind, "Foto, vídeo o archivo")).click()
        chosen: Any = {"name": file.name, "mimeType": file.mime, "buffer": file.content}
        await (await chooser.value).set_files([chosen])
        chip = page.locator(".wh-attached")
        await expect(chip).to_contain_text(file.name)
        await expect(chip).to_have_attribute("data-done", "true")
        await page.get_by_label("Escribe un mensaje").fill(f"el número {number}")
        await page.get_by_role("button", name="Enviar", exact=True).click()
        await expect(chip).to_be_hidden()
        got = (await received(sandbox, number))[-1]
        assert (got["type"], got["text"], got["times"]) == (file.wa_type, f"el número {number}", 1)
        if file.kind == "document":
            assert got["media"]["filename"] == file.name
        answer = await sandbox.get(got["media"]["url"])
        assert sha(answer.content) == sha(file.content), file.kind
        bubble = page.locator(".wh-bubble").filter(has_text=f"el número {number}")
        await expect(bubble).to_contain_text("Leído", timeout=SLOW_MS)
