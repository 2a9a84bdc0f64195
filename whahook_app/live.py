"""From the bus to the open pages: what happens to a user's accounts reaches every tab of theirs.

Each open page has one background handler (``watch``), started when the page loads. It hears the process's one
subscription (`session_core.services.live`), reads what it needs outside of the state's lock, and changes the state
only as much as the page changes.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from session_core.clock import utcnow
from session_core.services import principal
from session_core.services.live import RESYNC, AnyEvent, Core, Resync, Subscription, subscribe
from whahook_app.auth.cookie import token_from_cookie_header

CHECK_EVERY = timedelta(seconds=5)
"""How late a closed tab, or a login that was ended elsewhere, is noticed. The framework tells neither in every case."""

Batch = list[AnyEvent | Resync]


@dataclass(frozen=True, slots=True)
class Tab:
    """One open page: its token, its websocket, and the cookie with which it was opened."""

    token: str
    websocket: str
    cookie: str

    @classmethod
    def of(cls, router: Any) -> Tab:
        """Read the tab out of a state's ``router``."""
        return cls(router.session.client_token, router.session.session_id, router.headers.cookie)


class Watch:
    """The events of one tab, in batches."""

    def __init__(self, core: Core, tab: Tab, user_id: UUID, subscription: Subscription) -> None:
        self._core = core
        self._tab = tab
        self._subscription = subscription
        self._checked = utcnow()
        self.user_id = user_id

    async def batch(self) -> Batch | None:
        """Wait for something to happen.

        Returns:
            Everything that came by now; an empty list when nothing came for `CHECK_EVERY`; None when the tab is closed
            or its login has ended.
        """
        first = await self._subscription.get(CHECK_EVERY)
        if utcnow() - self._checked >= CHECK_EVERY:
            if not await self._still_theirs():
                return None
            self._checked = utcnow()
        return [] if first is None else [first, *self._subscription.pending()]

    def resync(self) -> None:
        """Make the next batch say that everything has to be read again."""
        self._subscription.offer(RESYNC)

    async def _still_theirs(self) -> bool:
        if not watches.is_open(self._tab):
            return False
        viewer = await viewer_of(self._core, self._tab.cookie)
        return viewer is not None and viewer.user_id == self.user_id


class Watches:
    """The watches of this process: one for each tab, the newest wins."""

    def __init__(self) -> None:
        self._running: dict[str, tuple[asyncio.Task[Any] | None, Watch]] = {}
        self._token_to_websocket: Callable[[], Any] = dict

    def know_tabs_by(self, token_to_websocket: Callable[[], Any]) -> None:
        """Tell how to look up the websocket that a tab's token has now."""
        self._token_to_websocket = token_to_websocket

    def is_open(self, tab: Tab) -> bool:
        """Tell whether the tab is still there, on the same websocket."""
        return bool(self._token_to_websocket().get(tab.token) == tab.websocket)

    def resync(self, token: str) -> None:
        """Have this tab's page read everything again, when it watches."""
        if (running := self._running.get(token)) is not None:
            running[1].resync()

    def __len__(self) -> int:
        """How many tabs watch."""
        return len(self._running)

    @asynccontextmanager
    async def open(self, core: Core, tab: Tab) -> AsyncIterator[Watch | None]:
        """Watch for a tab until the block ends; None when nobody is signed in there.

        The first batch says `Resync`: the page subscribes first, then reads the snapshot.
        """
        viewer = await viewer_of(core, tab.cookie)
        if viewer is None:
            yield None
            return
        me = asyncio.current_task()
        if (old := self._running.get(tab.token)) is not None and old[0] is not None and old[0] is not me:
            old[0].cancel()
        with subscribe(core, viewer.user_id) as subscription:
            watch = Watch(core, tab, viewer.user_id, subscription)
            watch.resync()
            mine = self._running[tab.token] = (me, watch)
            try:
                yield watch
            finally:
                if self._running.get(tab.token) is mine:
                    del self._running[tab.token]


async def viewer_of(core: Core, cookie_header: str) -> principal.Principal | None:
    """Return who is signed in with the cookie of this header, asked anew each time."""
    return await principal.from_cookie(core, token_from_cookie_header(cookie_header))


watches = Watches()
