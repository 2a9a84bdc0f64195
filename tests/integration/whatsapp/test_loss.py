"""Whatever breaks, the driver says so, once, with its reason, and leaves nothing behind."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import psutil
import pytest
from playwright.async_api import Error as PlaywrightError

from session_core.browser.chromium import Browsers
from session_core.domain.content import Text
from session_core.errors import FatalError, TransientError
from session_core.settings import Settings
from session_core.whatsapp.driver import Loaded, Loss, Lost, QrShown, Ready
from session_core.whatsapp.page import PageDriver
from session_core.whatsapp.tracker import Patience
from tests.integration.whatsapp.conftest import Cockpit
from tests.integration.whatsapp.listening import Listener
from tests.servers.sandbox import PhoneClient, RunningSandbox

HURRY = Patience(
    load=timedelta(seconds=1), link=timedelta(seconds=1), poll=timedelta(milliseconds=100), answer=timedelta(seconds=1)
)
UNSUPPORTED = "<h1>WhatsApp works with Google Chrome 85+</h1><p>To use WhatsApp, update Chrome or use Firefox.</p>"


@contextlib.asynccontextmanager
async def serving(body: str, status: str = "200 OK") -> AsyncIterator[str]:
    """Serve one page at every address; yields its URL."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        content = f"<!doctype html><meta charset=utf-8><body>{body}".encode()
        head = (f"HTTP/1.1 {status}", "content-type: text/html", f"content-length: {len(content)}", "connection: close")
        writer.write("\r\n".join(head).encode() + b"\r\n\r\n" + content)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    finally:
        server.close()


async def lost_of(told: Listener) -> Lost:
    lost = await told.hear(Lost)
    await told.end()
    assert len(told.all(Lost)) == 1
    return lost


def page_of(driver: PageDriver):  # type: ignore[no-untyped-def]
    browser = driver._browser
    assert browser is not None
    return browser.page


async def test_a_crash_of_the_page(cockpit: Cockpit) -> None:
    driver, told = await cockpit.start()
    await told.hear(QrShown)
    with contextlib.suppress(PlaywrightError):
        await page_of(driver).goto("chrome://crash", timeout=2000)
    assert (await lost_of(told)).loss is Loss.PAGE
    with pytest.raises(TransientError):
        await driver.pairing_code("34600111222")
    await driver.close()
    assert await cockpit.processes() == 0


async def test_a_page_that_hangs(cockpit: Cockpit) -> None:
    driver, told = await cockpit.start(
        patience=replace(Patience(), poll=HURRY.poll, answer=timedelta(milliseconds=500))
    )
    await told.hear(QrShown)
    await page_of(driver).evaluate("setTimeout(() => { for (;;); }, 0)")
    assert (await lost_of(told)).loss is Loss.DEAF
    await driver.close()
    assert await cockpit.processes() == 0


async def test_a_page_that_closes_itself(cockpit: Cockpit) -> None:
    driver, told = await cockpit.start()
    await told.hear(QrShown)
    await page_of(driver).close()
    assert (await lost_of(told)).loss is Loss.PAGE


async def test_a_page_that_goes_elsewhere(cockpit: Cockpit) -> None:
    async with serving("somewhere else") as elsewhere:
        driver, told = await cockpit.start()
        await told.hear(QrShown)
        await page_of(driver).goto(elsewhere)
        assert (await lost_of(told)).loss is Loss.NAVIGATION


async def test_playwright_dies_and_is_started_again(sandbox: RunningSandbox, tmp_path: Path) -> None:
    before = {process.pid for process in psutil.Process().children()}
    cockpit = Cockpit(Browsers(Settings()), sandbox.url, tmp_path / "profile")
    await cockpit.browsers.start()
    try:
        driver, told = await cockpit.start()
        await told.hear(QrShown)
        [node] = [process for process in psutil.Process().children() if process.pid not in before]
        node.kill()
        assert (await lost_of(told)).loss is Loss.BROWSER
        await driver.close()
        assert await cockpit.processes() == 0
        driver, told = await cockpit.start()
        await told.hear(QrShown)
        await driver.close()
    finally:
        await cockpit.browsers.stop()


async def test_nobody_answers(cockpit: Cockpit, sandbox: RunningSandbox) -> None:
    await sandbox.stop()
    with pytest.raises(TransientError) as caught:
        await cockpit.start()
    assert caught.value.code == "page_unreachable"
    assert await cockpit.processes() == 0


async def test_the_site_is_broken(cockpit: Cockpit) -> None:
    async with serving("oops", "503 Service Unavailable") as url:
        with pytest.raises(TransientError) as caught:
            await cockpit.start(url=url)
    assert caught.value.code == "page_unreachable"
    assert await cockpit.processes() == 0


async def test_a_page_that_is_no_whatsapp(cockpit: Cockpit) -> None:
    async with serving("hello") as url:
        _, told = await cockpit.start(url=url, patience=HURRY)
        assert (await lost_of(told)).loss is Loss.LOAD_TIMEOUT


async def test_an_unsupported_browser(cockpit: Cockpit) -> None:
    async with serving(UNSUPPORTED) as url:
        # It has to be there for a while before it is believed.
        _, told = await cockpit.start(url=url, patience=replace(HURRY, load=timedelta(seconds=30)))
        assert (await lost_of(told)).loss is Loss.UNSUPPORTED


async def test_a_login_that_never_finishes_is_reloaded_once(
    cockpit: Cockpit, sandbox: RunningSandbox, ana: PhoneClient
) -> None:
    driver, _ = await cockpit.link(ana)
    await driver.close()
    await sandbox.config(resumeMs=600_000)
    _, told = await cockpit.start(patience=replace(HURRY, load=timedelta(seconds=30)))
    assert (await lost_of(told)).loss is Loss.LINK_TIMEOUT
    assert not told.all(Ready)
    assert len(told.all(Loaded)) == 2


async def test_two_drivers_never_share_a_profile(cockpit: Cockpit, ana: PhoneClient) -> None:
    await cockpit.link(ana)
    with pytest.raises(FatalError) as caught:
        await cockpit.start()
    assert caught.value.code == "profile_in_use"
    # The first one was not disturbed.
    await cockpit.drivers[0].send("34611000001@c.us", Text(text="still here"), "3EB0" + "A" * 18)


async def test_a_start_that_is_cancelled_leaves_nothing(cockpit: Cockpit, sandbox: RunningSandbox) -> None:
    await sandbox.config(loadMs=60_000)
    for delay in (0.02, 0.1, 0.2):
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(delay):
                await cockpit.start()
        await cockpit.drivers[-1].close()
        assert await cockpit.processes() == 0
