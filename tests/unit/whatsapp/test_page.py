"""What the driver makes of a page whose own answers about itself are of no use."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from playwright.async_api import Error as PlaywrightError

from session_core.domain.health import HealthLevel
from session_core.settings import Settings
from session_core.whatsapp.driver import DriverEvent, Loss, Lost
from session_core.whatsapp.page import PageDriver
from tests.unit.whatsapp.pages import MAIN, URL, StoppedClock


def throws() -> str:
    raise PlaywrightError("Page.evaluate: TypeError: module is not a function")


def no_bridge() -> None:
    return None


def no_json() -> str:
    return "[object Object]"


def no_news() -> str:
    return "null"


def no_state() -> str:
    return json.dumps({"kind": "state", "doc": "d1", "state": {"n": "many"}})


BROKEN = [throws, no_bridge, no_json, no_news, no_state]


class AskedPage:
    """Answers as it is told to."""

    def __init__(self) -> None:
        self.answer: Callable[[], str | None] = self.tells({})
        self._n = 0

    def tells(self, state: dict[str, object]) -> Callable[[], str]:
        def answer() -> str:
            self._n += 1
            return json.dumps({"kind": "state", "doc": "d1", "state": {"n": self._n, **state}})

        return answer

    async def evaluate(self, _script: str) -> str | None:
        return self.answer()

    def is_closed(self) -> bool:
        return False


class Cockpit:
    """A driver on such a page, looked at step by step."""

    def __init__(self) -> None:
        self.page = AskedPage()
        browsers: Any = None
        browser: Any = SimpleNamespace(page=self.page)
        self.driver = PageDriver(
            browsers, profile=Path("profile"), url=URL, settings=Settings(), since=None, clock=StoppedClock()
        )
        self.driver._browser = browser

    async def look(self, answer: Callable[[], str | None], times: int = 1) -> list[DriverEvent]:
        self.page.answer = answer
        for _ in range(times):
            await self.driver._look()
        queue = self.driver._events
        return [event for event in (queue.get_nowait() for _ in range(queue.qsize())) if event is not None]

    def level(self) -> HealthLevel:
        health = self.driver.health()
        assert health is not None
        return health.level


@pytest.fixture
async def cockpit() -> Cockpit:
    """Return a driver whose page is ready and well."""
    cockpit = Cockpit()
    await cockpit.look(cockpit.page.tells(MAIN))
    assert cockpit.level() is HealthLevel.HEALTHY
    return cockpit


@pytest.mark.parametrize("broken", BROKEN)
async def test_a_page_that_says_nothing_of_itself_is_given_up(
    cockpit: Cockpit, broken: Callable[[], str | None]
) -> None:
    assert await cockpit.look(broken, times=2) == []
    assert cockpit.level() is HealthLevel.DEGRADED
    (lost,) = await cockpit.look(broken)
    assert isinstance(lost, Lost)
    assert lost.loss is Loss.DEAF


@pytest.mark.parametrize("broken", BROKEN)
async def test_one_answer_that_is_missing_condemns_nothing(cockpit: Cockpit, broken: Callable[[], str | None]) -> None:
    for _ in range(5):
        assert await cockpit.look(broken, times=2) == []
        assert await cockpit.look(cockpit.page.tells(MAIN)) == []
        assert cockpit.level() is HealthLevel.HEALTHY


async def test_a_page_that_loads_has_its_deadline() -> None:
    cockpit = Cockpit()
    assert await cockpit.look(throws, times=10) == []
