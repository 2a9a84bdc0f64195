"""Whoever knows a tab's token does not see what its person saw."""

from __future__ import annotations

import pytest
from playwright.async_api import Page

from session_core.core import Core
from session_core.domain.status import SessionStatus
from tests.e2e.conftest import NewPerson
from tests.e2e.people import Person, card
from tests.e2e.staging import code, stage
from tests.e2e.test_strangers import OPEN

HYDRATE = "reflex___state____state.hydrate"


async def everything_told_to(person: Person, token: str) -> str:
    """Connect with the token of a tab and ask for its whole state, with the cookie that ``person`` has or has not."""
    page: Page = await person.context.new_page()
    await page.goto(f"{person.whahook.url}/logo.svg")
    address = person.whahook.url.replace("http", "ws", 1)
    await page.evaluate(OPEN.replace("ADDRESS", f'"{address}"'), token)
    event = {"name": HYDRATE, "payload": {}, "router_data": {"pathname": "/settings/connections/"}}
    await page.evaluate("(event) => window.intruder.call(event)", event)
    await page.wait_for_function("window.intruder.heard.some((text) => text.includes('is_hydrated'))")
    return str(await page.evaluate("window.intruder.heard.join('')"))


@pytest.mark.parametrize("signed_up", [True, False])
async def test_a_tabs_token_is_worth_nothing_to_others(new_person: NewPerson, core: Core, signed_up: bool) -> None:
    owner, other = await new_person(), await new_person(signed_up=signed_up)
    account_id = await owner.account("De la dueña")
    await stage(core, account_id, SessionStatus.QR, qr=code(seconds=300))
    page = await owner.open("/settings/connections")
    await card(page, "De la dueña")
    token = str(await page.evaluate("sessionStorage.getItem('token')")).strip('"')
    assert token != "None"
    await page.close()
    told = await everything_told_to(other, token)
    for secret in ("De la dueña", account_id, owner.email, "data:image"):
        assert secret not in told


async def test_its_own_person_gets_it_back(new_person: NewPerson) -> None:
    owner = await new_person()
    await owner.account("De la dueña")
    page = await owner.open("/settings/connections")
    await card(page, "De la dueña")
    token = str(await page.evaluate("sessionStorage.getItem('token')")).strip('"')
    await page.close()
    assert "De la dueña" in await everything_told_to(owner, token)
