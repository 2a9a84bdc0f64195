"""What every page knows: the language, and who is signed in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import reflex as rx

from session_core.services.jobs import is_operator
from whahook_app.auth.redirects import safe_next
from whahook_app.i18n import LANGUAGES
from whahook_app.live import Batch, Tab, Watch, viewer_of, watches
from whahook_app.runtime import get_core
from whahook_app.states.guard import language_of, sign_in_address

ONE_YEAR_SECONDS = 31_536_000

SUBMIT_SIGN_OUT = "document.getElementById('sign-out').submit()"


class Base(rx.State):
    """The parent of every page's state."""

    lang: str = rx.Cookie("", name="lang", max_age=ONE_YEAR_SECONDS, same_site="lax")
    viewer_name: str = ""
    viewer_email: str = ""
    operator: bool = False
    _viewer_id: str = ""

    @rx.event
    async def enter(self) -> rx.event.EventSpec | None:
        """Say who is signed in; send everybody else to the sign-in. Comfort only: each handler asks by itself."""
        self._speak()
        viewer = await viewer_of(get_core(), self.router.headers.cookie)
        if viewer is None:
            await self._forget()
            return rx.redirect(sign_in_address(self.router.url.path))
        if str(viewer.user_id) != self._viewer_id:
            # The same tab, another person.
            await self._forget()
        self._viewer_id, self.viewer_name, self.viewer_email = str(viewer.user_id), viewer.name, viewer.email
        self.operator = await is_operator(get_core(), viewer)
        return None

    @rx.event
    async def enter_as_guest(self) -> rx.event.EventSpec | None:
        """Open the sign-in or sign-up; whoever is signed in already goes on."""
        self._speak()
        if await viewer_of(get_core(), self.router.headers.cookie) is None:
            await self._forget()
            return None
        return rx.redirect(safe_next(self.router.url.query_parameters.get("next")))

    @rx.event
    async def enter_home(self) -> rx.event.EventSpec:
        """Open the root: there is nothing there but the way to the connections."""
        self._speak()
        return rx.redirect(safe_next(None))

    @rx.event
    async def leave(self) -> rx.event.EventSpec:
        """Forget what this tab has shown, then sign out."""
        await self._forget()
        return rx.call_script(SUBMIT_SIGN_OUT)

    @rx.event
    async def choose_language(self, language: str) -> None:
        """Speak another language from now on; what is on the page is written anew."""
        if language in LANGUAGES:
            self.lang = language
            watches.resync(self.router.session.client_token)

    async def _follow(self, take_in: Callable[[Watch, Batch], Awaitable[None]]) -> Any:
        """Pass on what happens to the viewer's things, until the tab is closed or its login ends.

        For background handlers: it is what they return. An outage that ``take_in`` does not mind itself ends it.
        """
        async with self:
            tab = Tab.of(self.router)
        async with watches.open(get_core(), tab) as watch:
            if watch is None:
                return None
            while (batch := await watch.batch()) is not None:
                await take_in(watch, batch)
        return await self._ended(tab)

    async def _ended(self, tab: Tab) -> Any:
        """End a background handler: go to the sign-in when the page is still there but its login is not."""
        if not watches.is_open(tab):
            return None
        async with self:
            self.reset()
            return rx.redirect(sign_in_address(self.router.url.path))

    def _speak(self) -> None:
        """Remember the browser's language at the first visit."""
        language = language_of(self)
        if self.lang != language:
            self.lang = language

    async def _forget(self) -> None:
        """Empty the pages: nothing of one person is left in the tab for the next."""
        self.viewer_name = self.viewer_email = self._viewer_id = ""
        self.operator = False
        for page in Base.get_substates():
            state = await self.get_state(page)
            state.reset()
