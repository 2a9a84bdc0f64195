"""Writing alerts down: a problem that begins or is over, each told once, whoever notices it and however often."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

import structlog

from session_core.clock import utcnow
from session_core.core import Core
from session_core.domain.alerts import AlertKind, MailStatus
from session_core.domain.status import ReasonCode
from session_core.settings import Settings
from session_core.store import accounts, alerts
from session_core.store.engine import Transaction
from session_core.store.models import Alert

log = structlog.get_logger(__name__)


async def begin(
    session: Transaction,
    settings: Settings,
    *,
    user_id: UUID,
    kind: AlertKind,
    account_id: UUID | None = None,
    subject: str = "",
    reason_code: ReasonCode = ReasonCode.NONE,
    detail: str = "",
    now: datetime,
) -> bool:
    """Raise an alert; False when one of its kind about the same thing is open.

    Args:
        session: a writing transaction.
        settings: whether there is a mail server.
        user_id: who is told.
        kind: a problem.
        account_id: the account it is about.
        subject: id of what it is about when it is not an account.
        reason_code: why.
        detail: technical, plain English, no secrets.
        now: the time.
    """
    alert = _alert(settings, user_id, kind, account_id, subject, now, reason_code=reason_code, detail=detail)
    if not await alerts.add(session, alert):
        return False
    log.info("alert_raised", kind=kind, subject=alert.subject, reason=reason_code)
    return True


async def end(
    session: Transaction,
    settings: Settings,
    problems: Collection[Alert],
    *,
    back: bool,
    now: datetime,
) -> None:
    """End open problems about one account or host; with ``back`` their owner hears that all is well again."""
    news = None
    if back:
        first = min(problems, key=lambda problem: problem.raised_at)
        news = _alert(settings, first.user_id, AlertKind.BACK, first.account_id, first.subject, now, resolved_at=now)
    ended = await alerts.resolve(
        session, [problem.id for problem in problems], now, by=news.id if news is not None else None
    )
    # Only whoever ended them tells: of two that look at the same moment one finds them ended.
    if ended and news is not None:
        await alerts.add(session, news)
    if ended:
        log.info("alert_over", kinds=sorted(problem.kind for problem in problems), subject=next(iter(problems)).subject)


async def backup_failing(core: Core, account_id: UUID, detail: str) -> None:
    """Tell an account's owner that its backups fail; told once until `backup_works`.

    Args:
        core: the process's core.
        account_id: the account.
        detail: what went wrong, plain English, no secrets.

    Raises:
        STORE_ERRORS: nothing was stored.
    """
    async with core.db.begin() as session:
        row = await accounts.get(session, account_id)
        if row is None or row[0].deleted_at is not None:
            return
        await begin(
            session,
            core.settings,
            user_id=row[0].user_id,
            kind=AlertKind.BACKUP_FAILING,
            account_id=account_id,
            detail=detail,
            now=utcnow(),
        )


async def backup_works(core: Core, account_id: UUID) -> None:
    """Note that a backup of the account was made: what was told about failing ones is over.

    Raises:
        STORE_ERRORS: nothing was stored.
    """
    async with core.db.read() as session:
        alert_id = await alerts.open_about(session, account_id, AlertKind.BACKUP_FAILING)
    if alert_id is not None:
        async with core.db.begin() as session:
            await alerts.resolve(session, [alert_id], utcnow())


def _alert(
    settings: Settings,
    user_id: UUID,
    kind: AlertKind,
    account_id: UUID | None,
    subject: str,
    now: datetime,
    *,
    reason_code: ReasonCode = ReasonCode.NONE,
    detail: str = "",
    resolved_at: datetime | None = None,
) -> Alert:
    return Alert(
        user_id=user_id,
        account_id=account_id,
        kind=kind,
        subject=str(account_id) if account_id is not None else subject,
        reason_code=reason_code,
        detail=detail,
        raised_at=now,
        resolved_at=resolved_at,
        mail=MailStatus.WAITING if settings.mail_enabled else MailStatus.OFF,
        next_try_at=now,
    )
