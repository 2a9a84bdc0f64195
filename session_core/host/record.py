"""What a change of status leaves behind: the row, a line of history, an event for programs, and the news for pages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from session_core.bus import lanes, qr
from session_core.core import Core
from session_core.domain.events import ActivityAdded, Qr, SessionChanged
from session_core.domain.status import ReasonCode, SessionStatus
from session_core.store import accounts, activity, outbox

QR_NEWS_FOR = timedelta(seconds=5)
"""A code that is kept, or taken back, later than that might be another host's by then."""


@dataclass(frozen=True, slots=True)
class StatusChange:
    """A session's status at one moment.

    Attributes:
        line: whether the owner's history gets a line.
        news: False for a mere renewal of the code, which programs are not told about.
        identity: phone number and push name when they became known or were given up.
        give_up_seq: want the account stopped, unless the owner asked for something newer than this.
        logout_seq: the request to log out that is carried out with this.
        line_at: when it happened, if that was before anybody could say so.
        epoch: number under which the account was claimed by who says this.
    """

    status: SessionStatus
    reason_code: ReasonCode
    reason: str
    since: datetime
    host_id: str | None
    attempt: int
    next_retry_at: datetime | None = None
    identity: tuple[str | None, str | None] | None = None
    qr: Qr | None = None
    line: bool = False
    line_at: datetime | None = None
    news: bool = True
    give_up_seq: int | None = None
    logout_seq: int | None = None
    epoch: int = 0


async def status_changed(core: Core, account_id: UUID, change: StatusChange) -> bool:
    """Store the change in one transaction, then tell everybody; nothing happens when the account is purged.

    Returns:
        False when somebody claimed the account after who says this: nothing was stored and nobody was told.

    Raises:
        STORE_ERRORS: nothing was stored and nobody was told.
    """
    async with core.db.begin() as session:
        held = await accounts.holds(session, account_id, change.epoch, lock=True)
        if not held:
            return held is None
        if change.give_up_seq is not None:
            await accounts.give_up(session, account_id, change.give_up_seq)
        if change.logout_seq is not None:
            await accounts.logout_done(session, account_id, change.logout_seq)
        rows = await accounts.save_status(
            session,
            account_id,
            epoch=change.epoch,
            status=change.status,
            reason_code=change.reason_code,
            reason=change.reason,
            since=change.since,
            host_id=change.host_id,
            attempt=change.attempt,
            next_retry_at=change.next_retry_at,
            identity=change.identity,
        )
        if rows is None:
            return False
        snapshot = accounts.snapshot(*rows)
        entry = None
        if change.line:
            entry = await activity.add(
                session,
                account_id,
                "status",
                status=change.status,
                reason_code=change.reason_code,
                detail=change.reason,
                at=change.line_at,
            )
        if change.news:
            await outbox.add(session, account_id, "session.status", snapshot.model_dump(mode="json", exclude={"qr"}))
    core.news.tell(partial(_keep_qr, core, account_id, change), good_for=QR_NEWS_FOR)
    account = rows[0]
    if account.deleted_at is None:
        # Its owner was told that it is gone; news of it would bring it back on the page.
        shown = snapshot.model_copy(update={"qr": change.qr})
        core.news.publish(SessionChanged(user_id=account.user_id, session=shown))
        if entry is not None:
            core.news.publish(ActivityAdded(user_id=account.user_id, entry=entry))
    if change.status is SessionStatus.READY:
        core.news.tell(partial(lanes.mark_due, core.redis, account_id))
    return True


async def _keep_qr(core: Core, account_id: UUID, change: StatusChange) -> None:
    if change.qr is not None:
        await qr.keep(core.redis, account_id, change.qr)
    else:
        await qr.forget(core.redis, account_id)
