"""The file of a message that is about to go out: found, or brought to this machine, and made known to the page."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import structlog

from session_core.core import Core
from session_core.domain.content import AnyContent, Media
from session_core.domain.media import MediaState
from session_core.errors import NotFound, WhahookError
from session_core.media.intake import take_in
from session_core.media.shelf import Shelf
from session_core.store import media
from session_core.store.errors import STORE_ERRORS
from session_core.store.models import Media as MediaRow
from session_core.whatsapp.driver import Driver

log = structlog.get_logger(__name__)

FETCH_TIMEOUT = timedelta(seconds=20)
"""For bringing a file from the store to this machine; a part of the time that one try to send has."""


class FileGone(Exception):
    """The file of a message is not there any more: the message will never go out."""


class FileNotHere(Exception):
    """The file cannot be had now; the message was not sent, and may be tried again."""


@asynccontextmanager
async def file_in_page(core: Core, driver: Driver, content: AnyContent) -> AsyncIterator[None]:
    """Have the page know the file of a message for as long as the block lasts; nothing to do for one without a file.

    Raises:
        FileGone: it was deleted.
        FileNotHere: the store, the database or the page cannot do it now.
    """
    if not isinstance(content, Media) or content.media_id is None:
        yield
        return
    async with contextlib.AsyncExitStack() as stack:
        try:
            async with asyncio.timeout(FETCH_TIMEOUT.total_seconds()):
                async with core.db.read() as session:
                    row = await media.get(session, content.media_id)
                if row is None or row.state is not MediaState.READY:
                    raise FileGone
                path = await stack.enter_async_context(_on_disk(core, row))
                await driver.stage(content.media_id, path)
        except NotFound as error:
            raise FileGone from error
        except (WhahookError, TimeoutError, *STORE_ERRORS) as error:
            log.warning("file_not_in_page", media_id=str(content.media_id), error=repr(error))
            raise FileNotHere from error
        yield


@asynccontextmanager
async def _on_disk(core: Core, row: MediaRow) -> AsyncIterator[Path]:
    """Give the path of a file: where it is kept, or a copy that is gone afterwards."""
    shelf = Shelf(core.settings)
    place = shelf.place(row.store, row.path)
    if place is not None:
        if not await asyncio.to_thread(place.is_file):
            raise FileGone
        yield place
        return
    size = row.size or 0
    async with (
        shelf.open(row.store, row.path) as reader,
        take_in(shelf.workshop, reader.pieces(size), size) as taken,
    ):
        if taken.sha256 != row.sha256:
            raise FileGone
        yield taken.path
