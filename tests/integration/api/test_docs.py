"""The description, for programs and in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx
from fastapi.openapi.models import OpenAPI
from playwright.async_api import async_playwright

from session_core.browser.find import find_chromium
from session_core.settings import Settings
from tests.servers.api import RunningApi


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(reference := node.get("$ref"), str):
            yield reference
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


async def test_the_document_is_complete(anonymous: httpx.AsyncClient) -> None:
    document = (await anonymous.get("/api/openapi.json")).json()
    OpenAPI.model_validate(document)
    for reference in references(document):
        node: Any = document
        for part in reference.removeprefix("#/").split("/"):
            node = node[part]
    assert "HTTPValidationError" not in str(document)
    for path, methods in document["paths"].items():
        for method, described in methods.items():
            assert described["description"], (method, path)
            for status, response in described["responses"].items():
                if status >= "400":
                    assert list(response["content"]) == ["application/problem+json"], (method, path, status)
    assert set(document["components"]["schemas"]["Account"]["required"]) >= {
        "sessionId",
        "phoneNumber",
        "lastActivity",
        "createdAt",
    }


async def test_the_page_shows_it_without_asking_anybody_else(api: RunningApi) -> None:
    asked: list[str] = []
    complaints: list[str] = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=str(find_chromium(Settings())), args=["--no-sandbox"], timeout=30_000
        )
        try:
            page = await browser.new_page()
            page.on("request", lambda request: asked.append(request.url))
            page.on("console", lambda line: complaints.append(line.text) if line.type == "error" else None)
            page.on("pageerror", lambda error: complaints.append(str(error)))
            await page.goto(f"{api.url}/api/docs", timeout=20_000)
            operation = page.locator(".opblock-summary", has_text="/api/v1/accounts/{account_id}/connect")
            await operation.wait_for(timeout=20_000)
            await operation.click()
            await page.get_by_role("button", name="Execute").wait_for(timeout=20_000)
        finally:
            await browser.close()
    assert complaints == []
    hosts = {urlsplit(url).netloc for url in asked if not url.startswith("data:")}
    assert hosts == {urlsplit(api.url).netloc}


async def test_only_the_files_that_the_page_needs_are_given(anonymous: httpx.AsyncClient) -> None:
    script = await anonymous.get("/api/docs/assets/swagger-ui-bundle.js")
    assert (script.status_code, script.headers["content-type"]) == (200, "text/javascript; charset=utf-8")
    assert "max-age" in script.headers["cache-control"]
    for name in ("package.json", "..%2Fpackage.json", "swagger-ui.js.map", "index.html"):
        assert (await anonymous.get(f"/api/docs/assets/{name}")).status_code == 404
