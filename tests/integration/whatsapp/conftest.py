"""A sandbox, one Playwright, and drivers that are closed when the test ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import pytest

from session_core.browser import processes
from session_core.browser.chromium import Browsers
from session_core.settings import Settings
from session_core.whatsapp.driver import QrShown, Ready
from session_core.whatsapp.page import PageDriver
from session_core.whatsapp.tracker import Patience
from tests.integration.whatsapp.listening import Listener
from tests.servers.sandbox import PhoneClient, RunningSandbox, running_sandbox


@pytest.fixture
async def sandbox(tmp_path: Path) -> AsyncIterator[RunningSandbox]:
    """A sandbox on free ports, with no phones; everything in it goes quickly."""
    async with running_sandbox(tmp_path / "sandbox") as running:
        await running.config(ackDeviceMs=50, ackReadMs=100, syncMs=100, resumeMs=100)
        yield running


@pytest.fixture(scope="session")
async def browsers() -> AsyncIterator[Browsers]:
    """One Playwright for all tests, as a host has it."""
    browsers = Browsers(Settings())
    await browsers.start()
    yield browsers
    await browsers.stop()


@dataclass
class Cockpit:
    """Starts drivers on one profile, one after the other, and closes what is left of them."""

    browsers: Browsers
    url: str
    profile: Path
    settings: Settings = field(default_factory=Settings)
    drivers: list[PageDriver] = field(default_factory=list)

    async def start(
        self,
        *,
        since: datetime | None = None,
        patience: Patience | None = None,
        profile: Path | None = None,
        url: str | None = None,
    ) -> tuple[PageDriver, Listener]:
        """Return a started driver and whoever listens to it."""
        driver = PageDriver(
            self.browsers,
            profile=profile or self.profile,
            url=url or self.url,
            settings=self.settings,
            since=since,
            patience=patience,
        )
        self.drivers.append(driver)
        await driver.start()
        return driver, Listener(driver)

    async def link(self, phone: PhoneClient) -> tuple[PageDriver, Listener]:
        """Return a driver that is ready as ``phone``."""
        driver, listener = await self.start()
        shown = await listener.hear(QrShown)
        await phone.scan(shown.code)
        await listener.hear(Ready)
        return driver, listener

    async def kill_browser(self) -> None:
        """End the Chromium of the profile the hard way."""
        found = await asyncio.to_thread(processes.of_profile, self.profile)
        [browser] = [p for p in found if not any(arg.startswith("--type=") for arg in p.cmdline())]
        browser.kill()

    async def processes(self) -> int:
        """Count the live processes on the profile."""
        return len(await asyncio.to_thread(processes.of_profile, self.profile))


@pytest.fixture
async def cockpit(browsers: Browsers, sandbox: RunningSandbox, tmp_path: Path) -> AsyncIterator[Cockpit]:
    """Drivers on the sandbox's WhatsApp Web."""
    cockpit = Cockpit(browsers, sandbox.url, tmp_path / "profile")
    yield cockpit
    for driver in cockpit.drivers:
        await driver.close()


@pytest.fixture(params=["legacy", "bridge"])
async def generation(request: pytest.FixtureRequest, sandbox: RunningSandbox) -> str:
    """Each of the two generations of WhatsApp Web, one after the other."""
    name = str(request.param)
    await sandbox.config(generation=name)
    return name


@pytest.fixture
def ana(sandbox: RunningSandbox) -> PhoneClient:
    """A person's phone."""
    return sandbox.phone("34600111222", "Ana")
