"""What becomes of stored messages: how long they are kept, erasing a person, and taking all of it along."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog

from session_core.clock import utcnow
from session_core.core import Core
from session_core.domain.events import ChatsChanged, MessageView
from session_core.domain.text import is_storable
from session_core.errors import NotFound, PolicyError
from session_core.store import accounts, changes, chats, erasure, messages, search
from session_core.store.engine import Transaction
from session_core.store.errors import STORE_AWAY
from session_core.tasks import RecurringTask

log = structlog.get_logger(__name__)

MAX_DAYS = 3650

EVERY = timedelta(minutes=10)
ROUND_TIMEOUT = timedelta(minutes=5)

BREATH = timedelta(milliseconds=20)
"""Between two pieces: SQLite has one writer at a time, and messages come first."""


@dataclass(frozen=True, slots=True)
class Erased:
    """How much was deleted."""

    messages: int
    events: int


async def retention(core: Core, user_id: UUID, account_id: UUID) -> int | None:
    """Return for how many days the account's messages are kept; None: for ever."""
    async with core.db.read() as session:
        row = await accounts.owned(session, user_id, account_id)
        if row is None:
            raise NotFound("account")
        return row[0].keep_days


async def set_retention(core: Core, user_id: UUID, account_id: UUID, days: int | None) -> int | None:
    """Keep the account's messages for ``days`` from now on, None: for ever. What is older is deleted soon, for good.

    Raises:
        NotFound: the account is not the user's.
        PolicyError: 422 ``bad_retention``.
    """
    if days is not None and not 1 <= days <= MAX_DAYS:
        raise PolicyError(
            f"Messages are kept for 1 to {MAX_DAYS} days, or for ever.",
            code="bad_retention",
            action="Choose a number of days.",
            status_code=422,
        )
    async with core.db.begin() as session:
        if await accounts.owned(session, user_id, account_id) is None:
            raise NotFound("account")
        await erasure.keep_for(session, account_id, days)
    return days


async def erase(core: Core, user_id: UUID, account_id: UUID, wa_id: str) -> Erased:
    """Delete everything that is stored of one person in an account, for good.

    Their chats and what they wrote in groups, the events about it that programs were or would be told, the files, the
    contact; also what still waits to go out to them. Their phone keeps what it has, and what was written until now is
    not stored again from there. An erasure that breaks off can be repeated.

    Raises:
        NotFound: the account is not the user's, or knows no such person.
    """
    if not is_storable(wa_id) or wa_id.endswith("@g.us"):
        raise NotFound("contact")
    async with core.db.begin() as session:
        if await accounts.owned(session, user_id, account_id) is None:
            raise NotFound("account")
        who = await erasure.person(session, account_id, wa_id)
        if who is None:
            raise NotFound("contact")
        await erasure.bury(session, account_id, who, utcnow())
    async with core.db.read() as session:
        seqs = await erasure.messages_of(session, account_id, who)
        events = await erasure.events_of(session, account_id, who)
    for piece in _pieces(seqs):
        async with core.db.begin() as session:
            await erasure.delete_messages(session, piece)
    for piece in _pieces(events):
        async with core.db.begin() as session:
            await erasure.delete_events(session, piece)
    async with core.db.begin() as session:
        await erasure.forget(session, account_id, who)
    await _clean_index(core)
    log.info("contact_erased", account_id=str(account_id), messages=len(seqs), events=len(events))
    await core.publisher.publish(ChatsChanged(user_id=user_id, account_id=account_id))
    return Erased(len(seqs), len(events))


async def export(
    core: Core, user_id: UUID, account_id: UUID, *, chat: str | None = None
) -> AsyncIterator[list[MessageView]]:
    """Return all messages of an account, or of one chat, in pieces, in the order in which they were stored.

    Each piece is read by itself, so that a slow reader holds no transaction open.

    Raises:
        NotFound: the account is not the user's, or has no such chat; at once, not while it is read.
    """
    async with core.db.read() as session:
        if await accounts.owned(session, user_id, account_id) is None:
            raise NotFound("account")
        if chat is not None and not (is_storable(chat) and await chats.page(session, account_id, limit=1, only=chat)):
            raise NotFound("chat")
    return _pieces_of(core, account_id, chat)


async def _pieces_of(core: Core, account_id: UUID, chat: str | None) -> AsyncIterator[list[MessageView]]:
    after = 0
    while True:
        async with core.db.read() as session:
            rows = await messages.after(session, account_id, after, limit=erasure.PIECE, chat_id=chat)
            found = await changes.adorned(session, [messages.view(row) for row in rows])
        if not found:
            return
        yield found
        after = rows[-1].seq or 0


async def _clean_index(core: Core) -> None:
    begin = True
    while True:
        async with core.db.begin() as session:
            if not await search.forget_deleted(session, begin=begin):
                return
        begin = False
        await asyncio.sleep(BREATH.total_seconds())


def _pieces(numbers: list[int]) -> list[list[int]]:
    return [numbers[start : start + erasure.PIECE] for start in range(0, len(numbers), erasure.PIECE)]


# ---- Retention ----------------------------------------------------------------------------------------------------


async def remove_old(core: Core, now: datetime) -> int:
    """Delete what is older than each account keeps; returns how many messages went."""
    async with core.db.read() as session:
        limited = await erasure.to_keep(session)
    removed = 0
    for account_id, days in limited:
        before = now - timedelta(days=days)
        removed += await _remove(core, account_id, before, erasure.older_messages, erasure.delete_messages)
        await _remove(core, account_id, before, erasure.older_events, erasure.delete_events)
    return removed


Find = Callable[[Transaction, UUID, datetime], Coroutine[Any, Any, list[int]]]
Delete = Callable[[Transaction, list[int]], Coroutine[Any, Any, None]]


async def _remove(core: Core, account_id: UUID, before: datetime, find: Find, delete: Delete) -> int:
    removed = 0
    while True:
        async with core.db.begin() as session:
            found = await find(session, account_id, before)
            if found:
                await delete(session, found)
        removed += len(found)
        if len(found) < erasure.PIECE:
            return removed
        await asyncio.sleep(BREATH.total_seconds())


async def run_retention(core: Core) -> None:
    """Delete what is too old for ever, for a process that has more to do than that; cancelling ends it."""

    async def one_round() -> None:
        async with asyncio.timeout(ROUND_TIMEOUT.total_seconds()):
            if removed := await remove_old(core, utcnow()):
                log.info("old_messages_removed", messages=removed)

    rounds = RecurringTask(one_round, every=EVERY, name="retention", outages=STORE_AWAY)
    rounds.start()
    try:
        await asyncio.Event().wait()
    finally:
        await rounds.stop()
