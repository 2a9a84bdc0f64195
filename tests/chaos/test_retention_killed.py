"""A worker that dies while it removes what is too old: what should stay is there, and nothing stays half removed."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlmodel import col, func, select

from session_core.clock import utcnow
from session_core.domain.chats import ChatKind
from session_core.domain.media import MediaKind, MediaState
from session_core.domain.message import Direction, MessageStatus
from session_core.media import intake
from session_core.media.shelf import path_of
from session_core.store import erasure, search
from session_core.store.engine import Database
from session_core.store.models import Chat, Media, Message
from tests import factories
from tests.chaos.table import NOTES
from tests.servers.processes import start_service
from tests.servers.valkey import running_valkey_server
from tests.waiting import eventually

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

LONG = timedelta(minutes=3)
CHATS = 4
OLD, NEW = 8_000, 200
FILES_OLD, FILES_NEW = 60, 20
"""So many of the messages came with a file."""

UPLOADS = 180
"""Files whose own time is over; one round of the janitor takes them all."""

KEEP = 30
"""Days."""

STEPS = 6


@dataclass
class Store:
    """A database and a folder of files, and what is in them."""

    database: Database
    folder: Path
    user_id: UUID
    account_id: UUID
    kept: set[UUID] = field(default_factory=set)
    seen: list[str] = field(default_factory=list)

    @property
    def files(self) -> set[UUID]:
        """Ids of the files that lie there."""
        # Unlike a glob it takes folders that vanish meanwhile.
        return {UUID(name) for _, _, names in os.walk(self.folder / "files") for name in names}

    async def add(self, count: int, files: int, age: timedelta, word: str) -> set[UUID]:
        """Store messages, the first of them with files; returns their ids."""
        at, ids, came = utcnow() - age, set(), []
        async with self.database.begin() as session:
            for number in range(count):
                row = factories.message(
                    self.account_id,
                    text=f"{word} {number}",
                    direction=Direction.IN,
                    chat_id=f"346110000{number % CHATS:02d}@c.us",
                    status=MessageStatus.RECEIVED,
                    created_at=at,
                    wa_message_id=uuid4().hex,
                )
                ids.add(row.id)
                session.add(row)
                if number < files:
                    came.append(self._file(row))
            await session.flush()
            session.add_all(came)
        return ids

    async def add_uploads(self) -> None:
        """Store files that nobody needs any more."""
        async with self.database.begin() as session:
            session.add_all(self._file(None) for _ in range(UPLOADS))

    def _file(self, message: Message | None) -> Media:
        media_id = uuid4()
        path = path_of(self.user_id, media_id)
        place = self.folder / "files" / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(media_id.bytes)
        return Media(
            id=media_id,
            user_id=self.user_id,
            account_id=self.account_id if message else None,
            message_id=message.id if message else None,
            wa_message_id=message.wa_message_id if message else None,
            direction=Direction.IN if message else Direction.OUT,
            kind=MediaKind.DOCUMENT,
            state=MediaState.READY,
            mime="application/octet-stream",
            size=16,
            store="local",
            path=path,
            expires_at=utcnow() + timedelta(days=90 if message else -1),
        )

    async def messages(self) -> int:
        """Count the messages."""
        async with self.database.read() as session:
            return (await session.exec(select(func.count()).select_from(Message))).one()

    async def check(self) -> None:
        """Fail when something is gone that should stay, or a file and its row do not belong together."""
        files = await asyncio.to_thread(lambda: self.files)
        async with self.database.read() as session:
            there = set((await session.exec(select(Message.id).where(col(Message.id).in_(self.kept)))).all())
            rows = (await session.exec(select(Media))).all()
        assert there == self.kept
        opened = {row.id for row in rows if row.state is MediaState.READY}
        assert opened <= files, "a file that is shown is gone"
        assert files <= {row.id for row in rows}, "a file without a row"
        assert len([row for row in rows if row.message_id in self.kept and row.id in files]) == FILES_NEW


@pytest.fixture
async def store(site_url: str, tmp_path: Path) -> AsyncIterator[Store]:
    database = Database(site_url)
    user_id = await factories.add_user(database)
    account_id = await factories.add_account(database, user_id)
    found = Store(database, tmp_path / "media", user_id, account_id)
    async with database.begin() as session:
        await erasure.keep_for(session, account_id, KEEP)
        session.add_all(
            Chat(account_id=account_id, chat_id=f"346110000{number:02d}@c.us", kind=ChatKind.USER, last_at=utcnow())
            for number in range(CHATS)
        )
    await found.add(OLD, FILES_OLD, timedelta(days=KEEP + 1), "stale")
    found.kept = await found.add(NEW, FILES_NEW, timedelta(days=KEEP - 1), "fresh")
    yield found
    await database.close()


async def test_killed_while_old_messages_and_their_files_go(
    store: Store, site_url: str, database_kind: str, tmp_path: Path
) -> None:
    killed: list[int] = []

    with running_valkey_server(tmp_path / "valkey") as valkey:
        env = {
            "DATABASE_URL": site_url,
            "REDIS_URL": valkey.url,
            "WHAHOOK_DATA_DIR": str(tmp_path / "w"),
            "WHAHOOK_MEDIA_DIR": str(store.folder),
            "WHAHOOK_WORKERS": "1",
        }

        @asynccontextmanager
        async def worker() -> AsyncIterator[None]:
            process = start_service("worker", env=env, log=tmp_path / "worker.log")
            try:
                yield
            finally:
                process.kill()
                await asyncio.to_thread(process.wait)

        async def kill_when(count: Callable[[], object], goal: int) -> None:
            async def reached() -> bool:
                found = count()
                found = await found if asyncio.iscoroutine(found) else found
                left.append(int(found))
                return left[-1] <= goal

            left: list[int] = []
            async with worker():
                await eventually(reached, LONG, f"{goal} are left; {left[-1:]}")
            killed.append(left[-1])
            await store.check()

        for step in range(STEPS):
            await kill_when(store.messages, NEW + OLD - 1 - step * OLD // STEPS)
        async with worker():
            await eventually(lambda: _is(store.messages(), NEW), LONG, "all that is old is gone")
        async with worker():
            await eventually(lambda: len(store.files) == FILES_NEW, LONG, "their files are gone")
        await store.add_uploads()
        for step in range(STEPS):
            await kill_when(lambda: len(store.files), FILES_NEW + UPLOADS - 1 - step * UPLOADS // STEPS)
        half = store.folder / "incoming" / f"{intake.UNFINISHED}left"
        half.parent.mkdir(exist_ok=True)
        half.write_bytes(b"half of a file whose process was killed two days ago")
        os.utime(half, (half.stat().st_mtime - 2 * 86_400,) * 2)
        async with worker():
            await eventually(lambda: len(store.files) == FILES_NEW, LONG, "the files are gone")
            await eventually(lambda: _is(rows_of_media(store), FILES_NEW), LONG, "and the rows of these")
            await eventually(lambda: not half.exists(), LONG, "and what was half taken in")
    await store.check()
    async with store.database.read() as session:
        gone = await search.messages(session, [store.account_id], ["stale"], limit=10)
        there = await search.messages(session, [store.account_id], ["fresh"], limit=10)
    assert (list(gone), len(list(there))) == ([], 10)
    between = [left for left in killed if left not in {NEW, FILES_NEW}]
    assert len(between) >= STEPS, "it was killed in the middle"
    NOTES.append(
        f"{database_kind}: retention killed {len(killed)} times, {len(between)} of them in the middle, with "
        f"{OLD} messages and {FILES_OLD + UPLOADS} files to go: {NEW} messages and {FILES_NEW} files stayed, "
        "nothing half removed"
    )


async def rows_of_media(store: Store) -> int:
    """Count the rows of files."""
    async with store.database.read() as session:
        return (await session.exec(select(func.count()).select_from(Media))).one()


async def _is(count: object, goal: int) -> bool:
    return await count == goal  # type: ignore[misc]
