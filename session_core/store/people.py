"""People under both their ids: those who are stored by a hidden one (LID) are shown by their numbers once known."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlmodel import col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from session_core.domain.chats import phone_of
from session_core.domain.content import Text
from session_core.domain.events import MessageView
from session_core.store.models import Contact


async def numbers_of(session: AsyncSession, account_id: UUID, ids: Iterable[str]) -> dict[str, str]:
    """Return the ids with numbers (``…@c.us``) for the hidden ones among these, where they are known."""
    hidden = {one for one in ids if one.endswith("@lid")}
    if not hidden:
        return {}
    query = select(Contact.wa_id, Contact.lid, Contact.phone).where(
        Contact.account_id == account_id,
        or_(col(Contact.wa_id).in_(hidden), col(Contact.lid).in_(hidden)),
        col(Contact.phone).is_not(None),
    )
    found: dict[str, str] = {}
    for wa_id, lid, phone in (await session.exec(query)).all():
        found |= dict.fromkeys(hidden & {wa_id, lid or wa_id}, f"{phone}@c.us")
    return found


async def names_of(session: AsyncSession, account_id: UUID, wa_ids: Iterable[str]) -> dict[str, str]:
    """Return the names of these people, as far as they have one: as saved on the phone, else as they call themselves.

    Somebody's name may be known under their other id only.
    """
    wanted = set(wa_ids)
    phones = {phone for one in wanted if (phone := phone_of(one))}
    rows = await _contacts(
        session,
        account_id,
        or_(col(Contact.wa_id).in_(wanted), col(Contact.lid).in_(wanted), col(Contact.phone).in_(phones)),
    )
    linked = {(one, row.lid) for row in rows if row.lid not in {None, row.wa_id} for one in wanted & _ids(row)}
    hidden = {lid for _, lid in linked} - {row.wa_id for row in rows}
    rows += await _contacts(session, account_id, col(Contact.wa_id).in_(hidden)) if hidden else []
    saved: dict[str, str] = {}
    own: dict[str, str] = {}
    for row in rows:
        for one in (wanted & _ids(row)) | {one for one, lid in linked if lid == row.wa_id}:
            for names, name in ((saved, row.name), (own, row.push_name)):
                # The entry under the very id knows best.
                if name and (row.wa_id == one or one not in names):
                    names[one] = name
    return own | saved


async def _contacts(session: AsyncSession, account_id: UUID, which: Any) -> list[Contact]:
    return list((await session.exec(select(Contact).where(Contact.account_id == account_id, which))).all())


def _ids(row: Contact) -> set[str]:
    return {row.wa_id, row.lid or row.wa_id, f"{row.phone}@c.us" if row.phone else row.wa_id}


async def by_number(session: AsyncSession, views: Sequence[MessageView]) -> list[MessageView]:
    """Return messages in which everybody whose number is known by now is named by it, and who acted has their name."""
    numbers: dict[UUID, dict[str, str]] = {}
    names: dict[UUID, dict[str, str]] = {}
    for account_id in {view.account_id for view in views}:
        own = [view for view in views if view.account_id == account_id]
        known = await numbers_of(session, account_id, {one for view in own for one in _people(view)})
        acted = {one for view in own for one in _acted(view)}
        numbers[account_id] = known
        names[account_id] = await names_of(session, account_id, {known.get(one, one) for one in acted}) if acted else {}
    return [_shown(view, numbers[view.account_id], names[view.account_id]) for view in views]


def _acted(view: MessageView) -> set[str]:
    return {one.sender for one in view.reactions if not one.from_me} | {
        one.voter for one in view.votes if not one.from_me
    }


def _people(view: MessageView) -> set[str]:
    mentions = view.content.mentions if isinstance(view.content, Text) else ()
    return {*_acted(view), *mentions, view.author or ""}


def _shown(view: MessageView, numbers: Mapping[str, str], names: Mapping[str, str]) -> MessageView:
    def person(wa_id: str) -> str:
        return numbers.get(wa_id, wa_id)

    reactions = tuple(
        one.model_copy(update={"sender": person(one.sender), "sender_name": names.get(person(one.sender))})
        for one in view.reactions
    )
    votes = tuple(
        one.model_copy(update={"voter": person(one.voter), "voter_name": names.get(person(one.voter))})
        for one in view.votes
    )
    told: dict[str, object] = {"author": view.author and person(view.author), "reactions": reactions, "votes": votes}
    content = view.content
    if isinstance(content, Text) and not numbers.keys().isdisjoint(content.mentions):
        words = _numbered(content.text, numbers)
        mentions = tuple(person(one) for one in content.mentions)
        told |= {"text": words, "content": content.model_copy(update={"text": words, "mentions": mentions})}
    return view.model_copy(update=told)


def _numbered(words: str, numbers: Mapping[str, str]) -> str:
    """Write the numbers of those who are mentioned where their hidden ids stand."""
    for hidden, number in numbers.items():
        words = re.sub(rf"@{hidden.partition('@')[0]}\b", f"@{number.partition('@')[0]}", words)
    return words
