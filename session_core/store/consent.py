"""Queries on people who do not want to hear from a user, or from one of the user's accounts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlmodel import col, delete, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from session_core.domain.consent import OptOutSource, OptOutView, Person
from session_core.domain.message import Direction, MessageStatus
from session_core.domain.text import fold, storable
from session_core.store.models import Account, Contact, Message, OptOut


def view(row: OptOut) -> OptOutView:
    """Turn a row into what its user sees."""
    return OptOutView(
        id=row.id,
        account_id=row.account_id,
        phone=row.phone,
        lid=row.lid,
        name=row.name,
        source=row.source,
        word=row.word,
        at=row.at,
    )


async def person_behind(
    session: AsyncSession, user_id: UUID, account_id: UUID | None, chat_id: str
) -> tuple[Person, str | None] | None:
    """Return whom a chat (of an account) is with, by all ids that the user's accounts know, and the name.

    What one account was shown holds for all of the user's: a number and a hidden id are one person's for everybody.
    The account's own contacts come first, in case that they contradict each other.

    Returns:
        None for a group.
    """
    person = Person.of(chat_id)
    if person is None:
        return None
    # By the accounts' ids, written out: both databases then look each of them up in the indexes of the contacts.
    account_ids = (await session.exec(select(Account.id).where(Account.user_id == user_id))).all()
    query = select(Contact).where(
        col(Contact.account_id).in_(account_ids),
        or_(
            col(Contact.wa_id) == chat_id,
            col(Contact.phone) == person.phone if person.phone else col(Contact.lid) == person.lid,
        ),
    )
    if account_id is not None:
        query = query.order_by(col(Contact.account_id) != account_id)
    name = None
    for row in (await session.exec(query)).all():
        person = Person(phone=person.phone or row.phone, lid=person.lid or row.lid)
        name = name or row.name or row.push_name
    return person, name


async def add(
    session: AsyncSession,
    user_id: UUID,
    account_id: UUID | None,
    person: Person,
    source: OptOutSource,
    at: datetime,
    *,
    name: str | None = None,
    word: str | None = None,
) -> OptOut | None:
    """Note that a person does not want to hear from the user, or from one account; None when that is no news."""
    insert: Any = (sqlite_insert if session.get_bind().dialect.name == "sqlite" else postgres_insert)(OptOut)
    row = OptOut(
        id=uuid4(),
        user_id=user_id,
        account_id=account_id,
        scope_id=account_id or user_id,
        person=person.name,
        phone=person.phone,
        lid=person.lid,
        name=storable(name, 100) if name else None,
        search=fold(storable(name, 100)) if name else None,
        source=source,
        word=word,
        at=at,
    )
    statement = insert.values(**row.model_dump()).on_conflict_do_nothing(index_elements=["scope_id", "person"])
    added = (await session.exec(statement.returning(col(OptOut.id)))).first()
    return row if added is not None else None


async def remove(session: AsyncSession, user_id: UUID, opt_out_id: UUID) -> bool:
    """Forget one opt-out of the user."""
    result = await session.exec(delete(OptOut).where(col(OptOut.user_id) == user_id, col(OptOut.id) == opt_out_id))
    return bool(result.rowcount)


async def remove_person(session: AsyncSession, user_id: UUID, account_id: UUID, person: Person) -> int:
    """Forget every opt-out of a person that keeps this account from writing; return how many there were."""
    result = await session.exec(delete(OptOut).where(_concerns(user_id, account_id, person)))
    return result.rowcount


async def opted_out(session: AsyncSession, user_id: UUID, account_id: UUID, person: Person) -> OptOut | None:
    """Return the opt-out that keeps the account from writing to a person, None when it may write."""
    return (await session.exec(select(OptOut).where(_concerns(user_id, account_id, person)).limit(1))).first()


def _concerns(user_id: UUID, account_id: UUID, person: Person) -> Any:
    ids: list[Any] = []
    if person.phone:
        ids.append(col(OptOut.phone) == person.phone)
    if person.lid:
        ids.append(col(OptOut.lid) == person.lid)
    return (
        (col(OptOut.user_id) == user_id)
        & or_(col(OptOut.account_id).is_(None), col(OptOut.account_id) == account_id)
        & or_(*ids)
    )


async def refused(session: AsyncSession, user_id: UUID, account_id: UUID, chat_id: str) -> OptOut | None:
    """Return the opt-out that keeps the account from writing in a chat; None for groups, and when it may write."""
    found = await person_behind(session, user_id, account_id, chat_id)
    return None if found is None else await opted_out(session, user_id, account_id, found[0])


async def of_scope(session: AsyncSession, scope_id: UUID, person: Person) -> OptOut:
    """Return the opt-out of a person that holds for exactly this account, or for all of this user's."""
    query = select(OptOut).where(OptOut.scope_id == scope_id, OptOut.person == person.name)
    return (await session.exec(query)).one()


async def page(
    session: AsyncSession,
    user_id: UUID,
    *,
    limit: int,
    before: tuple[datetime, UUID] | None = None,
    search: str = "",
) -> Sequence[OptOut]:
    """Return some of the user's opt-outs, newest first.

    Args:
        session: the transaction.
        user_id: whose.
        limit: how many at most.
        before: time and id of the last one of the page before.
        search: part of a name (case and accents do not count), of a number however it is written, or of a hidden id.
    """
    query = select(OptOut).where(OptOut.user_id == user_id)
    if search:
        query = query.where(_named(search))
    if before is not None:
        at, last = before
        query = query.where(or_(col(OptOut.at) < at, (col(OptOut.at) == at) & (col(OptOut.id) < last)))
    query = query.order_by(col(OptOut.at).desc(), col(OptOut.id).desc()).limit(limit)
    return (await session.exec(query)).all()


def _named(search: str) -> Any:
    found = [
        col(OptOut.search).contains(fold(search), autoescape=True),
        col(OptOut.lid).icontains(search, autoescape=True),
    ]
    digits = re.sub(r"[\s().+\-/]", "", search)
    if digits.isascii() and digits.isdigit():
        found.append(col(OptOut.phone).contains(digits))
    return or_(*found)


async def get(session: AsyncSession, user_id: UUID, opt_out_id: UUID) -> OptOut | None:
    """Return one opt-out of the user."""
    query = select(OptOut).where(OptOut.user_id == user_id, OptOut.id == opt_out_id)
    return (await session.exec(query)).first()


async def waiting_for(
    session: AsyncSession, user_id: UUID, account_id: UUID | None, person: Person
) -> Sequence[Message]:
    """Return what waits to be sent to a person, from the account or from all of the user's, locked."""
    query = (
        select(Message)
        .join(Account, col(Account.id) == Message.account_id)
        .where(
            Account.user_id == user_id,
            Message.direction == Direction.OUT,
            Message.status == MessageStatus.QUEUED,
            col(Message.chat_id).in_(person.chat_ids),
        )
        .with_for_update(of=Message)
    )
    if account_id is not None:
        query = query.where(Message.account_id == account_id)
    return (await session.exec(query)).all()
