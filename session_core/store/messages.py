"""Queries on messages: accepting, the lane's order, acknowledgements, what came in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Text, and_
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlmodel import col, func, select, update
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.sqltypes import AutoString

from session_core.domain.content import ACTIONS, AnyContent, restored
from session_core.domain.events import MessageView
from session_core.domain.message import Direction, MessageStatus
from session_core.domain.text import storable
from session_core.store.models import Account, Message

REFUSED = "refused_by_whatsapp"
"""``failure`` of a message that the page had taken and WhatsApp then reported as failed."""

UPLOAD_LOST = "upload_failed"
"""``failure`` of a file that the page had taken and that went down with it."""


def view(row: Message) -> MessageView:
    """Turn a stored row into what its owner sees."""
    return MessageView(
        id=row.id,
        account_id=row.account_id,
        direction=row.direction,
        chat_id=row.chat_id,
        author=row.author,
        sender_name=row.sender_name,
        kind=row.kind,
        text=row.text,
        content=restored(row.kind, row.text, row.content),
        status=row.status,
        failure=row.failure,
        wa_message_id=row.wa_message_id,
        quoted_id=row.quoted_id,
        replayed=row.replayed,
        send_at=row.send_at,
        expires_at=row.expires_at,
        created_at=row.created_at,
        sent_at=row.sent_at,
        updated_at=row.updated_at,
        edited_at=row.edited_at,
        revoked_at=row.revoked_at,
    )


def content_of(row: Message) -> AnyContent:
    """Return what a message of ours says.

    Raises:
        ValueError: it is of a kind, or has a form, that this version does not know.
    """
    content = restored(row.kind, row.text, row.content)
    if content is None:
        raise ValueError(f"content of kind {row.kind} not understood")
    return content


async def by_idempotency_key(session: AsyncSession, account_id: UUID, key: str) -> Message | None:
    """Return the message that was accepted under this key."""
    query = select(Message).where(Message.account_id == account_id, Message.idempotency_key == key)
    return (await session.exec(query)).first()


async def same_content(
    session: AsyncSession, account_id: UUID, chat_id: str, content_hash: str, since: datetime
) -> Message | None:
    """Return the first message with this content to this chat since then that went out or still may."""
    query = (
        select(Message)
        .where(
            Message.account_id == account_id,
            Message.chat_id == chat_id,
            Message.content_hash == content_hash,
            Message.direction == Direction.OUT,
            col(Message.status).not_in([status for status in MessageStatus if status.given_up]),
            col(Message.created_at) > since,
        )
        .order_by(col(Message.seq))
        .limit(1)
    )
    return (await session.exec(query)).first()


def _fit(message: Message) -> None:
    """Make every text of the row one that its column takes. It came from outside, and must not be lost for that."""
    for column in Message.metadata.tables["messages"].columns:
        value = getattr(message, column.key)
        if isinstance(column.type, AutoString | Text) and value is not None:
            setattr(message, column.key, storable(value, column.type.length))


async def add(session: AsyncSession, message: Message) -> None:
    """Store an accepted message."""
    session.add(message)
    await session.flush()


async def get(session: AsyncSession, account_id: UUID, message_id: UUID) -> Message | None:
    """Return one message of an account, as it is now."""
    query = (
        select(Message)
        .where(Message.account_id == account_id, Message.id == message_id)
        .execution_options(populate_existing=True)
    )
    return (await session.exec(query)).first()


async def by_ids(session: AsyncSession, account_id: UUID, message_ids: Iterable[UUID]) -> Sequence[Message]:
    """Return those messages of an account that are still there, in no particular order."""
    query = select(Message).where(Message.account_id == account_id, col(Message.id).in_(set(message_ids)))
    return (await session.exec(query)).all()


async def of_account(
    session: AsyncSession,
    account_id: UUID,
    *,
    limit: int,
    before_seq: int | None = None,
    chat_id: str | None = None,
    direction: Direction | None = None,
) -> Sequence[Message]:
    """Return the newest messages first, optionally of one chat or direction, or older than ``before_seq``."""
    query = select(Message).where(Message.account_id == account_id, col(Message.kind).not_in(ACTIONS))
    if before_seq is not None:
        query = query.where(col(Message.seq) < before_seq)
    if chat_id is not None:
        query = query.where(Message.chat_id == chat_id)
    if direction is not None:
        query = query.where(Message.direction == direction)
    return (await session.exec(query.order_by(col(Message.seq).desc()).limit(limit))).all()


async def after(
    session: AsyncSession, account_id: UUID, seq: int, *, limit: int, chat_id: str | None = None
) -> Sequence[Message]:
    """Return the messages that were stored after ``seq``, oldest first, optionally of one chat."""
    query = select(Message).where(Message.account_id == account_id, col(Message.seq) > seq)
    if chat_id is not None:
        query = query.where(Message.chat_id == chat_id)
    return (await session.exec(query.order_by(col(Message.seq)).limit(limit))).all()


async def claim(session: AsyncSession, message_id: UUID, token: str, now: datetime, until: datetime) -> bool:
    """Make ``token`` the only one that may send the message.

    Returns:
        True when it was free: queued, or being sent by somebody whose time is over. Of the latter it is looked up how
        it ended, also when its own time is over (``expires_at``): then it is not sent any more.
    """
    result = await session.exec(
        update(Message)
        .where(
            col(Message.id) == message_id,
            (
                (col(Message.status) == MessageStatus.QUEUED)
                & (col(Message.expires_at).is_(None) | (col(Message.expires_at) > now))
            )
            | ((col(Message.status) == MessageStatus.SENDING) & (col(Message.lease_until) < now)),
        )
        .values(
            status=MessageStatus.SENDING,
            status_rank=MessageStatus.SENDING.rank,
            lease_token=token,
            lease_until=until,
            attempts=Message.attempts + 1,
            updated_at=now,
        )
    )
    return bool(result.rowcount)


async def owns(session: AsyncSession, message_id: UUID, token: str, now: datetime) -> bool:
    """Tell whether ``token`` may still send the message: the fence that the host asks just before sending."""
    query = select(Message.id).where(
        Message.id == message_id,
        Message.lease_token == token,
        Message.status == MessageStatus.SENDING,
        col(Message.lease_until) > now,
        col(Message.expires_at).is_(None) | (col(Message.expires_at) > now),
    )
    return (await session.exec(query)).first() is not None


async def shorten_lease(session: AsyncSession, message_id: UUID, token: str | None, until: datetime) -> None:
    """Let a try that is under way own its message until then and no longer."""
    await session.exec(
        update(Message)
        .where(
            col(Message.id) == message_id,
            col(Message.lease_token) == token,
            col(Message.status) == MessageStatus.SENDING,
            col(Message.lease_until) > until,
        )
        .values(lease_until=until)
    )


async def end_lease(
    session: AsyncSession, message_id: UUID, token: str, until: datetime, began: datetime, *, counts: bool = True
) -> bool:
    """Let others try from ``until`` on a message of which nobody knows whether it is out.

    Args:
        session: a writing transaction.
        message_id: the message.
        token: who owns it.
        until: when its time is over.
        began: when the last try began that may have sent it; the row goes on saying so.
        counts: False when the try that ends now was none at all.
    """
    uncounted = {} if counts else {"attempts": Message.attempts - 1}
    sending = MessageStatus.SENDING
    return await _move_own(session, message_id, token, began, status=sending, lease_until=until, **uncounted)


async def release(session: AsyncSession, message_id: UUID, token: str, now: datetime, *, counts: bool = True) -> bool:
    """Put a message that was proved not sent back to the head of its lane.

    Args:
        session: a writing transaction.
        message_id: the message.
        token: who owns it.
        now: the time.
        counts: False when it was no try at all: nobody was there who could have sent it.
    """
    uncounted = {} if counts else {"attempts": Message.attempts - 1}
    return await _move_own(session, message_id, token, now, status=MessageStatus.QUEUED, lease_token=None, **uncounted)


async def mark_failed(session: AsyncSession, message_id: UUID, token: str, failure: str, now: datetime) -> bool:
    """End a message that will never go out."""
    return await _move_own(
        session, message_id, token, now, status=MessageStatus.FAILED, failure=storable(failure, 200), lease_token=None
    )


async def mark_unknown(session: AsyncSession, message_id: UUID, token: str, now: datetime) -> bool:
    """Say of a message that nobody can know whether it went out; what WhatsApp shows later still counts."""
    return await _move_own(session, message_id, token, now, status=MessageStatus.UNKNOWN, lease_token=None)


async def mark_expired(session: AsyncSession, message_id: UUID, token: str, now: datetime) -> bool:
    """End a message that is not out, and whose time is over."""
    return await _move_own(session, message_id, token, now, status=MessageStatus.EXPIRED, lease_token=None)


async def mark_sent(
    session: AsyncSession, message_id: UUID, wa_message_id: str | None, now: datetime, *, wa_key: str | None = None
) -> bool:
    """Note that WhatsApp Web took the message. True when this was news.

    An acknowledgement can come first: then only the id and the time are filled in. When we gave a message up and
    WhatsApp has it after all, WhatsApp is right; when WhatsApp itself reported the failure (there is an id), it stays.

    ``wa_key``: the bare id under which it went out, where that is known; a message that was refused in the meantime has
    another one by now, and nothing happens to it.
    """
    this = [col(Message.id) == message_id]
    if wa_key is not None:
        this.append(col(Message.wa_key) == wa_key)
    given_up = and_(
        col(Message.status).in_([status for status in MessageStatus if status.given_up]),
        col(Message.wa_message_id).is_(None),
    )
    news = await session.exec(
        update(Message)
        .where(*this, (col(Message.status_rank) < MessageStatus.SENT.rank) | given_up)
        .values(
            status=MessageStatus.SENT,
            status_rank=MessageStatus.SENT.rank,
            wa_message_id=wa_message_id,
            sent_at=now,
            updated_at=now,
            failure=None,
            lease_token=None,
        )
    )
    if news.rowcount:
        return True
    await session.exec(
        update(Message)
        .where(*this, col(Message.sent_at).is_(None))
        .values(wa_message_id=wa_message_id, sent_at=now, lease_token=None)
    )
    return False


async def _move_own(session: AsyncSession, message_id: UUID, token: str, now: datetime, **values: Any) -> bool:
    status: MessageStatus = values["status"]
    result = await session.exec(
        update(Message)
        .where(
            col(Message.id) == message_id,
            col(Message.lease_token) == token,
            col(Message.status) == MessageStatus.SENDING,
        )
        .values(status_rank=status.rank, updated_at=now, **values)
    )
    return bool(result.rowcount)


def ours(account_id: UUID, wa_key: str) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions for the message of ours with this bare WhatsApp id."""
    return (
        col(Message.account_id) == account_id,
        col(Message.wa_key) == wa_key,
        col(Message.direction) == Direction.OUT,
    )


async def apply_ack(
    session: AsyncSession, account_id: UUID, wa_key: str, wa_message_id: str, status: MessageStatus, now: datetime
) -> Message | None:
    """Move one of our messages forward; never backwards. See `MessageStatus.rank` for what comes after what.

    Returns:
        The row when it moved, None when it is unknown or already further.
    """
    result = await session.exec(
        update(Message)
        .where(
            *ours(account_id, wa_key),
            col(Message.status_rank) < status.rank,
            col(Message.status_rank) >= MessageStatus.SENDING.rank,
        )
        .values(
            status=status,
            status_rank=status.rank,
            wa_message_id=wa_message_id,
            sent_at=func.coalesce(Message.sent_at, now),
            updated_at=now,
            failure=REFUSED if status is MessageStatus.FAILED else None,
            # Nobody has to send it any more.
            lease_token=None,
        )
    )
    return await by_wa_key(session, account_id, wa_key) if result.rowcount else None


async def mark_upload_lost(session: AsyncSession, account_id: UUID, wa_key: str, now: datetime) -> Message | None:
    """End a file of ours that counted as out, or of which nobody knew, and that nobody got.

    Returns:
        The row; None when it is still being sent, has ended, or more is known of it.
    """
    status = MessageStatus.FAILED
    result = await session.exec(
        update(Message)
        .where(
            *ours(account_id, wa_key),
            col(Message.status).in_([MessageStatus.SENT, MessageStatus.UNKNOWN]),
        )
        .values(status=status, status_rank=status.rank, updated_at=now, failure=UPLOAD_LOST, lease_token=None)
    )
    return await by_wa_key(session, account_id, wa_key) if result.rowcount else None


async def is_retired(session: AsyncSession, account_id: UUID, wa_key: str) -> bool:
    """Tell whether WhatsApp refused a message of ours under this bare id, which has another one since."""
    query = select(Message.id).where(Message.account_id == account_id, Message.retired_key == wa_key)
    return (await session.exec(query)).first() is not None


async def by_wa_key(session: AsyncSession, account_id: UUID, wa_key: str) -> Message | None:
    """Return the message of ours with this bare WhatsApp id."""
    query = select(Message).where(*ours(account_id, wa_key)).execution_options(populate_existing=True)
    return (await session.exec(query)).first()


async def add_once(session: AsyncSession, message: Message) -> bool:
    """Store a message that was seen in WhatsApp, and give it its ``seq``; False when it is there already.

    Its texts are made to fit their columns first, in ``message`` itself, so that what is told is what is stored.
    """
    _fit(message)
    insert = sqlite_insert if session.get_bind().dialect.name == "sqlite" else postgres_insert
    values = message.model_dump(exclude={"seq"})
    statement = (
        insert(Message)
        .values(**values)
        .on_conflict_do_nothing(
            index_elements=["account_id", "wa_message_id"], index_where=col(Message.wa_message_id).is_not(None)
        )
        .returning(col(Message.seq))
    )
    seq = (await session.exec(statement)).scalars().first()
    if seq is None:
        return False
    message.seq = seq
    return True


async def owner_of(session: AsyncSession, account_id: UUID) -> UUID | None:
    """Return the id of the account's user."""
    return (await session.exec(select(Account.user_id).where(Account.id == account_id))).first()
