"""The sign-in and the sign-up. The forms post to the server themselves; here is what they come back with."""

from __future__ import annotations

from urllib.parse import quote

import reflex as rx

from whahook_app.auth.redirects import HOME, safe_next
from whahook_app.i18n import choose, text_or
from whahook_app.states.base import Base


class Sign(Base):
    """What the address of the page says: where to go next, and why the last try failed."""

    following: str = HOME
    query: str = ""
    error_code: str = ""

    @rx.event
    async def read_address(self) -> None:
        """Take over ``next`` and ``error`` of the address; anybody can write them there."""
        asked = self.router.url.query_parameters
        self.following = safe_next(asked.get("next"))
        self.query = "" if self.following == HOME else f"?next={quote(self.following, safe='/')}"
        self.error_code = str(asked.get("error", ""))

    @rx.var
    def message(self) -> str:
        """Why the last try failed, in the viewer's language; empty at first."""
        if not self.error_code:
            return ""
        return text_or(choose(self.lang), f"error.{self.error_code}", "error.default")
