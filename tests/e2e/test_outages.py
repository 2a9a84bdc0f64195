"""What pages say while a part of the server is away, and that they come back by themselves."""

from __future__ import annotations

import os
import signal

import pytest
from playwright.async_api import expect

from session_core.core import Core
from session_core.domain.status import SessionStatus
from tests.e2e.conftest import NewPerson
from tests.e2e.people import card
from tests.e2e.staging import stage

SLOW_MS = 60_000


@pytest.mark.slow
async def test_a_server_that_comes_back_finds_the_page_where_it_was(new_person: NewPerson, core: Core) -> None:
    person = await new_person()
    account_id = await person.account("Tienda")
    page = await person.open("/settings/connections")
    found = await card(page, "Tienda")
    person.whahook.kill("web")
    await expect(page.get_by_text("Sin conexión con el servidor.")).to_be_visible(timeout=SLOW_MS)
    # Written while nobody listened: the page reads it when it is back.
    await stage(core, account_id, SessionStatus.READY, phone="34612345678")
    await expect(page.get_by_text("Sin conexión con el servidor.")).to_be_hidden(timeout=SLOW_MS)
    await expect(found).to_contain_text("+34 612 34 56 78", timeout=SLOW_MS)
    await stage(core, account_id, SessionStatus.SYNCING, phone="34612345678")
    await expect(found).to_contain_text("Sincronizando")
    # The browser's own notes about the lost connection are what this test asked for.
    person.complaints.clear()


@pytest.mark.slow
async def test_a_host_that_is_silent_is_told(new_person: NewPerson) -> None:
    person = await new_person()
    page = await person.open("/settings/connections")
    await expect(page.locator("#capacity")).to_contain_text("sesiones en este servidor")
    host = person.whahook.pid("host")
    assert host is not None
    os.kill(host, signal.SIGSTOP)
    try:
        notice = page.get_by_text("Ahora no hay ningún proceso que mantenga las cuentas.")
        await expect(notice).to_be_visible(timeout=SLOW_MS)
        await expect(page.locator("#capacity")).to_have_text("")
    finally:
        os.kill(host, signal.SIGCONT)
    await expect(notice).to_be_hidden(timeout=SLOW_MS)
    await expect(page.locator("#capacity")).to_contain_text("sesiones en este servidor")
