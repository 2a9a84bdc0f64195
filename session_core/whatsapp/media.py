"""Files into the page and out of it."""

from __future__ import annotations

import asyncio
import base64
import contextlib
from collections.abc import AsyncGenerator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from playwright.async_api import Page

from session_core.errors import TransientError
from session_core.whatsapp.calls import call
from session_core.whatsapp.driver import MediaNotThere

PIECE = 1024 * 1024
"""Bytes that come over at once; a third more as text."""

_STAGE = timedelta(seconds=10)
_FETCH = timedelta(minutes=3)
_READ = timedelta(seconds=20)


async def stage(page: Page, media_id: UUID, file: Path) -> None:
    """Have the page know a file of this machine, which the browser itself reads from the disk when it is sent.

    Raises:
        TransientError: it does not know it.
    """
    try:
        async with asyncio.timeout(_STAGE.total_seconds()):
            handle = await page.evaluate_handle("() => window.__whahook.chooser()")
            chooser = handle.as_element()
            if chooser is None:
                raise TransientError("The page takes no file.", code="page_failed")
            await chooser.set_input_files(file, timeout=_STAGE.total_seconds() * 1000)
            await handle.dispose()
    except TransientError:
        raise
    except Exception as error:
        raise TransientError(f"The page takes no file: {str(error)[:200]}", code="page_lost") from error
    await call(page, "stage", _STAGE, mediaId=str(media_id))


async def download(page: Page, wa_message_id: str, limit: int) -> AsyncGenerator[bytes, None]:
    """Yield the file of a message, piece by piece; see `session_core.whatsapp.driver.Driver.download`."""
    try:
        told = await call(page, "fetchMedia", _FETCH, id=wa_message_id, limit=limit)
        if told.get("missing"):
            raise MediaNotThere(str(told["missing"]))
        size = int(told["size"])
        for start in range(0, size, PIECE):
            piece = await call(page, "readMedia", _READ, id=wa_message_id, start=start, size=PIECE)
            yield base64.b64decode(piece)
    finally:
        with contextlib.suppress(Exception):
            await call(page, "dropMedia", _READ, id=wa_message_id)
