"""The steps as people and programs see them: a browser on the page, a client of the API, a listener on the bus."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from dataclasses import dataclass, field
from uuid import UUID, uuid4

import httpx
from playwright.async_api import Page, async_playwright

from benchmarks.steps import ACCEPTED_TO_SENT, CONNECT_TO_QR, CONTACT, MESSAGES, QR_TO_DOM, SCAN_TO_READY
from session_core.browser.find import find_chromium
from session_core.clock import utcnow
from session_core.core import Core, open_core
from session_core.domain.events import MessageChanged, Qr, SessionChanged
from session_core.domain.message import MessageStatus
from session_core.host.qr_image import data_uri
from session_core.services import accounts
from session_core.services.live import subscribe
from session_core.settings import Settings
from tests.servers.whahook import WhaHook

PUBLISHES = 50
PATIENCE_MS = 60_000

# Notes the moment at which something is in the document. timeOrigin + now() is the machine's clock with fractions.
OBSERVER = """
window.__seen = [];
window.__clock = () => performance.timeOrigin + performance.now();
const known = new Set();
new MutationObserver(() => {
  const qr = document.querySelector('#qr')?.getAttribute('src');
  const done = document.querySelector('.wh-big-check') ? 'ready' : null;
  if (!done) known.delete('ready');
  for (const what of [qr, done]) {
    if (what && !known.has(what)) { known.add(what); window.__seen.push([what, window.__clock()]); }
  }
}).observe(document, {subtree: true, childList: true, attributes: true, attributeFilter: ['src']});
"""


def now_ms() -> float:
    """Return the machine's clock in milliseconds."""
    return time.time() * 1000


@dataclass
class Run:
    """What one measuring needs."""

    page: Page
    api: httpx.AsyncClient
    sandbox: httpx.AsyncClient
    core: Core
    user_id: UUID
    samples: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    async def seen(self, what: str | None) -> tuple[str, float]:
        """Wait until ``what`` (None: any QR) is in the document; return it and when that was."""
        test = "one[0] !== 'ready'" if what is None else "one[0] === what"
        handle = await self.page.wait_for_function(
            f"(what) => window.__seen.find((one) => {test})", arg=what, timeout=PATIENCE_MS
        )
        name, at = await handle.json_value()
        return name, at


async def measure(whahook: WhaHook, runs: int) -> dict[str, list[float]]:
    """Go through the steps ``runs`` times.

    Args:
        whahook: a running installation with the sandbox.
        runs: how often.

    Returns:
        Milliseconds, by step.
    """
    settings = Settings(data_dir=whahook.data)
    async with (
        open_core(settings) as core,
        httpx.AsyncClient(base_url=whahook.url, timeout=60) as api,
        httpx.AsyncClient(base_url=whahook.sandbox_url, timeout=60) as sandbox,
        async_playwright() as playwright,
    ):
        await core.hub.start()
        browser = await playwright.chromium.launch(executable_path=find_chromium(settings), args=["--no-sandbox"])
        page = await browser.new_page(locale="es-ES")
        await page.add_init_script(OBSERVER)
        run = Run(page, api, sandbox, core, await _sign_up(page, api, whahook.url))
        for number in range(runs):
            await _one(run, f"3460000{number:04d}")
        await _publishes(run)
        await browser.close()
        return run.samples


async def _sign_up(page: Page, api: httpx.AsyncClient, url: str) -> UUID:
    email, password = f"{uuid4().hex}@example.com", uuid4().hex
    await page.goto(f"{url}/sign-up")
    await page.fill("#name", "Bench")
    await page.fill("#email", email)
    await page.fill("#password", password)
    await page.click("button[type=submit]")
    await page.wait_for_url("**/settings/connections**")
    answer = await api.post("/api/v1/auth/sign-in", json={"email": email, "password": password})
    api.headers["Origin"] = url
    return UUID(answer.raise_for_status().json()["id"])


async def _open_dialog(run: Run, name: str) -> float:
    """Ask for a new account on the page; return when the person pressed the button."""
    await run.page.get_by_role("button", name="Conectar WhatsApp").first.click()
    await run.page.fill("#account-name", name)
    await run.page.check("input[name=kind][value=sandbox]")
    await run.page.evaluate("window.__seen.length = 0")
    submit = run.page.locator(".wh-dialog button[type=submit]")
    await submit.evaluate(
        "(b) => b.addEventListener('click', () => { window.__pressed = window.__clock(); }, {once: true})"
    )
    await submit.click()
    return float(await run.page.evaluate("window.__pressed"))


async def _account(run: Run, name: str) -> UUID:
    listed = (await run.api.get("/api/v1/accounts")).raise_for_status().json()
    return next(UUID(one["id"]) for one in listed if one["name"] == name)


async def _one(run: Run, phone: str) -> None:
    name = f"Bench {phone}"
    pressed = await _open_dialog(run, name)
    _, shown = await run.seen(None)
    run.samples[CONNECT_TO_QR].append(shown - pressed)
    account_id = await _account(run, name)
    code = (
        await run.api.get(f"/api/v1/accounts/{account_id}/qr", headers={"Accept": "application/json"})
    ).raise_for_status()
    scanned = now_ms()
    (
        await run.sandbox.post("/phone/scan", json={"qr": code.json()["qr"], "phone": phone, "name": name})
    ).raise_for_status()
    _, ready = await run.seen("ready")
    run.samples[SCAN_TO_READY].append(ready - scanned)
    await run.page.keyboard.press("Escape")
    for number in range(MESSAGES):
        await _message(run, account_id, f"text {number}")
    (await run.api.post(f"/api/v1/accounts/{account_id}/disconnect", json={})).raise_for_status()


async def _message(run: Run, account_id: UUID, text: str) -> None:
    with subscribe(run.core, run.user_id) as events:
        answer = await run.api.post(f"/api/v1/accounts/{account_id}/messages", json={"to": CONTACT, "text": text})
        accepted = now_ms()
        message_id = UUID(answer.raise_for_status().json()["id"])
        async with asyncio.timeout(PATIENCE_MS / 1000):
            async for event in events:
                if isinstance(event, MessageChanged) and event.message.id == message_id:
                    assert event.message.status is not MessageStatus.FAILED, event.message.failure
                    if event.message.status.rank >= MessageStatus.SENT.rank:
                        break
        run.samples[ACCEPTED_TO_SENT].append(now_ms() - accepted)


async def _publishes(run: Run) -> None:
    """Publish codes as the host does, faster than WhatsApp would renew them."""
    name = "Bench of publishing"
    await _open_dialog(run, name)
    await run.seen(None)
    snapshot = await accounts.get(run.core, run.user_id, await _account(run, name))
    for number in range(PUBLISHES):
        # As long as a real code (243 characters), so that the picture has a real one's size.
        code = f"{number}@{uuid4().hex * 8}"[:243]
        now = utcnow()
        qr = Qr(
            code=code,
            png=data_uri(code),
            shown_at=now,
            expires_at=now.replace(year=now.year + 1),
            number=number + 1,
        )
        changed = snapshot.model_copy(update={"seq": snapshot.seq + number + 1, "qr": qr})
        published = now_ms()
        await run.core.publisher.publish(SessionChanged(user_id=run.user_id, session=changed))
        _, shown = await run.seen(qr.png)
        run.samples[QR_TO_DOM].append(shown - published)
