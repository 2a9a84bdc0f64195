"""Fetches the files of messages that came in: a job of its own for each, taken up again after every restart."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import structlog

from session_core.clock import utcnow
from session_core.core import Core
from session_core.domain.events import MediaChanged
from session_core.domain.media import MediaProblem
from session_core.domain.status import SessionStatus
from session_core.errors import FatalError, PolicyError, TransientError, WhahookError
from session_core.host.session import Session
from session_core.media.intake import TakenIn, take_in
from session_core.media.shelf import Shelf, path_of
from session_core.outages import Outage
from session_core.store import media, outbox
from session_core.store.errors import STORE_ERRORS
from session_core.store.models import Media
from session_core.tasks import RecurringTask, TaskOwner, spawn
from session_core.whatsapp.driver import Driver, MediaNotThere

log = structlog.get_logger(__name__)

LOOK_EVERY = timedelta(seconds=2)
CLAIMED_FOR = timedelta(minutes=5)
"""Longer than a download may take. Who died over one is followed after that time."""

AT_ONCE = 3
"""Downloads of a host at the same time, each of another account."""

MAX_TRIES = 6
GONE_TRIES = 3
"""For a file that WhatsApp does not have: its sender's phone may bring it again after it was asked."""


def pause_after(attempts: int) -> timedelta:
    """Return the pause after ``attempts`` tries: 5, 20, 80 s, and so on up to half an hour."""
    return min(timedelta(minutes=30), timedelta(seconds=5) * int(4 ** min(max(0, attempts - 1), 10)))


@dataclass(frozen=True, slots=True)
class _Failure:
    problem: MediaProblem
    tries: int


class MediaKeeper:
    """Looks again and again for files that are due, of the accounts that are ready here."""

    def __init__(self, core: Core, sessions: Mapping[UUID, Session], *, every: timedelta = LOOK_EVERY) -> None:
        self._core = core
        self._sessions = sessions
        self._busy: set[UUID] = set()
        self._outage = Outage("media_not_readable")
        self._tasks = TaskOwner()
        self._rounds = RecurringTask(self._round, every=every, name="media-keeper")

    def start(self) -> None:
        """Begin."""
        self._rounds.start()

    async def stop(self) -> None:
        """End; what is under way is taken up by the next one."""
        await self._rounds.stop()
        await self._tasks.close()

    async def _round(self) -> None:
        ready = {
            account_id
            for account_id, session in self._sessions.items()
            if session.status is SessionStatus.READY and account_id not in self._busy
        }
        free = AT_ONCE - len(self._busy)
        if not ready or free <= 0:
            return
        try:
            async with self._core.db.read() as session:
                due = await media.due(session, ready, utcnow(), limit=50)
        except STORE_ERRORS as error:
            self._outage.begins(error)
            return
        self._outage.ends()
        for row in due:
            if free > 0 and row.account_id is not None and row.account_id not in self._busy:
                free -= 1
                self._busy.add(row.account_id)
                spawn(self._work(row, row.account_id), name=f"media-{row.id}", owner=self._tasks)

    async def _work(self, row: Media, account_id: UUID) -> None:
        try:
            session = self._sessions.get(account_id)
            driver = session.driver if session is not None and session.status is SessionStatus.READY else None
            if driver is not None and await self._claim(row):
                await self._fetch(row, driver)
        except STORE_ERRORS as error:
            # The claim runs out by itself.
            log.warning("media_not_stored", media_id=str(row.id), error=type(error).__name__)
        finally:
            self._busy.discard(account_id)
            self._rounds.wake()

    async def _claim(self, row: Media) -> bool:
        now = utcnow()
        async with self._core.db.begin() as session:
            return await media.claim(session, row.id, now, now + CLAIMED_FOR)

    async def _fetch(self, row: Media, driver: Driver) -> None:
        attempts = row.attempts + 1
        try:
            await self._keep(row, driver)
        except (WhahookError, MediaNotThere) as error:
            failure = _failure_of(error)
            final = attempts >= failure.tries
            log.info("media_not_fetched", media_id=str(row.id), problem=failure.problem, final=final)
            await self._end(row, failure.problem, None if final else pause_after(attempts))

    async def _keep(self, row: Media, driver: Driver) -> None:
        settings = self._core.settings
        shelf = Shelf(settings)
        pieces = driver.download(row.wa_message_id or "", settings.media_max_size)
        async with contextlib.AsyncExitStack() as stack:
            stack.push_async_callback(_close, pieces)
            taken = await stack.enter_async_context(take_in(shelf.workshop, pieces, settings.media_max_size))
            path = path_of(row.user_id, row.id)
            if not await self._reserve(row, shelf.name, path, taken):
                return
            # A try that died may have kept it already, under the same name.
            await shelf.remove(shelf.name, path)
            await shelf.keep(path, taken.path)
        await self._end(row, None, None)

    async def _reserve(self, row: Media, store: str, path: str, taken: TakenIn) -> bool:
        """Write down where the file is about to lie; False when nobody wants it any more."""
        async with self._core.db.begin() as session:
            await media.lock_user(session, row.user_id)
            if await media.used(session, row.user_id, but=row.id) + taken.size > self._core.settings.media_quota:
                raise PolicyError("The user's files take all their room.", code=MediaProblem.QUOTA)
            found = {"size": taken.size, "sha256": taken.sha256, "mime": taken.mime(row.filename)}
            return await media.place(session, row.id, utcnow(), store=store, path=path, **found)

    async def _end(self, row: Media, problem: MediaProblem | None, again_in: timedelta | None) -> None:
        """Write down how a try ended, with the event for programs when it was the last one; then tell."""
        now = utcnow()
        async with self._core.db.begin() as session:
            if problem is None:
                done = await media.finish(session, row.id, now, now + self._core.settings.media_retention)
            elif again_in is None:
                done = await media.fail(session, row.id, problem, now)
            else:
                await media.retry_at(session, row.id, now, now + again_in)
                return
            changed = await media.get(session, row.id) if done else None
            if changed is None or changed.account_id is None:
                return
            view = media.view(changed)
            await outbox.add(session, changed.account_id, "message.media", view.model_dump(mode="json"))
        self._core.news.publish(MediaChanged(user_id=row.user_id, media=view))


def _failure_of(error: Exception) -> _Failure:
    if isinstance(error, MediaNotThere):
        gone = error.code == "gone"
        return _Failure(MediaProblem.GONE, GONE_TRIES) if gone else _Failure(MediaProblem.TOO_LARGE, 1)
    if isinstance(error, TransientError):
        away = error.code == MediaProblem.STORAGE
        return _Failure(MediaProblem.STORAGE if away else MediaProblem.NOT_DOWNLOADED, MAX_TRIES)
    if isinstance(error, PolicyError):
        known = {"media_too_large": (MediaProblem.TOO_LARGE, 1), "storage_full": (MediaProblem.FULL, MAX_TRIES)}
        problem, tries = known.get(error.code, (MediaProblem.QUOTA, 1))
        return _Failure(problem, tries)
    return _Failure(MediaProblem.STORAGE, 1 if isinstance(error, FatalError) else MAX_TRIES)


async def _close(pieces: object) -> None:
    close = getattr(pieces, "aclose", None)
    if close is not None:
        await asyncio.wait_for(close(), CLAIMED_FOR.total_seconds())
