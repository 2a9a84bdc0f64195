"""A person with a browser: what they see, and what their programs can do."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count
from typing import Any
from urllib.parse import urlsplit

import httpx
from playwright.async_api import Browser, BrowserContext, Page, expect

from tests.servers.whahook import WhaHook

PASSWORD = "una contraseña larga"
_numbers = count(1)

EXPECTED_IN_THE_CONSOLE = ("status of 404",)
"""The browser itself notes it when a test opens an address that does not exist."""


@dataclass
class Person:
    """One person: ``page`` is their open tab, ``api`` asks REST with the same login."""

    email: str
    whahook: WhaHook
    context: BrowserContext
    page: Page
    api: httpx.AsyncClient
    complaints: list[str] = field(default_factory=list)

    async def open(self, path: str) -> Page:
        """Open a page of ours."""
        await self.page.goto(self.whahook.url + path)
        return self.page

    async def new_tab(self) -> Page:
        """Open another tab, watched like the first one."""
        page = await self.context.new_page()
        self.watch(page)
        return page

    def watch(self, page: Page) -> None:
        """Note everything that goes wrong in a tab."""
        host = urlsplit(self.whahook.url).netloc
        page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        page.on("console", self._console)
        page.on("request", lambda request: self._request(request.url, host))

    def _console(self, message: Any) -> None:
        if message.type == "error" and not any(known in message.text for known in EXPECTED_IN_THE_CONSOLE):
            self.complaints.append(f"console: {message.text}")

    def _request(self, url: str, host: str) -> None:
        parts = urlsplit(url)
        if parts.scheme in {"http", "https", "ws", "wss"} and parts.netloc != host:
            self.complaints.append(f"asked elsewhere: {url}")

    async def account(self, name: str, kind: str = "sandbox") -> str:
        """Make an account by REST; return its id."""
        answer = await self.api.post("/api/v1/accounts", json={"name": name, "kind": kind})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    async def cookies(self) -> dict[str, str]:
        """The cookies of the person's browser."""
        return {cookie["name"]: cookie["value"] for cookie in await self.context.cookies()}

    async def close(self) -> None:
        """Close browser and client."""
        await self.api.aclose()
        await self.context.close()


async def opened_by(browser: Browser, whahook: WhaHook, *, signed_up: bool, email: str = "", **context: Any) -> Person:
    """Give a new person a browser of their own, in Spanish unless ``locale`` says otherwise."""
    email = email or f"persona{next(_numbers)}@example.com"
    api = httpx.AsyncClient(base_url=whahook.url, timeout=20, trust_env=False)
    opened = await browser.new_context(**{"locale": "es-ES", "viewport": {"width": 1280, "height": 800}} | context)
    opened.set_default_timeout(20_000)
    page = await opened.new_page()
    person = Person(email, whahook, opened, page, api)
    person.watch(page)
    if signed_up:
        answer = await api.post("/api/v1/auth/sign-up", json={"email": email, "password": PASSWORD, "name": "Ana"})
        assert answer.status_code == 201, answer.text
        await opened.add_cookies(
            [{"name": name, "value": value, "url": whahook.url} for name, value in api.cookies.items()]
        )
    return person


async def card(page: Page, name: str) -> Any:
    """Return the card of the account ``name`` once it is there."""
    found = page.locator(".wh-card[data-account]").filter(has=page.get_by_role("heading", name=name))
    await expect(found).to_be_visible()
    return found
