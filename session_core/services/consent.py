"""People who do not want to hear from a user: listed, noted by hand, undone, exported."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Iterable
from datetime import datetime
from uuid import UUID

from session_core.clock import utcnow
from session_core.core import Core
from session_core.domain import cursor as cursors
from session_core.domain.consent import OptOutSource, OptOutView, Person
from session_core.domain.events import MessageChanged
from session_core.domain.phone import chat_id
from session_core.errors import NotFound, PolicyError
from session_core.services.chats import MAX_PAGE, Page, check_query
from session_core.store import accounts, consent, opting_out

COLUMNS = ("phone", "lid", "name", "account_id", "source", "word", "at")
EXPORT_PAGE = 500
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


async def list_opt_outs(
    core: Core, user_id: UUID, *, limit: int = 50, cursor: str | None = None, search: str = ""
) -> Page[OptOutView]:
    """Return the user's opt-outs, newest first.

    Args:
        core: the process's core.
        user_id: whose.
        limit: how many at most.
        cursor: of the page before.
        search: part of a name or of a number, however it is written.

    Raises:
        PolicyError: 422 ``bad_cursor``, ``bad_query``.
    """
    search = search.strip()
    check_query(search)
    size = max(1, min(limit, MAX_PAGE))
    before = _before(cursor) if cursor else None
    async with core.db.read() as session:
        rows = await consent.page(session, user_id, limit=size + 1, before=before, search=search)
    last = rows[size - 1] if len(rows) > size else None
    return Page(
        [consent.view(row) for row in rows[:size]], cursors.encode(last.at, str(last.id)) if last is not None else None
    )


async def opt_out(core: Core, user_id: UUID, *, to: str, account_id: UUID | None = None) -> OptOutView:
    """Note by hand that a person does not want to hear from the user; what waits for that person fails.

    Args:
        core: the process's core.
        user_id: who asks.
        to: phone number with country code, or the chat id of one person.
        account_id: only from this account; None: from all of the user's.

    Raises:
        NotFound: the account is not the user's.
        PolicyError: 422 ``bad_phone``, ``bad_recipient``, ``not_a_person``.
    """
    person = Person.of(chat_id(to))
    if person is None:
        raise PolicyError(
            "A group cannot opt out.",
            code="not_a_person",
            action="Name one person, by number or by chat id.",
            status_code=422,
        )
    async with core.db.begin() as session:
        if account_id is not None and await accounts.owned(session, user_id, account_id) is None:
            raise NotFound("account")
        found = await consent.person_behind(session, user_id, account_id, person.name)
        person, name = found or (person, None)
        row, views = await opting_out.opt_out(
            session, user_id, account_id, person, OptOutSource.HAND, utcnow(), name=name
        )
        view = consent.view(row)
    for changed in views:
        await core.publisher.publish(MessageChanged(user_id=user_id, message=changed))
    return view


async def get(core: Core, user_id: UUID, opt_out_id: UUID) -> OptOutView:
    """Return an opt-out; NotFound when it is not the user's."""
    async with core.db.read() as session:
        row = await consent.get(session, user_id, opt_out_id)
        if row is None:
            raise NotFound("opt_out")
        return consent.view(row)


async def undo(core: Core, user_id: UUID, opt_out_id: UUID) -> None:
    """Forget an opt-out; NotFound when it is not the user's."""
    async with core.db.begin() as session:
        if not await consent.remove(session, user_id, opt_out_id):
            raise NotFound("opt_out")


async def export(core: Core, user_id: UUID) -> AsyncIterator[str]:
    """Yield all opt-outs as lines of CSV, the names of the columns first."""
    # With a mark of its encoding: without one Excel reads UTF-8 as something else.
    yield "\ufeff" + _line(COLUMNS)
    before = None
    while True:
        async with core.db.read() as session:
            rows = await consent.page(session, user_id, limit=EXPORT_PAGE, before=before)
        for row in rows:
            yield _line([getattr(row, column) for column in COLUMNS])
        if len(rows) < EXPORT_PAGE:
            return
        before = (rows[-1].at, rows[-1].id)


def _before(cursor: str) -> tuple[datetime, UUID]:
    at, last = cursors.at_and_name(cursor)
    try:
        return at, UUID(last)
    except ValueError:
        raise cursors.bad_cursor() from None


def _line(values: Iterable[object]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow([_cell(value) for value in values])
    return out.getvalue()


def _cell(value: object) -> str:
    """Return a value as text that no spreadsheet takes for a formula."""
    text = "" if value is None else value.isoformat() if isinstance(value, datetime) else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text
