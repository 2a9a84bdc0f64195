"""Queries on what happens to messages after they were written. Each says whether it was news."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import col, delete, select
from sqlmodel.ext.asyncio.session import AsyncSession

from session_core.domain.changes import ReactionView, VoteView
from session_core.domain.content import AnyContent, Media, Text, restored, same_as, stored
from session_core.domain.events import MessageView
from session_core.domain.ids import WaMessageId
from session_core.domain.message import Direction
from session_core.domain.text import storable
from session_core.store import media, people
from session_core.store.models import Message, MessageReaction, MessageVersion, PollVote, VersionKind


async def target(session: AsyncSession, account_id: UUID, wa_ids: Iterable[str]) -> Message | None:
    """Return the message that has one of these WhatsApp ids, locked until the transaction ends.

    Its chat can have moved to another id since: then its own part of the id, and whose it is, tell which one is meant.
    """
    ids = [wa_id[:200] for wa_id in wa_ids]
    query = select(Message).where(Message.account_id == account_id).with_for_update()
    found = (await session.exec(query.where(col(Message.wa_message_id).in_(ids)))).first()
    if found is not None:
        return found
    for parts in filter(None, map(WaMessageId.parse, ids)):
        direction = Direction.OUT if parts.from_me else Direction.IN
        moved = query.where(Message.wa_key == parts.key[:64], Message.direction == direction)
        if (found := (await session.exec(moved)).first()) is not None:
            return found
    return None


async def edit(session: AsyncSession, row: Message, text: str, at: datetime) -> bool:
    """Give a text, or a caption, other words; what it said before is kept."""
    content = restored(row.kind, row.text, row.content)
    words = storable(text)
    if row.revoked_at is not None or content is None:
        return False
    if isinstance(content, Text):
        changed: AnyContent = content.model_copy(update={"text": words})
    elif isinstance(content, Media):
        changed = content.model_copy(update={"caption": words})
    else:
        return False
    if changed == content:
        return False
    _keep(session, row, VersionKind.EDIT, at)
    row.text, row.content, row.content_hash = words, stored(changed), same_as(changed)
    row.edited_at = row.updated_at = at
    await session.flush()
    return True


async def revoke(session: AsyncSession, row: Message, at: datetime) -> bool:
    """Take back what a message says; it is kept among its versions. The file that came with it is removed."""
    if row.revoked_at is not None:
        return False
    _keep(session, row, VersionKind.REVOKE, at)
    # The same may be said again: what was taken back is no first one of it.
    row.text, row.content, row.content_hash = "", None, ""
    row.revoked_at = row.updated_at = at
    await media.want_removed_of(session, row.id, at)
    await session.flush()
    return True


def _keep(session: AsyncSession, row: Message, kind: VersionKind, at: datetime) -> None:
    session.add(MessageVersion(message_id=row.id, kind=kind, text=row.text, content=row.content, at=at))


def _by(row: Message, from_me: Any, who: Any, names: Iterable[str], ours: bool) -> Any:
    """Tell whose reactions or votes are meant; the other side of a chat of two is one, whatever its id was."""
    if ours:
        return col(from_me)
    return col(who).in_({name[:64] for name in names}) if in_group(row) else col(from_me).is_(False)


def in_group(row: Message) -> bool:
    """Tell whether more than one may have reacted to a message beside the account."""
    return row.chat_id.endswith("@g.us")


def whose(row: Message, name: str, *, from_me: bool) -> str:
    """Return the id under which somebody's reactions to a message are kept; in a chat of two, that of the chat.

    WhatsApp names people by their numbers or by their hidden ids, as each account's chats have moved.
    """
    return name if from_me or in_group(row) else row.chat_id


async def react(
    session: AsyncSession,
    row: Message,
    sender: str,
    emoji: str,
    at: datetime,
    *,
    from_me: bool,
    also: Iterable[str] = (),
) -> bool:
    """Set somebody's reaction, or take it back (no emoji). The account itself is one sender, whatever its id is.

    ``also``: other ids of the sender.
    """
    mine = _by(row, MessageReaction.from_me, MessageReaction.sender, [sender, *also], from_me)
    query = select(MessageReaction).where(MessageReaction.message_id == row.id, mine)
    known = (await session.exec(query.order_by(col(MessageReaction.at).desc()))).first()
    if known is not None and (known.emoji == emoji or known.at > at):
        return False
    if known is not None and emoji:
        known.emoji, known.at = storable(emoji, 40), at
    elif known is not None:
        await session.delete(known)
    elif emoji:
        session.add(
            MessageReaction(message_id=row.id, sender=sender[:64], from_me=from_me, emoji=storable(emoji, 40), at=at)
        )
    else:
        return False
    row.updated_at = max(row.updated_at, at)
    await session.flush()
    return True


async def vote(
    session: AsyncSession,
    row: Message,
    voter: str,
    options: Sequence[str],
    at: datetime,
    *,
    from_me: bool,
    also: Iterable[str] = (),
) -> bool:
    """Set what somebody chose in a poll. ``also``: other ids of the voter."""
    chosen = [storable(option, 100) for option in options]
    mine = _by(row, PollVote.from_me, PollVote.voter, [voter, *also], from_me)
    query = select(PollVote).where(PollVote.message_id == row.id, mine)
    known = (await session.exec(query.order_by(col(PollVote.at).desc()))).first()
    if known is not None and (known.options == chosen or known.at > at):
        return False
    if known is not None:
        known.options, known.at = chosen, at
    elif not chosen:
        return False
    else:
        session.add(PollVote(message_id=row.id, voter=voter[:64], from_me=from_me, options=chosen, at=at))
    row.updated_at = max(row.updated_at, at)
    await session.flush()
    return True


async def forget(session: AsyncSession, account_id: UUID, people: Collection[str]) -> None:
    """Delete what these people did to messages of others."""
    mine = select(Message.id).where(Message.account_id == account_id)
    reactions = delete(MessageReaction).where(
        col(MessageReaction.sender).in_(people), col(MessageReaction.message_id).in_(mine)
    )
    votes = delete(PollVote).where(col(PollVote.voter).in_(people), col(PollVote.message_id).in_(mine))
    for statement in (reactions, votes):
        await session.exec(statement)


async def versions(session: AsyncSession, message_id: UUID) -> Sequence[MessageVersion]:
    """Return what a message said before, oldest first."""
    query = select(MessageVersion).where(MessageVersion.message_id == message_id).order_by(col(MessageVersion.id))
    return (await session.exec(query)).all()


async def adorned(session: AsyncSession, views: Sequence[MessageView]) -> list[MessageView]:
    """Return the messages with the reactions to them and the votes in them, and people by their numbers."""
    ids = [view.id for view in views]
    reactions: dict[UUID, list[ReactionView]] = {}
    votes: dict[UUID, list[VoteView]] = {}
    if ids:
        by_time = select(MessageReaction).where(col(MessageReaction.message_id).in_(ids))
        for one in (await session.exec(by_time.order_by(col(MessageReaction.at)))).all():
            shown = ReactionView(sender=one.sender, from_me=one.from_me, emoji=one.emoji, at=one.at)
            reactions.setdefault(one.message_id, []).append(shown)
    polls = [view.id for view in views if view.kind == "poll"]
    if polls:
        chosen = select(PollVote).where(col(PollVote.message_id).in_(polls)).order_by(col(PollVote.at))
        for each in (await session.exec(chosen)).all():
            cast = VoteView(voter=each.voter, from_me=each.from_me, options=tuple(each.options), at=each.at)
            votes.setdefault(each.message_id, []).append(cast)
    whole = [
        view.model_copy(update={"reactions": tuple(reactions.get(view.id, ())), "votes": tuple(votes.get(view.id, ()))})
        for view in views
    ]
    return await people.by_number(session, whole)
