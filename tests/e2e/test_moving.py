"""Moving an account to another host on the page."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from playwright.async_api import expect

from session_core.bus import hosts
from session_core.bus.hosts import Heartbeat
from session_core.clock import utcnow
from session_core.core import Core
from session_core.domain.status import Desired, SessionStatus
from session_core.store import accounts
from tests.e2e.conftest import NewPerson
from tests.e2e.people import card
from tests.e2e.staging import stage
from tests.e2e.test_account_menu import choose

OTHERS = {"host-free": ("Sevilla", 3), "host-full": ("Vigo", 0)}


async def lives(core: Core, host_id: str) -> None:
    name, room = OTHERS[host_id]
    beat = Heartbeat(host_id=host_id, name=name, at=utcnow(), running=2, room_for=room, chromium_sandbox=True)
    await hosts.beat(core.redis, beat, timedelta(minutes=5))


async def test_an_account_goes_to_the_host_that_was_chosen(new_person: NewPerson, core: Core) -> None:
    person = await new_person()
    account_id = await person.account("Tienda")
    # Not linked, so that any host can take it; and nobody does, because the test holds it.
    await stage(core, account_id, SessionStatus.READY)
    async with core.db.begin() as session:
        await accounts.want(session, UUID(account_id), Desired.CONNECTED)
    for host_id in OTHERS:
        await lives(core, host_id)
    try:
        page = await person.open("/settings/connections")
        await card(page, "Tienda")
        await choose(page, "Tienda", "Mover a otro servidor")
        dialog = page.get_by_role("dialog", name="Mover «Tienda» a otro servidor")
        await expect(dialog.get_by_role("radio", name="Vigo")).to_be_disabled()
        await expect(dialog).to_contain_text("2 sesiones · queda sitio para 3")
        await dialog.get_by_role("radio", name="Sevilla").check()
        await dialog.get_by_role("button", name="Mover").click()
        await expect(dialog).to_contain_text("Se cierra y se guarda su sesión…")
        async with core.db.begin() as session:
            row = await accounts.get(session, UUID(account_id))
            assert row is not None
            assert row[1].wanted_host_id == "host-free"
            await accounts.wish_host(session, UUID(account_id), None, instead_of="host-free")
        await stage(core, account_id, SessionStatus.LAUNCHING, host_id="host-free")
        await expect(dialog).to_contain_text("Se abre en el otro servidor")
        await stage(core, account_id, SessionStatus.READY, host_id="host-free")
        await expect(dialog.get_by_role("status")).to_have_text("Ya está en Sevilla.")
        await page.keyboard.press("Escape")
        await expect(dialog).to_have_count(0)
    finally:
        for host_id in OTHERS:
            await hosts.leave(core.redis, host_id)
