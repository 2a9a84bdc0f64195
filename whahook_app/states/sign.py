"""The sign-in and the sign-up. The forms post to the server themselves; here is what they come back with."""

from __future__ import annotations

import math
from datetime import timedelta
from urllib.parse import quote

import reflex as rx

from whahook_app.auth.redirects import HOME, read_wait, safe_next
from whahook_app.i18n import choose, counted, text_or
from whahook_app.states.base import Base


class Sign(Base):
    """What the address of the page says: where to go next, and why the last try failed."""

    following: str = HOME
    query: str = ""
    error_code: str = ""
    wait_minutes: int = 0

    @rx.event
    async def read_address(self) -> None:
        """Take over ``next`` and ``error`` of the address; anybody can write them there."""
        asked = self.router.url.query_parameters
        self.following = safe_next(asked.get("next"))
        self.query = "" if self.following == HOME else f"?next={quote(self.following, safe='/')}"
        self.error_code = str(asked.get("error", ""))
        wait = read_wait(asked.get("wait"))
        self.wait_minutes = 0 if wait is None else math.ceil(wait / timedelta(minutes=1))

    @rx.var
    def message(self) -> str:
        """Why the last try failed, in the viewer's language; empty at first."""
        if not self.error_code:
            return ""
        language = choose(self.lang)
        said = text_or(language, f"error.{self.error_code}", "error.default")
        return f"{said} {counted(language, 'error.wait', self.wait_minutes)}" if self.wait_minutes else said
