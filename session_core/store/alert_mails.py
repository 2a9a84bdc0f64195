"""Queries on the e-mails of alerts: which are due, who may send one, and what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import col, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from session_core.domain.alerts import AlertKind, AlertPreferences, MailNote, MailStatus
from session_core.store import alerts
from session_core.store.models import Account, Alert, SessionRuntime, User

UNDER_WAY = (MailStatus.WAITING, MailStatus.SENDING)


@dataclass(frozen=True, slots=True)
class Letter:
    """An alert with all that its e-mail is about.

    Attributes:
        accounts: names of what it is about: of one account, of those that a lost host held, or of a webhook.
        told: the problems that this one says are over.
        beside: the other alerts about the same account or host, and those about the host that holds the account.
    """

    alert: Alert
    email: str
    accounts: tuple[str, ...]
    preferences: AlertPreferences
    told: tuple[Alert, ...]
    beside: tuple[Alert, ...]


async def due(session: AsyncSession, now: datetime, limit: int) -> Sequence[UUID]:
    """Return the alerts whose e-mail should be tried now, longest waiting first."""
    query = (
        select(Alert.id)
        .where(col(Alert.mail).in_(UNDER_WAY), col(Alert.next_try_at) <= now)
        .order_by(col(Alert.next_try_at))
        .limit(limit)
    )
    return (await session.exec(query)).all()


async def read(session: AsyncSession, alert_id: UUID, now: datetime, lately: datetime) -> Letter | None:
    """Return an alert whose e-mail is due now, None when it is not.

    Until the transaction ends nobody else decides about an e-mail to the same person: what is counted here stays true.

    Args:
        session: a writing transaction.
        alert_id: the alert.
        now: the time.
        lately: since when other alerts matter that are over.
    """
    user_id = (await session.exec(select(Alert.user_id).where(Alert.id == alert_id))).first()
    if user_id is None:
        return None
    # Not a full lock: rows that hang on the user can be added meanwhile.
    locked = select(User).where(User.id == user_id).with_for_update(key_share=True)
    user = (await session.exec(locked)).first()
    query = select(Alert).where(Alert.id == alert_id, col(Alert.mail).in_(UNDER_WAY), col(Alert.next_try_at) <= now)
    alert = (await session.exec(query.execution_options(populate_existing=True))).first()
    if user is None or alert is None:
        return None
    return Letter(
        alert=alert,
        email=user.email,
        accounts=await _accounts(session, alert),
        preferences=await alerts.preferences(session, user.id),
        told=tuple((await session.exec(select(Alert).where(Alert.resolved_by == alert.id))).all()),
        beside=await _beside(session, alert, lately),
    )


async def _accounts(session: AsyncSession, alert: Alert) -> tuple[str, ...]:
    if alert.kind is AlertKind.WEBHOOK_OFF:
        return (alert.detail,)
    query = select(Account.name).where(Account.user_id == alert.user_id, col(Account.deleted_at).is_(None))
    if alert.account_id is not None:
        query = query.where(Account.id == alert.account_id)
    else:
        query = query.join(SessionRuntime, col(SessionRuntime.account_id) == Account.id).where(
            SessionRuntime.host_id == alert.subject
        )
    return tuple((await session.exec(query.order_by(col(Account.created_at), col(Account.id)))).all())


async def _beside(session: AsyncSession, alert: Alert, lately: datetime) -> tuple[Alert, ...]:
    subjects = {alert.subject}
    if alert.account_id is not None:
        runtime = await session.get(SessionRuntime, alert.account_id)
        subjects |= {runtime.host_id} if runtime is not None and runtime.host_id is not None else set()
    query = select(Alert).where(
        Alert.user_id == alert.user_id,
        Alert.id != alert.id,
        col(Alert.subject).in_(subjects),
        col(Alert.resolved_at).is_(None) | (col(Alert.sent_at) > lately) | (col(Alert.mail) == MailStatus.SENDING),
    )
    return tuple((await session.exec(query)).all())


async def claim(session: AsyncSession, alert: Alert, token: str, now: datetime, until: datetime) -> None:
    """Make ``token`` the only one that may send the e-mail until ``until``; of a row that `read` has locked."""
    alert.mail = MailStatus.SENDING
    alert.mail_token = token
    alert.next_try_at = until
    alert.first_try_at = alert.first_try_at or now
    alert.tries += 1
    session.add(alert)
    await session.flush()


async def postpone(session: AsyncSession, alert: Alert, until: datetime, note: MailNote) -> None:
    """Have the e-mail looked at again at ``until``; of a row that `read` has locked."""
    alert.mail, alert.mail_token, alert.next_try_at, alert.mail_note = MailStatus.WAITING, None, until, note
    session.add(alert)
    await session.flush()


async def skip(session: AsyncSession, alert: Alert, note: MailNote) -> None:
    """Have the e-mail never sent; of a row that `read` has locked."""
    alert.mail, alert.mail_token, alert.mail_note = MailStatus.SKIPPED, None, note
    session.add(alert)
    await session.flush()


async def owns(session: AsyncSession, alert_id: UUID, token: str, now: datetime) -> bool:
    """Tell whether ``token`` may still send the e-mail."""
    query = select(Alert.id).where(Alert.id == alert_id, Alert.mail_token == token, col(Alert.next_try_at) > now)
    return (await session.exec(query)).first() is not None


async def settle(
    session: AsyncSession,
    alert_id: UUID,
    token: str,
    status: MailStatus,
    *,
    note: MailNote = MailNote.NONE,
    at: datetime | None = None,
    next_try_at: datetime | None = None,
) -> bool:
    """Write what became of a try; False when ``token`` does not own it any more.

    Args:
        session: a writing transaction.
        alert_id: the alert.
        token: the one that it was claimed with.
        status: sent, failed, or waiting for the next try.
        note: why it is not sent.
        at: when it was sent.
        next_try_at: when the next try is.
    """
    values: dict[str, object] = {"mail": status, "mail_token": None, "mail_note": note, "sent_at": at}
    if next_try_at is not None:
        values["next_try_at"] = next_try_at
    result = await session.exec(
        update(Alert).where(col(Alert.id) == alert_id, col(Alert.mail_token) == token).values(**values)
    )
    return bool(result.rowcount)
