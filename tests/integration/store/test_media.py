"""Queries on files, on both databases."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlmodel import select

from session_core.domain.media import MediaKind, MediaProblem, MediaState
from session_core.domain.message import Direction, MessageStatus
from session_core.store import accounts, media, waiting
from session_core.store.engine import Database
from session_core.store.models import Media, Message
from tests.factories import SECOND, T0, add_account, add_message, add_user

S = MediaState
LATER = T0 + timedelta(days=1)


async def add(database: Database, user_id: UUID, **fields: Any) -> UUID:
    values: dict[str, Any] = {
        "direction": Direction.OUT,
        "state": S.READY,
        "mime": "image/jpeg",
        "size": 10,
        "store": "local",
        "created_at": T0,
        "updated_at": T0,
        **fields,
    }
    row = Media(user_id=user_id, **values)
    media_id = row.id
    async with database.begin() as session:
        await media.add(session, row)
    return media_id


async def incoming(database: Database, user_id: UUID, account_id: UUID, **fields: Any) -> UUID:
    message = await add_message(
        database, account_id, direction=Direction.IN, status=MessageStatus.RECEIVED, wa_message_id=f"false_x_{uuid4()}"
    )
    values = {"state": S.PENDING, "next_try_at": T0, "store": "", "kind": MediaKind.IMAGE} | fields
    told = {"account_id": account_id, "message_id": message.id, "wa_message_id": message.wa_message_id}
    return await add(database, user_id, direction=Direction.IN, **told, **values)


async def state(database: Database, media_id: UUID) -> MediaState | None:
    async with database.read() as session:
        return (await session.exec(select(Media.state).where(Media.id == media_id))).first()


async def test_a_file_is_its_users_own(database: Database) -> None:
    ana, bob = await add_user(database), await add_user(database)
    mine = await add(database, ana)
    gone = await add(database, ana, state=S.DELETING)
    async with database.read() as session:
        assert await media.get(session, mine, ana) is not None
        assert await media.get(session, mine, bob) is None
        assert await media.get(session, gone) is None
        assert set(await media.by_ids(session, ana, [mine, gone])) == {mine}
        assert await media.by_ids(session, bob, [mine]) == {}
        assert await media.by_ids(session, ana, []) == {}


async def test_pages_are_in_the_order_of_time_also_within_one_moment(database: Database) -> None:
    ana = await add_user(database)
    ids = [await add(database, ana, created_at=T0 + (number // 2) * SECOND) for number in range(5)]
    async with database.read() as session:
        first = await media.of_user(session, ana, limit=2)
        second = await media.of_user(session, ana, limit=10, before=first[-1])
    found = [row.id for row in [*first, *second]]
    assert found[0] == ids[4]
    assert set(found) == set(ids)
    assert len(found) == 5


async def test_what_counts_for_the_quota(database: Database) -> None:
    ana = await add_user(database)
    account_id = await add_account(database, ana)
    mine = await add(database, ana)
    await add(database, ana, state=S.PENDING)
    await add(database, ana, state=S.DELETING)
    await add(database, await add_user(database))
    await incoming(database, ana, account_id, size=1000)
    async with database.begin() as session:
        await media.lock_user(session, ana)
        assert await media.used(session, ana) == 20
        assert await media.used(session, ana, but=mine) == 10


async def test_one_claim_at_a_time(database: Database) -> None:
    ana = await add_user(database)
    account_id = await add_account(database, ana)
    media_id = await incoming(database, ana, account_id)
    await incoming(database, ana, account_id, next_try_at=LATER)
    async with database.begin() as session:
        assert [row.id for row in await media.due(session, [account_id], T0, 10)] == [media_id]
        assert await media.due(session, [uuid4()], T0, 10) == []
        assert await media.claim(session, media_id, T0, T0 + SECOND)
        assert not await media.claim(session, media_id, T0, T0 + SECOND)
        assert await media.claim(session, media_id, T0 + SECOND, LATER)
        row = await media.get(session, media_id)
        assert row is not None
        assert row.attempts == 2


async def test_the_ways_of_a_file(database: Database) -> None:
    ana = await add_user(database)
    account_id = await add_account(database, ana)
    media_id = await incoming(database, ana, account_id)
    async with database.begin() as session:
        assert await media.place(session, media_id, T0, store="local", path="x", size=3, sha256="a" * 64)
        assert await media.finish(session, media_id, T0, LATER)
        assert not await media.finish(session, media_id, T0, LATER)
        assert not await media.want_fetched(session, media_id, T0)
        await media.let_go(session, media_id, T0)
    assert await state(database, media_id) is S.REMOTE
    async with database.begin() as session:
        assert await media.want_fetched(session, media_id, T0)
        assert await media.fail(session, media_id, MediaProblem.GONE, T0)
        assert not await media.fail(session, media_id, MediaProblem.GONE, T0)
        assert await media.want_fetched(session, media_id, T0)
        await media.want_removed(session, [media_id], T0)
        assert not await media.want_fetched(session, media_id, T0)
        await media.forget(session, media_id)
    assert await state(database, media_id) is None


async def test_what_nobody_needs(database: Database) -> None:
    ana = await add_user(database)
    account_id, left = await add_account(database, ana), await add_account(database, ana)
    await add(database, ana, expires_at=LATER)
    expired = await add(database, ana, expires_at=T0 - SECOND)
    deleting = await add(database, ana, state=S.DELETING)
    died = await add(database, ana, state=S.PENDING, updated_at=T0 - 2 * SECOND)
    await add(database, ana, state=S.PENDING)
    await incoming(database, ana, account_id, updated_at=T0 - timedelta(days=9))
    orphan = await incoming(database, ana, account_id)
    account_gone = await incoming(database, ana, left)
    async with database.begin() as session:
        row = await media.get(session, orphan)
        assert row is not None
        message = (await session.exec(select(Message).where(Message.id == row.message_id))).one()
        await session.delete(message)
        await session.flush()
        await accounts.purge(session, left)
    async with database.read() as session:
        found = await media.to_remove(session, T0, T0 - SECOND, 10)
    assert {row.id for row in found} == {expired, deleting, died, orphan, account_gone}


async def test_a_file_that_a_message_waits_with(database: Database) -> None:
    ana = await add_user(database)
    account_id = await add_account(database, ana)
    queued, sent = await add(database, ana, expires_at=T0), await add(database, ana)
    for media_id, status in ((queued, MessageStatus.QUEUED), (sent, MessageStatus.SENT)):
        content = {"type": "image", "media_id": str(media_id)}
        await add_message(database, account_id, kind="image", content=content, status=status)
    await add_message(database, account_id)
    async with database.begin() as session:
        assert await waiting.carries_media(session, queued)
        assert not await waiting.carries_media(session, sent)
        assert not await waiting.carries_media(session, uuid4())
        await media.use(session, queued, T0, LATER)
        row = await media.get(session, queued)
        assert row is not None
        assert row.expires_at == LATER
        await media.use(session, queued, T0, T0)
        assert row.expires_at == LATER


async def test_a_file_that_a_message_waits_with_outlives_its_time(database: Database) -> None:
    ana = await add_user(database)
    account_id = await add_account(database, ana)
    statuses = (MessageStatus.QUEUED, MessageStatus.SENDING, MessageStatus.UNKNOWN, MessageStatus.SENT)
    files = {status: await add(database, ana, expires_at=T0 - SECOND) for status in statuses}
    for status, media_id in files.items():
        content = {"type": "image", "media_id": str(media_id)}
        await add_message(database, account_id, kind="image", content=content, status=status)
    deleted = await add(database, ana, expires_at=T0 - SECOND)
    await add_message(database, account_id, kind="poll", content={"type": "poll", "media_id": None})
    await add_message(database, account_id)

    async def unneeded() -> set[UUID]:
        async with database.read() as session:
            return {row.id for row in await media.to_remove(session, T0, T0 - SECOND, 2)}

    # At most two are asked for: those that stay do not stand before those that go.
    assert await unneeded() == {files[MessageStatus.SENT], deleted}
    async with database.begin() as session:
        await media.forget(session, deleted)
        queued = (await session.exec(select(Message).where(Message.status == MessageStatus.QUEUED))).all()
        for row in queued:
            assert await waiting.cancel(session, account_id, row.id, T0)
    assert await unneeded() == {files[MessageStatus.SENT], files[MessageStatus.QUEUED]}


async def test_preferences(database: Database) -> None:
    account_id = await add_account(database)
    async with database.begin() as session:
        assert await media.preference(session, account_id) is None
        assert await media.wants(session, account_id, MediaKind.VIDEO)
        await media.set_preference(session, account_id, [MediaKind.IMAGE])
    async with database.begin() as session:
        assert await media.wants(session, account_id, MediaKind.IMAGE)
        assert not await media.wants(session, account_id, MediaKind.VIDEO)
        await media.set_preference(session, account_id, [])
        assert not await media.wants(session, account_id, MediaKind.IMAGE)
