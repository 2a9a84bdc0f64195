"""What a tab has shown belongs to the person who was signed in, not to whoever knows the tab's token."""

from __future__ import annotations

from typing import Any

import reflex as rx

from whahook_app.live import viewer_of
from whahook_app.runtime import get_core
from whahook_app.states.base import Base

HYDRATIONS = frozenset({"hydrate", "hydrate_and_load"})
"""Reflex's own events that answer with everything a tab's state holds."""


class TabOwnership(rx.Middleware):
    """Empties a tab's state before it is shown to anybody but the person it was filled for.

    The token of a tab is in the address of its websocket, so it can be read where addresses are logged. Our own
    handlers ask for the cookie, Reflex's hydration does not.
    """

    async def preprocess(self, app: rx.App, state: rx.State, event: Any) -> None:
        """See `rx.Middleware.preprocess`; the event goes on as it is."""
        del app
        if event.name.rpartition(".")[2] not in HYDRATIONS:
            return
        base = await state.get_state(Base)
        if not base._viewer_id:
            return
        viewer = await viewer_of(get_core(), state.router.headers.cookie)
        if viewer is None or str(viewer.user_id) != base._viewer_id:
            await base._forget()
