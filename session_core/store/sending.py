"""Queries on how accounts send: what their owners chose, what the operator allows, what WhatsApp holds back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlmodel import col, delete, func, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from session_core.clock import utcnow
from session_core.domain.pacing import SendingSettings
from session_core.store.models import Account, AccountSending, Base, SendingLimit, SendingRefusal, User

WEEK = timedelta(days=7)
"""For how long refusals are counted by the hour."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """An account's row, read.

    Attributes:
        settings: what its owner chose.
        reach_out_until: until then WhatsApp lets it begin no conversation.
        duplicates_refused, opted_out_refused: how often that happened.
    """

    settings: SendingSettings
    reach_out_until: datetime | None = None
    duplicates_refused: int = 0
    opted_out_refused: int = 0


@dataclass(frozen=True, slots=True)
class Refused:
    """Messages that were refused since some moment."""

    duplicates: int = 0
    opted_out: int = 0


@dataclass(frozen=True, slots=True)
class Allowed:
    """What the operator allows in a rate window; None: the general limit."""

    per_account: int | None = None
    per_user: int | None = None


NO_WORD = Allowed()
"""The operator has said nothing about somebody."""


@dataclass(frozen=True, slots=True)
class LimitOf:
    """A limit with whom it is for."""

    email: str
    account_id: UUID | None
    account_name: str | None
    per_window: int


async def chosen(session: AsyncSession, account_id: UUID) -> Chosen:
    """Return how an account sends."""
    row = await session.get(AccountSending, account_id, populate_existing=True)
    if row is None:
        return Chosen(SendingSettings())
    return Chosen(
        SendingSettings.model_validate(row.settings),
        row.reach_out_until,
        row.duplicates_refused,
        row.opted_out_refused,
    )


async def choose(session: AsyncSession, account_id: UUID, settings: SendingSettings) -> None:
    """Store what an account's owner chose."""
    await _upsert(session, account_id, {"settings": settings.model_dump(mode="json")})


async def hold_reach_out(session: AsyncSession, account_id: UUID, until: datetime, *, told: bool = True) -> None:
    """Note until when the account begins no conversation; ``told``: WhatsApp said so, else it is a pause of ours."""
    await _upsert(session, account_id, {"reach_out_until": until, "reach_out_told": told})


async def lift_reach_out(session: AsyncSession, account_id: UUID) -> bool:
    """Note that WhatsApp lets the account begin conversations again; False when it never said that it may not."""
    result = await session.exec(
        update(AccountSending)
        .where(col(AccountSending.account_id) == account_id, col(AccountSending.reach_out_told))
        .values(reach_out_until=None, reach_out_told=False, updated_at=utcnow())
    )
    return bool(result.rowcount)


async def count_duplicate(session: AsyncSession, account_id: UUID) -> None:
    """Count a duplicate that was refused."""
    await _upsert(session, account_id, {"duplicates_refused": AccountSending.duplicates_refused + 1}, 1, 0)
    await _count_in_hour(session, account_id, duplicates=1)


async def count_opted_out(session: AsyncSession, account_id: UUID, times: int = 1) -> None:
    """Count messages that were not sent because the person opted out."""
    await _upsert(session, account_id, {"opted_out_refused": AccountSending.opted_out_refused + times}, 0, times)
    await _count_in_hour(session, account_id, opted_out=times)


async def refused_since(session: AsyncSession, account_id: UUID, since: datetime) -> Refused:
    """Count what was refused since then, to the hour, at most a week back."""
    query = select(
        func.coalesce(func.sum(SendingRefusal.duplicates), 0), func.coalesce(func.sum(SendingRefusal.opted_out), 0)
    ).where(SendingRefusal.account_id == account_id, col(SendingRefusal.hour) >= _hour(since))
    duplicates, opted_out = (await session.exec(query)).one()
    return Refused(duplicates, opted_out)


async def _count_in_hour(session: AsyncSession, account_id: UUID, *, duplicates: int = 0, opted_out: int = 0) -> None:
    now = utcnow()
    await session.exec(
        delete(SendingRefusal).where(
            col(SendingRefusal.account_id) == account_id, col(SendingRefusal.hour) < _hour(now - WEEK)
        )
    )
    await session.exec(
        _insert(session, SendingRefusal)
        .values(account_id=account_id, hour=_hour(now), duplicates=duplicates, opted_out=opted_out)
        .on_conflict_do_update(
            index_elements=["account_id", "hour"],
            set_={
                "duplicates": SendingRefusal.duplicates + duplicates,
                "opted_out": SendingRefusal.opted_out + opted_out,
            },
        )
    )


def _hour(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0)


def _insert(session: AsyncSession, table: type[Base]) -> Any:
    return (sqlite_insert if session.get_bind().dialect.name == "sqlite" else postgres_insert)(table)


_PLAIN = frozenset({"settings", "reach_out_until", "reach_out_told"})
"""Columns that are set and not counted up."""


async def _upsert(
    session: AsyncSession, account_id: UUID, changes: dict[str, Any], duplicates: int = 0, opted_out: int = 0
) -> None:
    now = utcnow()
    first = {
        "settings": {},
        "reach_out_told": False,
        "duplicates_refused": duplicates,
        "opted_out_refused": opted_out,
    }
    plain = {name: value for name, value in changes.items() if name in _PLAIN}
    await session.exec(
        _insert(session, AccountSending)
        .values(account_id=account_id, updated_at=now, **{**first, **plain})
        .on_conflict_do_update(index_elements=["account_id"], set_={**changes, "updated_at": now})
    )


# ---- What the operator allows -------------------------------------------------------------------------------------


async def allowed(session: AsyncSession, user_id: UUID, account_id: UUID) -> Allowed:
    """Return what the operator allows an account and its user."""
    query = select(SendingLimit).where(
        (col(SendingLimit.user_id) == user_id) | (col(SendingLimit.account_id) == account_id)
    )
    rows = (await session.exec(query)).all()
    of_account = next((row.per_window for row in rows if row.account_id is not None), None)
    of_user = next((row.per_window for row in rows if row.user_id is not None), None)
    return Allowed(of_account, of_user)


async def allow_user(session: AsyncSession, user_id: UUID, per_window: int | None) -> None:
    """Set or (None) take back what a user may send in a window."""
    await session.exec(delete(SendingLimit).where(col(SendingLimit.user_id) == user_id))
    if per_window is not None:
        session.add(SendingLimit(user_id=user_id, per_window=per_window))
        await session.flush()


async def allow_account(session: AsyncSession, account_id: UUID, per_window: int | None) -> None:
    """Set or (None) take back what an account may send in a window."""
    await session.exec(delete(SendingLimit).where(col(SendingLimit.account_id) == account_id))
    if per_window is not None:
        session.add(SendingLimit(account_id=account_id, per_window=per_window))
        await session.flush()


async def limits(session: AsyncSession) -> list[LimitOf]:
    """List what the operator has set, by e-mail, a user's own limit first."""
    of_users = select(User.email, SendingLimit.per_window).join(SendingLimit, col(SendingLimit.user_id) == User.id)
    of_accounts = (
        select(User.email, Account.id, Account.name, SendingLimit.per_window)
        .join(Account, col(Account.user_id) == User.id)
        .join(SendingLimit, col(SendingLimit.account_id) == Account.id)
    )
    found = [LimitOf(email, None, None, count) for email, count in (await session.exec(of_users)).all()]
    found += [LimitOf(email, id_, name, count) for email, id_, name, count in (await session.exec(of_accounts)).all()]
    return sorted(found, key=lambda limit: (limit.email, limit.account_name or ""))
