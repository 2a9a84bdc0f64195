"""What was refused, by the hour; and people who opted out, found by a part of what is known of them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from session_core.clock import utcnow
from session_core.domain.consent import OptOutSource, Person
from session_core.store import accounts, consent, sending
from session_core.store.engine import Database
from session_core.store.models import SendingRefusal
from tests.factories import add_account

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
