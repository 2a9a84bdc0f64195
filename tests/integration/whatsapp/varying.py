"""WhatsApp Webs that differ from the sandbox's: its page, with some of it done in another way."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import cast

from playwright.async_api import Route

from session_core.browser.chromium import Browsers, OpenBrowser


@dataclass
class VaryingBrowsers:
    """Opens browsers in which ``script`` runs after the page has defined its modules and before it starts.

    Attributes:
        browsers: open them.
        script: JavaScript.
        marked_logouts: whether a logout shows in the address.
    """

    browsers: Browsers
    script: str = ""
    marked_logouts: bool = True

    def as_browsers(self) -> Browsers:
        """What a driver takes."""
        return cast("Browsers", self)

    async def open(self, profile: Path) -> OpenBrowser:
        """See `Browsers.open`."""
        opened = await self.browsers.open(profile)
        await opened.page.route("**/assets/app.js", self._alter)
        if not self.marked_logouts:
            await opened.page.route("**/?post_logout=1*", self._hide)
        return opened

    async def _alter(self, route: Route) -> None:
        response = await route.fetch()
        await route.fulfill(response=response, body=f"{self.script};\n{await response.text()}")

    async def _hide(self, route: Route) -> None:
        await route.fulfill(status=302, headers={"location": "/"})
