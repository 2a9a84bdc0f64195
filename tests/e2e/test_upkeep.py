"""How accounts are doing, as the page shows it: uptime, health, what is wrong, and what one is told about."""

from __future__ import annotations

import re
from datetime import timedelta
from uuid import UUID

import pytest
from playwright.async_api import expect

from session_core.bus import condition
from session_core.clock import utcnow
from session_core.core import Core
from session_core.domain.alerts import AlertKind
from session_core.domain.backup import BackupReason, BackupStatus
from session_core.domain.health import Health, HealthLevel, Sign, Vitals
from session_core.domain.resources import Sample
from session_core.domain.status import ReasonCode, SessionStatus
from session_core.store.models import Activity, SessionBackup
from tests.e2e.conftest import NewPerson
from tests.e2e.people import card
from tests.e2e.staging import stage
from tests.e2e.test_account_menu import choose
from tests.e2e.test_looks import SIZES, no_complaints
from whahook_app.views.resources import MIB

S = SessionStatus

LOOK_MS = 15_000
"""The page looks at an opened account every five seconds."""

ALERT_MS = 30_000
"""The worker looks every ten seconds, the page every five."""


async def was(core: Core, account_id: str, *lines: tuple[float, SessionStatus]) -> None:
    """Write an account's history: so many hours ago it changed to this."""
    now = utcnow()
    async with core.db.begin() as session:
        for hours, status in lines:
            at = now - timedelta(hours=hours)
            session.add(Activity(account_id=UUID(account_id), kind="status", status=status, at=at))


async def deaf(core: Core, account_id: str) -> None:
    """Write a finding as a host does it."""
    vitals = Vitals(at=utcnow(), unanswered=3, answer_ms=41, socket="CONNECTED", last_traffic_at=utcnow())
    found = Health(level=HealthLevel.DEAF, signs=(Sign.NO_ANSWER,), vitals=vitals)
    await condition.keep_health(core.redis, {UUID(account_id): found})


async def measured(core: Core, account_id: str) -> None:
    """Write what a browser took in the last minutes, as a host does it."""
    for minutes, mib in ((3, 120), (2, 180), (1, 150)):
        sample = Sample(at=utcnow() - timedelta(minutes=minutes), memory=mib * MIB, cpu=mib / 20, processes=5)
        await condition.keep_usage(core.redis, "host-of-the-test", {UUID(account_id): sample})


def complete_backup(account_id: str) -> SessionBackup:
    """Return the row of a backup whose archive is not there."""
    return SessionBackup(
        account_id=UUID(account_id),
        status=BackupStatus.COMPLETE,
        because=BackupReason.SCHEDULED,
        size=11_000_000,
        store="local",
        path="gone",
        created_at=utcnow() - timedelta(hours=1),
    )


async def test_the_bar_shows_a_break_and_grows_live(new_person: NewPerson, core: Core) -> None:
    person = await new_person()
    account_id = await person.account("Tienda")
    await was(core, account_id, (100, S.READY), (12.3, S.RECONNECTING), (6.3, S.READY))
    page = await person.open("/settings/connections")
    found = await card(page, "Tienda")
    bar = found.get_by_role("img", name="Conectada el 75 % del tiempo en las últimas 24 horas; sin conexión 6 h.")
    await expect(bar).to_be_visible()
    await expect(bar.locator("[data-tone=bad]")).to_have_count(8)
    await stage(core, account_id, S.RECONNECTING, ReasonCode.OFFLINE, phone="34612345678")
    await expect(found.locator(".wh-bar [data-tone]").last).to_have_attribute("data-tone", "part")


async def test_an_opened_card_says_how_the_account_is(new_person: NewPerson, core: Core) -> None:
    person = await new_person()
    account_id = await person.account("Tienda")
    await stage(core, account_id, S.READY, phone="34612345678")
    await deaf(core, account_id)
    await measured(core, account_id)
    page = await person.open("/settings/connections")
    found = await card(page, "Tienda")
    await found.get_by_role("button", name="Detalles").click()
    await expect(found).to_contain_text("No oye")
    await expect(found).to_contain_text("La página no contesta.")
    await expect(found).to_contain_text("41 ms")
    await expect(found.get_by_role("img", name="Memoria: 150 MB ahora; lo más alto, 180 MB.")).to_be_visible()
    await expect(found.get_by_role("img", name="Sin cortes en los últimos 7 días.")).to_be_visible()
    healthy = Health(level=HealthLevel.HEALTHY, vitals=Vitals(at=utcnow(), answer_ms=5))
    await condition.keep_health(core.redis, {UUID(account_id): healthy})
    await expect(found).to_contain_text("Sana", timeout=LOOK_MS)
    await expect(found).not_to_contain_text("La página no contesta.")


async def test_stopping_by_force_asks_first(new_person: NewPerson, core: Core) -> None:
    person = await new_person()
    account_id = await person.account("Tienda")
    await stage(core, account_id, S.READY, phone="34612345678")
    page = await person.open("/settings/connections")
    await card(page, "Tienda")
    await choose(page, "Tienda", "Parar a la fuerza")
    dialog = page.get_by_role("alertdialog", name="¿Parar «Tienda» a la fuerza?")
    await expect(dialog).to_be_visible()
    await dialog.get_by_role("button", name="Parar a la fuerza").click()
    await expect(dialog).to_have_count(0)
    await (await card(page, "Tienda")).get_by_role("button", name="Detalles").click()
    await expect(page.locator(".wh-timeline")).to_contain_text("Pediste pararla a la fuerza")


async def test_what_is_wrong_is_on_top_and_links_lead_to_the_account(new_person: NewPerson, core: Core) -> None:
    person = await new_person(viewport=SIZES["phone"])
    for name in ("Una", "Dos", "Tres", "Cuatro"):
        await person.account(name)
    account_id = await person.account("Almacén")
    await stage(core, account_id, S.ACTION_REQUIRED, ReasonCode.UNLINKED, phone="34612345678")
    page = await person.open(f"/settings/connections#account-{account_id}")
    found = await card(page, "Almacén")
    await expect(found).to_be_in_viewport()
    await expect(found).to_be_focused()
    await expect(found).to_have_css("outline-style", "solid")
    problems = page.get_by_role("list", name="Lo que va mal ahora")
    await expect(problems).to_contain_text(
        "«Almacén» necesita que actúes. El teléfono desvinculó este dispositivo.", timeout=ALERT_MS
    )
    await expect(problems.get_by_role("link", name="Ver la cuenta")).to_have_attribute("href", f"#account-{account_id}")
    await stage(core, account_id, S.READY, phone="34612345678")
    await expect(problems).to_have_count(0, timeout=ALERT_MS)


async def test_preferences_are_kept_and_mistakes_said(new_person: NewPerson) -> None:
    person = await new_person(timezone_id="America/Lima")
    page = await person.open("/settings/alerts")
    await expect(page.get_by_label("Zona horaria")).to_have_value("America/Lima")
    await page.get_by_label("Algo de esto se ha arreglado").uncheck()
    await page.get_by_label("No enviar correos entre estas horas").check()
    await page.get_by_label("Idioma de los correos").select_option("Inglés")
    await page.get_by_label("Zona horaria").fill("Marte/Norte")
    await page.get_by_role("button", name="Guardar").click()
    await expect(page.get_by_role("alert")).to_contain_text("Revisa las horas de silencio")
    await page.get_by_label("Zona horaria").fill("Europe/Madrid")
    await page.get_by_role("button", name="Guardar").click()
    await expect(page.get_by_text("Guardado.")).to_be_visible()
    kept = (await person.api.get("/api/v1/alerts/preferences")).json()
    assert kept["language"] == "en"
    assert [kind for kind, on in kept["kinds"].items() if not on] == [AlertKind.BACK.value]
    assert kept["quietHours"]["timeZone"] == "Europe/Madrid"
    await page.reload()
    await expect(page.get_by_label("Algo de esto se ha arreglado")).not_to_be_checked()
    await expect(page.get_by_label("Zona horaria")).to_have_value("Europe/Madrid")


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_it_can_be_read_by_everybody(new_person: NewPerson, core: Core, size: str, scheme: str) -> None:
    person = await new_person(viewport=SIZES[size], color_scheme=scheme, reduced_motion="reduce")
    first, second = await person.account("Tienda Centro"), await person.account("Almacén")
    await was(core, first, (160, S.READY), (70, S.ERROR), (60, S.READY), (9, S.RECONNECTING), (8.9, S.READY))
    await stage(core, first, S.READY, phone="34612345678")
    await stage(core, second, S.ACTION_REQUIRED, ReasonCode.UNLINKED, phone="525512345678")
    await deaf(core, first)
    await measured(core, first)
    page = await person.open("/settings/connections")
    await expect(page.get_by_role("list", name="Lo que va mal ahora")).to_be_visible(timeout=ALERT_MS)
    found = await card(page, "Tienda Centro")
    await found.get_by_role("button", name="Detalles").click()
    await expect(found).to_contain_text("No oye")
    await no_complaints(page)
    await person.open("/settings/alerts")
    await expect(page.get_by_role("button", name="Guardar")).to_be_visible()
    await no_complaints(page)


async def test_backups_are_asked_for_verified_and_restored_after_a_question(new_person: NewPerson, core: Core) -> None:
    person = await new_person()
    account_id = await person.account("Tienda")
    page = await person.open("/settings/connections")
    found = await card(page, "Tienda")
    await found.get_by_role("button", name="Detalles").click()
    await expect(found).to_contain_text("Todavía no hay ninguna.")
    await expect(found.get_by_role("button", name="Hacer una copia ahora")).to_have_count(0)
    await stage(core, account_id, S.READY, phone="34612345678")
    async with core.db.begin() as session:
        session.add(complete_backup(account_id))
    await found.get_by_role("button", name="Hacer una copia ahora").click()
    lines = found.locator("[data-backup]")
    await expect(lines).to_have_count(2)
    await expect(lines.first).to_contain_text("La pediste tú")
    await expect(lines.first.get_by_role("button", name="Recuperar")).to_have_count(0)
    await expect(lines.last).to_contain_text("10,5 MB")
    await lines.last.get_by_role("button", name="Comprobar").click()
    await expect(lines.last).to_contain_text(re.compile("Comprobando|El archivo de la copia ya no está"))
    await no_complaints(page)
    other = await person.account("Almacén")
    async with core.db.begin() as session:
        session.add(complete_backup(other))
    await found.get_by_role("button", name="Detalles").click()
    found = await card(page, "Almacén")
    await found.get_by_role("button", name="Detalles").click()
    await found.get_by_role("button", name="Recuperar").click()
    dialog = page.get_by_role("alertdialog", name="¿Recuperar una copia de «Almacén»?")
    await expect(dialog).to_be_visible()
    await dialog.get_by_role("button", name="Recuperar").click()
    await expect(found.locator(".wh-timeline")).to_contain_text("Pediste recuperar una copia de seguridad")
