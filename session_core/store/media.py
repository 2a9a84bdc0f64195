"""Queries on files of messages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import col, delete, func, or_, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from session_core.domain.media import MediaKind, MediaProblem, MediaState, MediaView
from session_core.domain.message import Direction
from session_core.store import waiting
from session_core.store.models import Media, MediaPreference, User

S = MediaState


def view(row: Media) -> MediaView:
    """Turn a stored row into what its owner sees."""
    return MediaView(
        id=row.id,
        account_id=row.account_id,
        message_id=row.message_id,
        direction=row.direction,
        kind=row.kind,
        state=row.state,
        problem=row.problem,
        mime=row.mime,
        filename=row.filename,
        size=row.size,
        sha256=row.sha256,
        created_at=row.created_at,
        expires_at=row.expires_at,
    )


async def add(session: AsyncSession, row: Media) -> None:
    """Store a new row."""
    session.add(row)
    await session.flush()


async def get(session: AsyncSession, media_id: UUID, user_id: UUID | None = None) -> Media | None:
    """Return a file that is not being deleted, of this user or, without one, of anybody."""
    query = select(Media).where(Media.id == media_id, Media.state != S.DELETING)
    if user_id is not None:
        query = query.where(Media.user_id == user_id)
    return (await session.exec(query.execution_options(populate_existing=True))).first()


async def of_user(session: AsyncSession, user_id: UUID, *, limit: int, before: Media | None = None) -> Sequence[Media]:
    """Return a user's files, newest first, or those older than ``before``."""
    query = select(Media).where(Media.user_id == user_id, Media.state != S.DELETING)
    if before is not None:
        query = query.where(
            or_(
                col(Media.created_at) < before.created_at,
                (col(Media.created_at) == before.created_at) & (col(Media.id) < before.id),
            )
        )
    return (await session.exec(query.order_by(col(Media.created_at).desc(), col(Media.id).desc()).limit(limit))).all()


async def by_ids(session: AsyncSession, user_id: UUID, media_ids: Iterable[UUID]) -> dict[UUID, Media]:
    """Return the user's files with these ids that are not being deleted."""
    wanted = list(media_ids)
    if not wanted:
        return {}
    query = select(Media).where(col(Media.id).in_(wanted), Media.user_id == user_id, Media.state != S.DELETING)
    return {row.id: row for row in (await session.exec(query)).all()}


async def used(session: AsyncSession, user_id: UUID, but: UUID | None = None) -> int:
    """Return how many bytes a user's files take, and those that are being taken in; ``but``: without this one."""
    query = select(func.sum(Media.size)).where(
        Media.user_id == user_id, col(Media.state).in_([S.PENDING, S.READY]), col(Media.store) != ""
    )
    if but is not None:
        query = query.where(Media.id != but)
    return int((await session.exec(query)).one() or 0)


async def lock_user(session: AsyncSession, user_id: UUID) -> None:
    """Keep other uploads of the user waiting until the transaction ends, so that their sum is true."""
    await session.exec(select(User.id).where(User.id == user_id).with_for_update())


async def finish(session: AsyncSession, media_id: UUID, now: datetime, expires_at: datetime, **found: Any) -> bool:
    """Note that a file lies whole in its store; False when it is not wanted any more."""
    return await _move(session, media_id, S.PENDING, now, state=S.READY, problem=None, expires_at=expires_at, **found)


async def forget(session: AsyncSession, media_id: UUID) -> None:
    """Remove a row: its file is gone, or never was."""
    await session.exec(delete(Media).where(col(Media.id) == media_id))


async def want_removed(session: AsyncSession, media_ids: Sequence[UUID], now: datetime) -> None:
    """Have files removed; from now on nobody opens them."""
    await session.exec(update(Media).where(col(Media.id).in_(list(media_ids))).values(state=S.DELETING, updated_at=now))


async def want_removed_of(session: AsyncSession, message_id: UUID, now: datetime) -> None:
    """Have the file that came with a message removed, or never fetched. An upload is its user's and stays."""
    await session.exec(
        update(Media)
        .where(col(Media.message_id) == message_id, col(Media.wa_message_id).is_not(None))
        .values(state=S.DELETING, updated_at=now)
    )


async def use(session: AsyncSession, media_id: UUID, now: datetime, expires_at: datetime) -> None:
    """Keep a file at least until ``expires_at``: it is being sent."""
    await session.exec(
        update(Media)
        .where(col(Media.id) == media_id, col(Media.expires_at) < expires_at)
        .values(expires_at=expires_at, updated_at=now)
    )


async def to_remove(session: AsyncSession, now: datetime, abandoned: datetime, limit: int) -> Sequence[Media]:
    """Return files that nobody needs any more, in any order, at most ``limit`` for each of the reasons.

    Those that are to be deleted, whose time is over, whose message is gone, and uploads whose process died before
    ``abandoned``. Each reason has its index. A file with which a message waits to go out outlives its time.
    """
    reasons = (
        col(Media.state) == S.DELETING,
        (col(Media.expires_at) < now) & col(Media.id).not_in(waiting.carried_media()),
        col(Media.message_id).is_(None) & col(Media.wa_message_id).is_not(None),
        (col(Media.state) == S.PENDING) & (col(Media.updated_at) < abandoned) & (Media.direction == Direction.OUT),
    )
    found: dict[UUID, Media] = {}
    for reason in reasons:
        found |= {row.id: row for row in (await session.exec(select(Media).where(reason).limit(limit))).all()}
    return list(found.values())


async def due(session: AsyncSession, account_ids: Iterable[UUID], now: datetime, limit: int) -> Sequence[Media]:
    """Return files of these accounts that are to be fetched now, the one that waits longest first."""
    query = (
        select(Media)
        .where(
            col(Media.account_id).in_(list(account_ids)),
            Media.state == S.PENDING,
            Media.direction == Direction.IN,
            col(Media.next_try_at) <= now,
        )
        .order_by(col(Media.next_try_at))
        .limit(limit)
    )
    return (await session.exec(query)).all()


async def claim(session: AsyncSession, media_id: UUID, now: datetime, until: datetime) -> bool:
    """Begin to fetch a file; False when somebody else does, or nobody wants it any more."""
    result = await session.exec(
        update(Media)
        .where(col(Media.id) == media_id, col(Media.state) == S.PENDING, col(Media.next_try_at) <= now)
        .values(next_try_at=until, attempts=Media.attempts + 1, updated_at=now)
    )
    return bool(result.rowcount)


async def place(session: AsyncSession, media_id: UUID, now: datetime, **found: Any) -> bool:
    """Write down where a fetched file is about to lie, and what it is; False when nobody wants it any more."""
    return await _move(session, media_id, S.PENDING, now, **found)


async def retry_at(session: AsyncSession, media_id: UUID, now: datetime, at: datetime) -> None:
    """Have a file fetched again later."""
    await _move(session, media_id, S.PENDING, now, next_try_at=at)


async def want_fetched(session: AsyncSession, media_id: UUID, now: datetime) -> bool:
    """Have a file fetched (again) now; False when it is here, or is being deleted."""
    result = await session.exec(
        update(Media)
        .where(col(Media.id) == media_id, col(Media.state).in_([S.PENDING, S.FAILED, S.REMOTE]))
        .values(state=S.PENDING, problem=None, attempts=0, next_try_at=now, updated_at=now)
    )
    return bool(result.rowcount)


async def let_go(session: AsyncSession, media_id: UUID, now: datetime) -> None:
    """Keep the row of a file whose bytes were removed because their time was over: it can be fetched again."""
    values = {"state": S.REMOTE, "store": "", "path": "", "expires_at": None, "updated_at": now}
    await session.exec(update(Media).where(col(Media.id) == media_id).values(**values))


async def wants(session: AsyncSession, account_id: UUID, kind: MediaKind) -> bool:
    """Tell whether an account's files of this kind are fetched by themselves."""
    row = await session.get(MediaPreference, account_id)
    return row is None or kind in row.auto


async def preference(session: AsyncSession, account_id: UUID) -> MediaPreference | None:
    """Return what an account's owner chose; None as long as they chose nothing."""
    return await session.get(MediaPreference, account_id)


async def set_preference(session: AsyncSession, account_id: UUID, auto: Sequence[str]) -> None:
    """Keep what an account's owner chose."""
    row = await session.get(MediaPreference, account_id)
    if row is None:
        session.add(MediaPreference(account_id=account_id, auto=list(auto)))
    else:
        row.auto = list(auto)
    await session.flush()


async def _move(session: AsyncSession, media_id: UUID, old: MediaState, now: datetime, **values: Any) -> bool:
    result = await session.exec(
        update(Media).where(col(Media.id) == media_id, col(Media.state) == old).values(**{"updated_at": now, **values})
    )
    return bool(result.rowcount)


async def fail(session: AsyncSession, media_id: UUID, problem: MediaProblem, now: datetime) -> bool:
    """Note that a file that came in cannot be had; False when nobody waits for it."""
    return await _move(session, media_id, S.PENDING, now, state=S.FAILED, problem=problem, next_try_at=None)
