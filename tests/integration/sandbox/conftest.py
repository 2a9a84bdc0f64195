"""A running sandbox for each test, and the browser that the proofs use."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Playwright, async_playwright

from tests.integration.sandbox.wajs import WaPage, wa_page
from tests.servers.sandbox import PhoneClient, RunningSandbox, running_sandbox

SHELLS = ("/usr/lib/chromium/chromium-headless-shell", "/usr/lib/chromium/chromium")


@pytest.fixture
async def sandbox(tmp_path: Path) -> AsyncIterator[RunningSandbox]:
    """A sandbox on free ports, with no phones; acks come quickly."""
    async with running_sandbox(tmp_path / "sandbox") as running:
        await running.config(ackDeviceMs=50, ackReadMs=100)
        yield running


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of a Chromium, the shell if there is one; the real binary, since Debian's script adds flags of its own."""
    for path in (*SHELLS, shutil.which("chromium") or "", shutil.which("google-chrome") or ""):
        if path and os.access(path, os.X_OK):
            return path
    raise RuntimeError("There is no Chromium: run `make setup`, or install Debian's package `chromium`.")


@pytest.fixture(scope="session")
def chromium_flags() -> list[str]:
    """Flags that every browser of these tests needs on this machine; Chromium's own sandbox does not run as root."""
    return ["--no-sandbox"] if os.geteuid() == 0 else []


@pytest.fixture(scope="session")
async def playwright() -> AsyncIterator[Playwright]:
    """Playwright, once for all tests."""
    async with async_playwright() as running:
        yield running


@pytest.fixture
async def wa(playwright: Playwright, tmp_path: Path, chromium: str, chromium_flags: list[str]) -> AsyncIterator[WaPage]:
    """A browser with wa-js, on no page yet."""
    async with wa_page(playwright, tmp_path / "profile", chromium, chromium_flags) as page:
        yield page


@pytest.fixture
async def linked(sandbox: RunningSandbox, wa: WaPage) -> tuple[WaPage, PhoneClient]:
    """A page in main mode, and the phone that it is linked to."""
    phone = sandbox.phone("34600112233", "Ana")
    await wa.page.goto(sandbox.url)
    await phone.scan(await wa.qr())
    await wa.main()
    return wa, phone
