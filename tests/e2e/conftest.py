"""All of WhaHook as people run it, and Chromium as people use it."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import pytest
from playwright.async_api import Browser, async_playwright

from session_core.browser.find import find_chromium
from session_core.core import Core, open_core
from session_core.settings import Settings
from tests.e2e.people import Person, opened_by
from tests.servers.whahook import WhaHook, running_whahook

NewPerson = Callable[..., Awaitable[Person]]

OPERATOR = "operadora@example.com"
"""Who may see the queues of this installation."""


@pytest.fixture(scope="session")
def whahook(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WhaHook]:
    """One installation for all tests; each test signs up people of its own."""
    # Receivers of webhooks are on this machine.
    env = {"WHAHOOK_WEBHOOK_PRIVATE_TARGETS": "allow", "WHAHOOK_OPERATORS": OPERATOR}
    with running_whahook(tmp_path_factory.mktemp("e2e") / "data", env) as running:
        yield running


@pytest.fixture(scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """The browser that people use."""
    args = ["--no-sandbox"] if os.geteuid() == 0 else []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=find_chromium(Settings()), args=args)
        yield browser
        await browser.close()


@pytest.fixture
async def new_person(whahook: WhaHook, chromium: Browser) -> AsyncIterator[NewPerson]:
    """Make people: each signed up (unless ``signed_up=False``), with a browser of their own."""
    people: list[Person] = []

    async def make(*, signed_up: bool = True, **context: object) -> Person:
        person = await opened_by(chromium, whahook, signed_up=signed_up, **context)
        people.append(person)
        return person

    yield make
    for person in people:
        await person.close()
    # A page that throws, or asks another server for anything, fails whatever it was opened for.
    assert [complaint for person in people for complaint in person.complaints] == []


@pytest.fixture
async def core(whahook: WhaHook) -> AsyncIterator[Core]:
    """Store and bus of the installation, for what a host would write."""
    async with open_core(Settings(data_dir=whahook.data)) as opened:
        yield opened
