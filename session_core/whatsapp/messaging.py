"""What the page is asked about messages: sending them, finding what was sent, their files, and what chats there are."""

from __future__ import annotations

import contextlib
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from playwright.async_api import Page

from session_core.clock import utcnow
from session_core.domain.content import ACTIONS, AnyContent
from session_core.whatsapp import media
from session_core.whatsapp.calls import call, not_now, sent_message
from session_core.whatsapp.directory import read_piece
from session_core.whatsapp.driver import DirectoryPart, DirectoryPiece, SendNotTried, SentMessage
from session_core.whatsapp.snapshot import Phase

_FIND = timedelta(seconds=15)
_LOGGED_IN = frozenset({Phase.READY, Phase.OFFLINE})
"""Before that the chats are not loaded, and "not there" would be a lie that sends a message twice."""


class Messaging(ABC):
    """The part of `session_core.whatsapp.driver.Driver` that is about messages."""

    _send_timeout: timedelta

    async def send(
        self,
        chat_id: str,
        content: AnyContent,
        wa_key: str,
        quoted_id: str | None = None,
        *,
        within: timedelta | None = None,
    ) -> SentMessage:
        """See `Driver.send`."""
        page = self._open_page()
        if page is None or self._phase is not Phase.READY:
            raise SendNotTried(f"the page is {self._phase}")
        # By the machine's clock, which the page reads too: this call may be held up on its way.
        not_after = (utcnow() + (within or self._send_timeout)).timestamp() * 1000
        args = {"chatId": chat_id, "key": wa_key, "quotedId": quoted_id, "notAfter": not_after}
        said = content.model_dump(mode="json")
        how = "change" if content.type in ACTIONS else "send"
        return sent_message(await call(page, how, self._send_timeout, content=said, **args))

    async def find_sent(self, chat_id: str, wa_key: str, content: AnyContent | None = None) -> SentMessage | None:
        """See `Driver.find_sent`."""
        page = self._page()
        if self._phase not in _LOGGED_IN:
            raise not_now()
        if content is not None and content.type in ACTIONS:
            found = await call(page, "findChange", _FIND, content=content.model_dump(mode="json"))
        else:
            found = await call(page, "find", _FIND, chatId=chat_id, key=wa_key)
        return sent_message(found) if found else None

    async def directory(self, part: DirectoryPart, after: str = "", *, limit: int) -> DirectoryPiece:
        """See `Driver.directory`."""
        if self._phase not in _LOGGED_IN:
            raise not_now()
        return await read_piece(self._page(), part, after, limit)

    async def stage(self, media_id: UUID, file: Path) -> None:
        """See `Driver.stage`."""
        await media.stage(self._page(), media_id, file)

    async def download(self, wa_message_id: str, limit: int) -> AsyncIterator[bytes]:
        """See `Driver.download`."""
        page = self._page()
        if self._phase is not Phase.READY:
            raise not_now()
        async with contextlib.aclosing(media.download(page, wa_message_id, limit)) as pieces:
            async for piece in pieces:
                yield piece

    @property
    @abstractmethod
    def _phase(self) -> Phase:
        """Where the page is."""

    @abstractmethod
    def _open_page(self) -> Page | None:
        """Return the page; None before it was opened and after its end."""

    @abstractmethod
    def _page(self) -> Page:
        """Return the page; TransientError ``page_lost`` when there is none that may be asked."""
