"""Queries on the messages of a lane: what is next, what waits for its time, what gives up.

SQLite uses an index of some rows only when it sees the very words of that index, not parameters: the statuses below
are written out as in the indexes of `Message`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import TextClause, Uuid, cast, exists, text, union_all
from sqlalchemy.orm import aliased
from sqlmodel import col, func, or_, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from session_core.domain.message import Direction, MessageStatus, Turn
from session_core.domain.status import SessionStatus
from session_core.store import messages
from session_core.store.models import Account, Message, SessionRuntime

BATCH = 100
"""Messages that are moved in one transaction when many give up at once."""


def _queued() -> TextClause:
    return text("messages.status = 'queued'")


def _under_way() -> TextClause:
    return text("messages.status = 'sending'")


async def head(
    session: AsyncSession, account_id: UUID, *, replies_only: bool = False, known_only: bool = False
) -> Message | None:
    """Return the message whose turn it is: the one under way, else the first of those that may go now.

    Args:
        session: the transaction.
        account_id: whose lane.
        replies_only: nothing but answers to somebody who wrote lately.
        known_only: nothing that begins a conversation.
    """
    under_way = select(Message).where(Message.account_id == account_id, _under_way()).order_by(col(Message.seq))
    found = (await session.exec(under_way.limit(1))).first()
    if found is not None:
        return found
    last = Turn.REPLY if replies_only else Turn.NORMAL
    query = select(Message).where(Message.account_id == account_id, _queued(), col(Message.turn) <= int(last))
    if known_only:
        query = query.where(or_(col(Message.chat_id).like("%@g.us"), _conversation() & ~_met_the_limit()))
    return (await session.exec(query.order_by(col(Message.turn), col(Message.seq)).limit(1))).first()


def _conversation() -> Any:
    """Tell which messages go to a chat in which something was said already."""
    other = aliased(Message)
    return exists().where(
        col(other.account_id) == Message.account_id,
        col(other.chat_id) == Message.chat_id,
        or_(
            col(other.direction) == Direction.IN,
            col(other.status).in_([MessageStatus.DEVICE, MessageStatus.READ, MessageStatus.SERVER]),
        ),
    )


def _met_the_limit() -> Any:
    """Tell which messages go to a chat in which WhatsApp refused one for its limit, and nobody wrote since.

    Whatever the rows say of that chat, WhatsApp takes it for a new one; and what waits there keeps its order.
    """
    held, heard = aliased(Message), aliased(Message)
    answered = exists().where(
        col(heard.account_id) == held.account_id,
        col(heard.chat_id) == held.chat_id,
        col(heard.direction) == Direction.IN,
        col(heard.created_at) > held.reach_out_at,
    )
    return exists().where(
        col(held.account_id) == Message.account_id,
        col(held.chat_id) == Message.chat_id,
        col(held.status) == MessageStatus.QUEUED,
        col(held.reach_out_at).is_not(None),
        ~answered,
    )


async def heard_since(session: AsyncSession, account_id: UUID, chat_ids: Iterable[str], since: datetime) -> bool:
    """Tell whether somebody wrote in one of the chats since then."""
    query = select(Message.id).where(
        Message.account_id == account_id,
        col(Message.chat_id).in_(chat_ids),
        Message.direction == Direction.IN,
        col(Message.created_at) > since,
    )
    return (await session.exec(query.limit(1))).first() is not None


async def let_forward(session: AsyncSession, account_id: UUID, chat_ids: Iterable[str]) -> None:
    """Let what waits for a person go before others: an answer does not overtake what was to be said before it."""
    await session.exec(
        update(Message)
        .where(
            col(Message.account_id) == account_id,
            col(Message.chat_id).in_(chat_ids),
            _queued(),
            col(Message.turn) == int(Turn.NORMAL),
        )
        .values(turn=int(Turn.REPLY))
    )


# ---- What waits for its time --------------------------------------------------------------------------------------


async def first_scheduled(session: AsyncSession, account_id: UUID) -> datetime | None:
    """Return when the next scheduled message of the account is due."""
    query = select(func.min(Message.send_at)).where(
        Message.account_id == account_id, _queued(), text("messages.turn = 2")
    )
    return (await session.exec(query)).one()


async def take_due(session: AsyncSession, account_id: UUID, now: datetime) -> None:
    """Let scheduled messages whose time has come take their places in the lane."""
    await session.exec(
        update(Message)
        .where(
            col(Message.account_id) == account_id,
            _queued(),
            text("messages.turn = 2"),
            col(Message.send_at) <= now,
        )
        .values(turn=int(Turn.NORMAL))
    )


async def expired(session: AsyncSession, now: datetime, account_id: UUID | None = None) -> Sequence[Message]:
    """Return some messages (of one account) that wait although their time is over, the oldest first."""
    query = select(Message).where(_queued(), text("messages.expires_at IS NOT NULL"), col(Message.expires_at) <= now)
    if account_id is not None:
        query = query.where(Message.account_id == account_id)
    return (await session.exec(query.order_by(col(Message.expires_at)).limit(BATCH))).all()


async def carries_media(session: AsyncSession, media_id: UUID) -> bool:
    """Tell whether a message that waits to go out carries this file."""
    carries = col(Message.content)["media_id"].as_string() == str(media_id)
    for waits in (_queued(), _under_way(), text("messages.status = 'unknown'")):
        if (await session.exec(select(Message.id).where(waits, carries).limit(1))).first() is not None:
            return True
    return False


def carried_media() -> Any:
    """Select the ids of the files that messages carry which wait to go out, as far as they are ids.

    As a list that is made once, not a question for each file: no index leads from a file to its messages.
    """
    # Rows hold ids as the database likes them, their content holds them as people write them.
    media_id = cast(func.replace(col(Message.content)["media_id"].as_string(), "-", ""), Uuid())
    waits = (_queued(), _under_way(), text("messages.status = 'unknown'"))
    return union_all(*(select(media_id).where(one, media_id.is_not(None)) for one in waits))


# ---- Counting -----------------------------------------------------------------------------------------------------


async def count(session: AsyncSession, account_id: UUID) -> int:
    """Count the messages that could go out by now, or are under way, in an account's lane."""
    queued = select(func.count()).where(
        Message.account_id == account_id, _queued(), col(Message.turn) < int(Turn.LATER)
    )
    under_way = select(func.count()).where(Message.account_id == account_id, _under_way())
    return (await session.exec(queued)).one() + (await session.exec(under_way)).one()


async def count_scheduled(session: AsyncSession, account_id: UUID) -> int:
    """Count the messages of an account whose time has not come."""
    query = select(func.count()).where(Message.account_id == account_id, _queued(), text("messages.turn = 2"))
    return (await session.exec(query)).one()


async def count_unknown(session: AsyncSession, account_id: UUID) -> int:
    """Count the messages of an account of which nobody knows whether they went out."""
    query = select(func.count()).where(Message.account_id == account_id, text("messages.status = 'unknown'"))
    return (await session.exec(query)).one()


async def count_all(session: AsyncSession) -> dict[MessageStatus, int]:
    """Count, over all lanes, what waits, what is under way, and what nobody can know."""
    statuses = (MessageStatus.QUEUED, MessageStatus.SENDING, MessageStatus.UNKNOWN)
    counts: dict[MessageStatus, int] = {}
    for status in statuses:
        query = select(func.count()).select_from(Message).where(text(f"messages.status = '{status.value}'"))
        counts[status] = (await session.exec(query)).one()
    return counts


async def lanes_with_work(session: AsyncSession, now: datetime) -> Sequence[UUID]:
    """Return the ready accounts that have messages to send by ``now``.

    It asks each ready account for one such message: what that costs depends on the accounts, not on what waits. Not by
    EXISTS: beside an OR, Postgres reads everything that waits for it, to look the accounts up in that.
    """

    def there_is(waits: TextClause, *more: Any) -> Any:
        one = select(Message.seq).where(col(Message.account_id) == SessionRuntime.account_id, waits, *more).limit(1)
        return one.scalar_subquery().is_not(None)

    query = select(SessionRuntime.account_id).where(
        SessionRuntime.status == SessionStatus.READY,
        or_(
            there_is(_under_way()),
            there_is(_queued(), text("messages.turn < 2")),
            there_is(_queued(), text("messages.turn = 2"), col(Message.send_at) <= now),
        ),
    )
    return (await session.exec(query)).all()


# ---- What has gone out --------------------------------------------------------------------------------------------


async def last_tries(session: AsyncSession, user_id: UUID) -> Sequence[Message]:
    """Return, for each account of the user, what may have gone out last.

    That is the newest message that did, whatever is under way or never told what became of it, and the newest one that
    was tried at all.
    """
    account_ids = (await session.exec(select(Account.id).where(Account.user_id == user_id))).all()
    found: list[Message] = []
    for account_id in account_ids:
        found += await last_sent(session, account_id)
        for waits in (_under_way(), text("messages.status = 'unknown'")):
            query = select(Message).where(Message.account_id == account_id, waits)
            found += (await session.exec(query.order_by(col(Message.seq).desc()).limit(1))).all()
        tried = select(Message).where(
            Message.account_id == account_id, Message.direction == Direction.OUT, col(Message.attempts) > 0
        )
        found += (await session.exec(tried.order_by(col(Message.seq).desc()).limit(1))).all()
    return found


async def last_sent(session: AsyncSession, account_id: UUID, *, until: datetime | None = None) -> Sequence[Message]:
    """Return what of the account went out last, and what was given up last without anybody knowing whether it did.

    Args:
        session: any transaction.
        account_id: whose.
        until: none that went out, or was given up, after that.
    """
    found: list[Message] = []
    for at, which in _out(account_id):
        query = select(Message).where(*which).order_by(at.desc()).limit(1)
        found += (await session.exec(query if until is None else query.where(at <= until))).all()
    return found


def _out(account_id: UUID) -> list[tuple[Any, tuple[Any, ...]]]:
    """Return which messages of an account went out, and which may have: each with what holds the instant.

    Nobody knows when one of unknown outcome went out, if it did; it was not after it was given up.
    """
    of_account = col(Message.account_id) == account_id
    sent = (of_account, text("messages.direction = 'out'"), text("messages.sent_at IS NOT NULL"))
    unknown = (of_account, text("messages.status = 'unknown'"), col(Message.sent_at).is_(None))
    return [(col(Message.sent_at), sent), (col(Message.updated_at), unknown)]


async def sent_since(session: AsyncSession, account_id: UUID, since: datetime, limit: int) -> Sequence[datetime]:
    """Return the instants at which messages of the account went out, or may have, since then, the newest first."""
    found: list[datetime] = []
    for at, which in _out(account_id):
        found += (await session.exec(select(at).where(*which, at > since).order_by(at.desc()).limit(limit))).all()
    return sorted(found, reverse=True)[:limit]


async def count_sent_since(session: AsyncSession, account_id: UUID, since: datetime) -> int:
    """Count the messages of the account that went out, or may have, since then."""
    count = 0
    for at, which in _out(account_id):
        count += (await session.exec(select(func.count()).select_from(Message).where(*which, at > since))).one()
    return count


# ---- Moving -------------------------------------------------------------------------------------------------------


async def cancel(session: AsyncSession, account_id: UUID, message_id: UUID, now: datetime) -> bool:
    """Take a message that is not under way out of its lane."""
    return await _end(session, account_id, message_id, MessageStatus.CANCELLED, None, now)


async def give_up(
    session: AsyncSession, message: Message, status: MessageStatus, failure: str | None, now: datetime
) -> bool:
    """End a message that waits; False when it does not wait any more."""
    return await _end(session, message.account_id, message.id, status, failure, now)


async def _end(
    session: AsyncSession,
    account_id: UUID,
    message_id: UUID,
    status: MessageStatus,
    failure: str | None,
    now: datetime,
) -> bool:
    result = await session.exec(
        update(Message)
        .where(col(Message.account_id) == account_id, col(Message.id) == message_id, _queued())
        .values(status=status, status_rank=status.rank, failure=failure, updated_at=now)
    )
    return bool(result.rowcount)


async def mark_held(session: AsyncSession, message_id: UUID, now: datetime) -> None:
    """Note that a message met WhatsApp's limit on new conversations before it left the page."""
    await session.exec(update(Message).where(col(Message.id) == message_id).values(reach_out_at=now, updated_at=now))


async def put_back(
    session: AsyncSession, account_id: UUID, wa_key: str, new_wa_key: str, now: datetime
) -> Message | None:
    """Have a message that WhatsApp refused for its limit on new conversations wait again, at its place in the lane.

    Args:
        session: a writing transaction.
        account_id: whose.
        wa_key: the id under which it was refused, which is used up.
        new_wa_key: the id under which it will be sent.
        now: the time.

    Returns:
        The row; None when there is none of that id which may be under way, or it is not ours to send: what a person
        wrote on the phone was never tried by us.
    """
    result = await session.exec(
        update(Message)
        .where(
            *messages.ours(account_id, wa_key),
            col(Message.status).in_([MessageStatus.SENDING, MessageStatus.SENT, MessageStatus.UNKNOWN]),
            col(Message.attempts) > 0,
        )
        .values(
            status=MessageStatus.QUEUED,
            status_rank=MessageStatus.QUEUED.rank,
            wa_key=new_wa_key,
            retired_key=wa_key,
            wa_message_id=None,
            sent_at=None,
            failure=None,
            attempts=0,
            lease_token=None,
            lease_until=None,
            reach_out_at=now,
            updated_at=now,
        )
    )
    return await messages.by_wa_key(session, account_id, new_wa_key) if result.rowcount else None


async def resolve_sent(session: AsyncSession, account_id: UUID, message_id: UUID, now: datetime) -> bool:
    """A person has seen that a message of unknown outcome went out."""
    return await _settle(session, account_id, message_id, MessageStatus.SENT, now, sent_at=now)


async def resolve_not_sent(session: AsyncSession, account_id: UUID, message_id: UUID, now: datetime) -> bool:
    """A person has seen that a message of unknown outcome did not go out: it is tried again.

    It keeps its id and counts as tried, so the host looks for it in the chat first.
    """
    return await _settle(
        session, account_id, message_id, MessageStatus.QUEUED, now, attempts=1, turn=int(Turn.NORMAL), expires_at=None
    )


async def _settle(
    session: AsyncSession, account_id: UUID, message_id: UUID, status: MessageStatus, now: datetime, **values: Any
) -> bool:
    result = await session.exec(
        update(Message)
        .where(
            col(Message.account_id) == account_id,
            col(Message.id) == message_id,
            text("messages.status = 'unknown'"),
        )
        .values(status=status, status_rank=status.rank, failure=None, lease_token=None, updated_at=now, **values)
    )
    return bool(result.rowcount)
