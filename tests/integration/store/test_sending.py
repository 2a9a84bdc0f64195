"""What was refused, by the hour; and people who opted out, found by a part of what is known of them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, text

from session_core.clock import utcnow
from session_core.domain.chats import ContactFacts
from session_core.domain.consent import OptOutSource, Person
from session_core.store import accounts, chats, consent, sending
from session_core.store.engine import Database
from session_core.store.models import Contact, SendingRefusal
from tests.factories import add_account, add_user

DAY = timedelta(days=1)


async def test_refusals_are_summed_since_a_moment_and_kept_for_a_week(database: Database) -> None:
    account_id, other = await add_account(database), await add_account(database)
    now = utcnow()
    async with database.begin() as session:
        for days in (2, 6, 9):
            hour = (now - days * DAY).replace(minute=0, second=0, microsecond=0)
            session.add(SendingRefusal(account_id=account_id, hour=hour, duplicates=1, opted_out=2))
    async with database.begin() as session:
        for _ in range(3):
            await sending.count_duplicate(session, account_id)
        await sending.count_opted_out(session, account_id, 5)
        await sending.count_duplicate(session, other)
    async with database.read() as session:
        assert await sending.refused_since(session, account_id, now - DAY) == sending.Refused(3, 5)
        assert await sending.refused_since(session, account_id, now - 99 * DAY) == sending.Refused(5, 9)
        assert await sending.refused_since(session, other, now - 7 * DAY) == sending.Refused(1, 0)
        chosen = await sending.chosen(session, account_id)
    assert (chosen.duplicates_refused, chosen.opted_out_refused) == (3, 5)


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("marta", ["Marta López"]),
        ("TA LOPEZ", ["Marta López"]),
        ("lópez", ["Marta López"]),
        ("+34 699-11", ["Pedro"]),
        ("5544", ["Nadia"]),
        ("100%", []),
        ("_", []),
        ("99@", []),
        ("", ["Nadia", "Pedro", "Marta López"]),
    ],
)
async def test_people_are_found_by_name_number_or_hidden_id(database: Database, search: str, found: list[str]) -> None:
    account_id = await add_account(database)
    now = utcnow()
    people = [
        ("Marta López", Person(phone="34612345678")),
        ("Pedro", Person(phone="34699112233")),
        ("Nadia", Person(lid="5544332211@lid")),
    ]
    async with database.begin() as session:
        row = await accounts.get(session, account_id)
        assert row is not None
        user_id = row[0].user_id
        for place, (name, person) in enumerate(people):
            at = now + timedelta(seconds=place)
            await consent.add(session, user_id, account_id, person, OptOutSource.HAND, at, name=name)
    async with database.read() as session:
        rows = await consent.page(session, user_id, limit=10, search=search)
    assert [row.name for row in rows] == found


PHONE, LID = "34612345678", "99887766554433@lid"


@pytest.mark.parametrize("shown_first", [True, False])
@pytest.mark.parametrize(("known", "asked"), [(Person(lid=LID), f"{PHONE}@c.us"), (Person(phone=PHONE), LID)])
async def test_who_opted_out_under_one_id_is_known_to_the_users_other_accounts(
    database: Database, known: Person, asked: str, shown_first: bool
) -> None:
    user_id, stranger = await add_user(database), await add_user(database)
    heard, writes = await add_account(database, user_id), await add_account(database, user_id)
    strangers = await add_account(database, stranger)
    pair = ContactFacts(f"{PHONE}@c.us", phone=PHONE, lid=LID)
    async with database.begin() as session:
        # What another user's account was shown is nobody else's.
        await chats.learn_contacts(session, strangers, [pair])
        if shown_first:
            await chats.learn_contacts(session, heard, [pair])
        await consent.add(session, user_id, None, known, OptOutSource.KEYWORD, utcnow())
        assert (await consent.refused(session, user_id, writes, asked) is not None) is shown_first
        await chats.learn_contacts(session, heard, [pair])
    async with database.read() as session:
        for account_id in (heard, writes):
            assert await consent.refused(session, user_id, account_id, asked) is not None
        assert await consent.refused(session, stranger, strangers, asked) is None
        assert await consent.refused(session, user_id, writes, "34699999999@c.us") is None


async def test_an_accounts_own_contacts_come_before_those_of_others(database: Database) -> None:
    user_id = await add_user(database)
    accounts_of = [await add_account(database, user_id) for _ in range(3)]
    async with database.begin() as session:
        for place, account_id in enumerate(accounts_of):
            facts = ContactFacts(f"{PHONE}@c.us", phone=PHONE, lid=f"{place}@lid", name=f"As {place}")
            await chats.learn_contacts(session, account_id, [facts])
    async with database.read() as session:
        for place, account_id in enumerate(accounts_of):
            found = await consent.person_behind(session, user_id, account_id, f"{PHONE}@c.us")
            assert found == (Person(phone=PHONE, lid=f"{place}@lid"), f"As {place}")


async def test_an_index_leads_to_a_persons_contacts_in_all_accounts(database: Database) -> None:
    user_id = await add_user(database)
    for account_id in [await add_account(database, user_id) for _ in range(3)]:
        async with database.begin() as session:
            session.add_all(
                Contact(account_id=account_id, wa_id=f"{number}@c.us", phone=str(number), lid=f"{number}@lid")
                for number in range(700)
            )
    statements: list[tuple[str, Any]] = []

    @event.listens_for(database._engine.sync_engine, "before_cursor_execute")
    def _keep(_c: object, _cursor: object, statement: str, parameters: Any, *_rest: object) -> None:
        if "FROM contacts" in statement:
            statements.append((statement, parameters))

    async with database.begin() as session:
        await session.exec(text("ANALYZE contacts"))
        for asked in ("7@c.us", "7@lid"):
            await consent.refused(session, user_id, account_id, asked)
    explain = "EXPLAIN QUERY PLAN " if database.dialect == "sqlite" else "EXPLAIN "
    asked_for = list(statements)
    async with database.read() as session:
        connection = await session.connection()
        plans = [str((await connection.exec_driver_sql(explain + one, given)).all()) for one, given in asked_for]
    for index, plan in zip(("ix_contacts_account_id_phone", "ix_contacts_account_id_lid"), plans, strict=True):
        assert index in plan, plan
        assert "Seq Scan" not in plan
        assert "SCAN" not in plan
