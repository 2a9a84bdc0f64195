"""A user's files: taken in, looked at, opened by a signed address, deleted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4, uuid5

import structlog

from session_core.clock import utcnow
from session_core.core import Core
from session_core.domain.events import MediaChanged
from session_core.domain.media import MAX_FILENAME, MediaKind, MediaState, MediaView, matches
from session_core.domain.message import Direction
from session_core.domain.text import storable
from session_core.errors import Conflict, NotFound, PolicyError, TransientError, WhahookError
from session_core.media.errors import MediaTooLarge
from session_core.media.fetch import fetch as fetch_url
from session_core.media.intake import TakenIn, take_in
from session_core.media.links import Link, Purpose, signer
from session_core.media.shelf import Reader, Shelf, path_of
from session_core.settings import Settings
from session_core.store import accounts, media, waiting
from session_core.store.engine import Transaction
from session_core.store.errors import AlreadyThere
from session_core.store.models import Media

__all__ = ["MediaTooLarge", "MediaView", "Purpose"]

log = structlog.get_logger(__name__)

MAX_PAGE = 200

ABANDONED = timedelta(hours=1)
"""An upload that is not whole after that time has nobody any more who works on it."""


@dataclass(frozen=True, slots=True)
class SignedLink:
    """An address that opens a file: ``path`` on this server."""

    path: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class OpenFile:
    """A file whose address was presented."""

    view: MediaView
    size: int
    purpose: Purpose
    expires_at: datetime
    store: str
    path: str


def clean_filename(name: str | None) -> str | None:
    """Return the last part of a file's name, on one line and not too long; None when nothing is left of it."""
    if name is None:
        return None
    last = storable(name).replace("\\", "/").rpartition("/")[2]
    kept = "".join(character if character.isprintable() else " " for character in last).strip().lstrip(".")
    if len(kept) > MAX_FILENAME:
        stem, dot, suffix = kept.rpartition(".")
        tail = f"{dot}{suffix}" if stem and len(suffix) <= 10 else ""
        kept = kept[: MAX_FILENAME - len(tail)] + tail
    return kept or None


async def upload(
    core: Core,
    user_id: UUID,
    pieces: AsyncIterable[bytes],
    *,
    filename: str | None = None,
    media_id: UUID | None = None,
) -> MediaView:
    """Take a file in and keep it. It can be sent as often as wanted, until its time is over.

    Args:
        core: the process's core.
        user_id: whose file it is.
        pieces: its bytes, in order; never all of them in memory.
        filename: what the recipient sees, and nothing else.
        media_id: its id; a new one by default.

    Raises:
        PolicyError: 413 ``media_too_large``, 413 ``media_quota_exceeded``, 415 ``media_type_refused``, 422
            ``media_empty``, 507 ``storage_full``.
        TransientError: ``storage_unavailable``.
    """
    shelf = Shelf(core.settings)
    name = clean_filename(filename)
    async with take_in(shelf.workshop, pieces, core.settings.media_max_size) as taken:
        row = await _announce(core, user_id, shelf, taken, name, media_id or uuid4())
        try:
            await shelf.keep(row.path, taken.path)
        except BaseException:
            # Nobody sees it while it is pending. What cannot be taken back now is done by the janitor.
            async with core.db.begin() as session:
                await media.want_removed(session, [row.id], utcnow())
            raise
    now = utcnow()
    async with core.db.begin() as session:
        await media.finish(session, row.id, now, now + core.settings.media_retention)
        kept = await media.get(session, row.id, user_id)
        if kept is None:
            raise NotFound("media")
        return media.view(kept)


async def upload_from_url(
    core: Core, user_id: UUID, url: str, *, filename: str | None = None, key: str | None = None
) -> MediaView:
    """Fetch a file by its address and keep it; see `upload`.

    Args:
        core: the process's core.
        user_id: whose file it is.
        url: http or https; redirects are not followed.
        filename: what the recipient sees; by default what the server calls it.
        key: names the request: the same key with the same address fetches the file once.

    Raises:
        PolicyError: as of `upload`, and 422 ``media_url_bad``, ``media_url_forbidden`` or ``media_url_failed``.
        TransientError: the same request is fetching the file already.
    """
    media_id = None if key is None else uuid5(user_id, f"{key}\0{url}")
    if media_id is not None and (earlier := await _fetched_before(core, user_id, media_id)) is not None:
        return earlier
    settings = core.settings
    private = settings.media_private_targets == "allow"
    async with fetch_url(url, timeout=settings.media_fetch_timeout, allow_private=private) as fetched:
        return await upload(core, user_id, fetched.pieces, filename=filename or fetched.filename, media_id=media_id)


async def _fetched_before(core: Core, user_id: UUID, media_id: UUID) -> MediaView | None:
    async with core.db.read() as session:
        row = await media.get(session, media_id, user_id)
    if row is None:
        return None
    if row.state is not MediaState.READY:
        raise _under_way()
    return media.view(row)


def _under_way() -> TransientError:
    return TransientError("The file is being fetched.", code="try_again", action="Send the request again.")


async def _announce(core: Core, user_id: UUID, shelf: Shelf, taken: TakenIn, name: str | None, media_id: UUID) -> Media:
    """Write down what is about to be kept, so that nothing lies in a store that no row knows of."""
    mime = taken.mime(name)
    check_taken(core.settings, taken, mime)
    row = Media(
        id=media_id,
        user_id=user_id,
        direction=Direction.OUT,
        state=MediaState.PENDING,
        mime=mime,
        filename=name,
        size=taken.size,
        sha256=taken.sha256,
        store=shelf.name,
        path=path_of(user_id, media_id),
    )
    async with core.db.begin() as session:
        await media.lock_user(session, user_id)
        if await media.used(session, user_id) + taken.size > core.settings.media_quota:
            raise PolicyError(
                f"Your files would take more than {core.settings.media_quota} bytes together.",
                code="media_quota_exceeded",
                action="Delete files that you do not need any more.",
                status_code=413,
            )
        try:
            await media.add(session, row)
        except AlreadyThere:
            # The same request came twice at once, or what it had fetched is just being deleted.
            raise _under_way() from None
    return row


def check_taken(settings: Settings, taken: TakenIn, mime: str) -> None:
    """Refuse a file that is nothing, or of a type that the operator does not want."""
    if taken.size == 0:
        raise PolicyError("The file is empty.", code="media_empty", action="Send its bytes.", status_code=422)
    if not matches(mime, settings.media_types.split(",")):
        raise PolicyError(
            f"Files of the type {mime} are not taken.",
            code="media_type_refused",
            action=f"Taken are: {settings.media_types}.",
            status_code=415,
        )


async def get(core: Core, user_id: UUID, media_id: UUID) -> MediaView:
    """Return one of the user's files.

    Raises:
        NotFound: there is none, or it is somebody else's.
    """
    async with core.db.read() as session:
        return media.view(await _own(session, user_id, media_id))


async def list_media(core: Core, user_id: UUID, *, limit: int = 50, before: UUID | None = None) -> list[MediaView]:
    """Return the user's files, newest first, at most 200 a page; ``before`` is the last id of the page before."""
    async with core.db.read() as session:
        last = None if before is None else await _own(session, user_id, before)
        rows = await media.of_user(session, user_id, limit=max(1, min(limit, MAX_PAGE)), before=last)
        return [media.view(row) for row in rows]


async def delete(core: Core, user_id: UUID, media_id: UUID) -> None:
    """Delete a file: nobody can open it any more from now on, and its bytes are removed within a minute.

    Raises:
        Conflict: 409 ``media_in_use``, a message that waits to go out carries it.
    """
    async with core.db.begin() as session:
        row = await _own(session, user_id, media_id)
        if row.direction is Direction.OUT and await waiting.carries_media(session, row.id):
            raise Conflict(
                "A message that waits to go out carries this file.",
                code="media_in_use",
                action="Wait until it is sent, or cancel it.",
            )
        await media.want_removed(session, [row.id], utcnow())


async def fetch(core: Core, user_id: UUID, media_id: UUID) -> MediaView:
    """Have the file of a message fetched from WhatsApp, again or at last. It waits for the account to be connected.

    Raises:
        Conflict: 409 ``not_from_whatsapp``, it is an upload.
    """
    async with core.db.begin() as session:
        row = await _own(session, user_id, media_id)
        if row.direction is Direction.OUT:
            raise Conflict(
                "This file was uploaded; there is nothing to fetch.",
                code="not_from_whatsapp",
                action="Only the files of messages can be fetched.",
            )
        news = await media.want_fetched(session, row.id, utcnow())
        view = media.view(await _own(session, user_id, media_id))
    if news:
        await core.publisher.publish(MediaChanged(user_id=user_id, media=view))
    return view


async def auto_download(core: Core, user_id: UUID, account_id: UUID) -> list[MediaKind]:
    """Return the kinds of files that an account fetches by itself.

    Raises:
        NotFound: the account is not the user's.
    """
    async with core.db.read() as session:
        await _own_account(session, user_id, account_id)
        chosen = await media.preference(session, account_id)
        return [kind for kind in MediaKind if chosen is None or kind in chosen.auto]


async def set_auto_download(core: Core, user_id: UUID, account_id: UUID, kinds: list[MediaKind]) -> list[MediaKind]:
    """Choose which kinds of files an account fetches by itself; the others stay at WhatsApp until asked for."""
    chosen = [kind for kind in MediaKind if kind in kinds]
    async with core.db.begin() as session:
        await _own_account(session, user_id, account_id, lock=True)
        await media.set_preference(session, account_id, chosen)
    return chosen


async def _own_account(session: Transaction, user_id: UUID, account_id: UUID, *, lock: bool = False) -> None:
    if await accounts.owned(session, user_id, account_id, lock=lock) is None:
        raise NotFound("account")


async def link(core: Core, view: MediaView, purpose: Purpose) -> SignedLink | None:
    """Return an address that opens a file of somebody who was asked for their right to it; None when it is not here."""
    if view.state is not MediaState.READY:
        return None
    made = await asyncio.to_thread(signer, core.settings)
    expires_at = (utcnow() + core.settings.media_link_lifetime).replace(microsecond=0)
    return SignedLink(f"/media/{made.token(Link(view.id, purpose, expires_at))}", expires_at)


async def open_link(core: Core, token: str) -> OpenFile:
    """Return the file that a signed address is about.

    Raises:
        NotFound: the address is not ours, its time is over, or the file is gone.
    """
    reader = await asyncio.to_thread(signer, core.settings)
    said = reader.read(token, utcnow())
    if said is None:
        raise NotFound("media")
    async with core.db.read() as session:
        row = await media.get(session, said.media_id)
    if row is None or row.state is not MediaState.READY or row.size is None:
        raise NotFound("media")
    return OpenFile(media.view(row), row.size, said.purpose, said.expires_at, row.store, row.path)


@asynccontextmanager
async def reading(core: Core, file: OpenFile, start: int) -> AsyncIterator[Reader]:
    """Read an opened file from the byte ``start`` on.

    Raises:
        NotFound: it has been deleted meanwhile.
        TransientError: ``storage_unavailable``.
    """
    async with Shelf(core.settings).open(file.store, file.path, start) as reader:
        yield reader


async def _own(session: Transaction, user_id: UUID, media_id: UUID) -> Media:
    row = await media.get(session, media_id, user_id)
    if row is None:
        raise NotFound("media")
    return row


async def remove_unneeded(core: Core, *, limit: int = 200) -> int:
    """Remove the bytes and rows of files that nobody needs any more; returns how many were removed.

    A store that does not answer keeps its files until the next time.
    """
    now = utcnow()
    async with core.db.read() as session:
        rows = await media.to_remove(session, now, now - ABANDONED, limit)
    if not rows:
        return 0
    can_come_again = {row.id for row in rows if _can_come_again(row)}
    # First of all nobody opens them any more.
    async with core.db.begin() as session:
        await media.want_removed(session, [row.id for row in rows], now)
    shelf, removed = Shelf(core.settings), 0
    for row in rows:
        try:
            if row.store:
                await shelf.remove(row.store, row.path)
        except WhahookError as error:
            log.warning("media_not_removed", media_id=str(row.id), error=error.code)
            continue
        async with core.db.begin() as session:
            await (media.let_go(session, row.id, now) if row.id in can_come_again else media.forget(session, row.id))
        removed += 1
    return removed


def _can_come_again(row: Media) -> bool:
    """Tell whether only the time of a file is over, while its message is still there."""
    return row.state is MediaState.READY and row.direction is Direction.IN and row.message_id is not None
