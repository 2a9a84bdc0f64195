"""The operator's page: the queues, and a failed job that is forgotten. Nobody else sees it."""

from __future__ import annotations

import asyncio

from playwright.async_api import expect

from session_core.settings import Settings
from tests.e2e.conftest import OPERATOR, NewPerson
from tests.e2e.test_looks import SIZES, no_complaints
from tests.failed_jobs import fail
from tests.servers.whahook import WhaHook


async def test_a_failed_job_is_seen_and_forgotten(new_person: NewPerson, whahook: WhaHook) -> None:
    (job,) = await asyncio.to_thread(fail, Settings(data_dir=whahook.data), "of nobody")
    operator = await new_person(email=OPERATOR, viewport=SIZES["phone"], color_scheme="dark", reduced_motion="reduce")
    page = await operator.open("/settings/jobs")
    await expect(page.get_by_role("heading", name="Trabajos del servidor", level=1)).to_be_visible()
    row = page.get_by_role("listitem").filter(has=page.locator(f"#job-{job}"))
    await expect(row).to_contain_text("ValueError: row refused: '…'")
    await no_complaints(page)
    await row.get_by_role("button", name="Descartar").click()
    question = page.get_by_role("alertdialog")
    await expect(question).to_be_visible()
    await no_complaints(page)
    await question.get_by_role("button", name="Descartar").click()
    await expect(row).to_have_count(0)


async def test_somebody_else_sees_nothing_of_it(new_person: NewPerson) -> None:
    person = await new_person()
    page = await person.open("/settings/jobs")
    await expect(page.locator(".wh-jobs")).to_have_count(0)
    await expect(page.get_by_role("link", name="Servidor")).to_have_count(0)
    assert (await person.api.get("/api/v1/jobs")).status_code == 404
