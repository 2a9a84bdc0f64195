"""A page that was built anew while a tab had it open."""

from __future__ import annotations

import re

from playwright.async_api import Route, expect

from tests.e2e.conftest import NewPerson

SCHEMA = re.compile(r"(stateSchema\s*[=:]\s*[\"'`])[0-9a-f]+")
SAID = {
    "es-ES": "Hay una versión nueva de esta página.Recargar",
    "en-GB": "There is a new version of this page.Reload",
}


async def test_another_version_is_told_in_the_viewer_s_language(new_person: NewPerson) -> None:
    changed = 0

    async def other_version(route: Route) -> None:
        nonlocal changed
        answer = await route.fetch()
        body, found = SCHEMA.subn(r"\g<1>another", await answer.text())
        changed += found
        await route.fulfill(response=answer, body=body)

    for locale, said in SAID.items():
        person = await new_person(locale=locale, signed_up=False)
        await person.page.route(re.compile(r"/assets/.*\.js"), other_version)
        page = await person.open("/sign-in")
        # The page reloads itself once; as that did not help, it asks.
        banner = page.locator("#reflex-new-version-banner")
        await expect(banner).to_have_text(said, timeout=20_000)
        assert changed
        async with page.expect_navigation():
            await banner.get_by_role("button").click()
