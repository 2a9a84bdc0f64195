"""Reactions and votes that were heard before the message they are about: kept until it comes, or for a while."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import col, delete, select
from sqlmodel.ext.asyncio.session import AsyncSession

from session_core.domain.ids import WaMessageId
from session_core.domain.text import storable
from session_core.store.models import EarlyChange, EarlyKind, Message

KEPT_FOR = timedelta(days=2)
"""A message that a sweep finds is not older than a page that was away; what is about older ones never finds them."""

MAX_OPTIONS = 12


async def keep(
    session: AsyncSession,
    account_id: UUID,
    wa_message_id: str,
    kind: EarlyKind,
    who: str,
    said: Sequence[str],
    at: datetime,
    now: datetime,
    *,
    from_me: bool,
) -> None:
    """Keep what somebody did to a message that is not stored; what the same person did before is replaced.

    Args:
        session: a writing transaction.
        account_id: whose.
        wa_message_id: of the message.
        kind: what it is.
        who: WhatsApp id of the person.
        said: the emoji, or what was chosen.
        at: when; what is older than what is kept is left out.
        now: the time.
        from_me: whether the account itself did it.
    """
    parts = WaMessageId.parse(wa_message_id)
    if parts is None:
        return
    await session.exec(
        delete(EarlyChange).where(col(EarlyChange.account_id) == account_id, col(EarlyChange.kept_at) < now - KEPT_FOR)
    )
    key = (account_id, parts.key[:64], parts.from_me, kind, storable(who, 64))
    known = await session.get(EarlyChange, key)
    if known is not None and known.at > at:
        return
    row = known or EarlyChange(
        account_id=key[0],
        wa_key=key[1],
        of_ours=key[2],
        kind=kind,
        who=key[4],
        from_me=from_me,
        said=[],
        at=at,
        kept_at=now,
    )
    row.said = [storable(one, 100) for one in said[:MAX_OPTIONS]]
    row.at, row.kept_at = at, now
    session.add(row)
    await session.flush()


async def take(session: AsyncSession, message: Message, *, of_ours: bool) -> Sequence[EarlyChange]:
    """Return what was kept for a message that is stored now, oldest first, and keep it no longer."""
    about = (
        col(EarlyChange.account_id) == message.account_id,
        col(EarlyChange.wa_key) == message.wa_key,
        col(EarlyChange.of_ours).is_(of_ours),
    )
    rows = (await session.exec(select(EarlyChange).where(*about).order_by(col(EarlyChange.at)))).all()
    if rows:
        await session.exec(delete(EarlyChange).where(*about))
    return rows


async def forget(session: AsyncSession, account_id: UUID, people: Collection[str]) -> None:
    """Delete what these people did to messages that never came."""
    await session.exec(
        delete(EarlyChange).where(col(EarlyChange.account_id) == account_id, col(EarlyChange.who).in_(people))
    )
