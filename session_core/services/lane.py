"""An account's lane as its owner sees and changes it: what waits and why, taking back, settling the unknown."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

import structlog
from pydantic import BaseModel, ConfigDict

from session_core.bus import holds, lanes, rates
from session_core.bus.connection import BUS_ERRORS
from session_core.clock import utcnow
from session_core.core import Core
from session_core.domain.events import MessageChanged, MessageView
from session_core.domain.lane import Hold, HoldCode
from session_core.domain.message import MessageStatus
from session_core.domain.pacing import DAY, SendingSettings
from session_core.domain.status import SessionStatus
from session_core.errors import Conflict, NotFound
from session_core.store import accounts, messages, outbox, sending, waiting
from session_core.store.engine import Transaction
from session_core.store.models import Message

log = structlog.get_logger(__name__)

Outcome = Literal["sent", "not_sent"]


class LimitsView(BaseModel):
    """What may go out in any window of ``window``; ``own_…``: the operator set another number than for everybody."""

    model_config = ConfigDict(frozen=True)

    per_account: int
    per_user: int
    window: timedelta
    own_per_account: bool = False
    own_per_user: bool = False


class UsedView(BaseModel):
    """What went out lately.

    Attributes:
        per_account, per_user: in the last rate window; None while Valkey cannot be asked.
        last_day: of the account in the last 24 hours, as the daily cap counts.
    """

    model_config = ConfigDict(frozen=True)

    per_account: int | None
    per_user: int | None
    last_day: int


class RefusedView(BaseModel):
    """Messages that were refused, to the hour."""

    model_config = ConfigDict(frozen=True)

    duplicates: int
    opted_out: int


class LaneView(BaseModel):
    """An account's lane at one moment.

    Attributes:
        waiting: messages that could go out by now, or are under way.
        scheduled: messages whose time has not come.
        unknown: messages that went out, or did not: nobody knows.
        hold: what holds the lane back.
        reach_out_until: until then WhatsApp lets the account begin no conversation.
        duplicates_refused, opted_out_refused: how often that happened.
        refused_day, refused_week: the same, in the last 24 hours and seven days.
    """

    model_config = ConfigDict(frozen=True)

    waiting: int
    scheduled: int
    unknown: int
    hold: Hold | None
    reach_out_until: datetime | None
    duplicates_refused: int
    opted_out_refused: int
    refused_day: RefusedView
    refused_week: RefusedView
    limits: LimitsView
    used: UsedView
    settings: SendingSettings


async def lane(core: Core, user_id: UUID, account_id: UUID) -> LaneView:
    """Return the lane; NotFound when the account is not the user's."""
    now = utcnow()
    async with core.db.read() as session:
        owned = await accounts.owned(session, user_id, account_id)
        if owned is None:
            raise NotFound("account")
        chosen = await sending.chosen(session, account_id)
        allowed = await sending.allowed(session, user_id, account_id)
        due = await waiting.count(session, account_id)
        scheduled = await waiting.count_scheduled(session, account_id)
        unknown = await waiting.count_unknown(session, account_id)
        last_day = await waiting.count_sent_since(session, account_id, now - DAY)
        refused = [await sending.refused_since(session, account_id, now - over) for over in (DAY, sending.WEEK)]
        ready = owned[1].status is SessionStatus.READY
    until = chosen.reach_out_until
    settings = core.settings
    used = await _used(core, user_id, account_id)
    day, week = (RefusedView(duplicates=one.duplicates, opted_out=one.opted_out) for one in refused)
    return LaneView(
        waiting=due,
        scheduled=scheduled,
        unknown=unknown,
        hold=await _hold(core, account_id, ready) if due else None,
        reach_out_until=until if until is not None and until > now else None,
        duplicates_refused=chosen.duplicates_refused,
        opted_out_refused=chosen.opted_out_refused,
        refused_day=day,
        refused_week=week,
        limits=LimitsView(
            per_account=allowed.per_account or settings.messages_per_account,
            per_user=allowed.per_user or settings.messages_per_user,
            window=settings.rate_window,
            own_per_account=allowed.per_account is not None,
            own_per_user=allowed.per_user is not None,
        ),
        used=UsedView(
            per_account=used.account if used is not None else None,
            per_user=used.user if used is not None else None,
            last_day=last_day,
        ),
        settings=chosen.settings,
    )


async def with_holds(core: Core, account_id: UUID, views: Sequence[MessageView], *, ready: bool) -> list[MessageView]:
    """Say of each message that waits what holds it back.

    Args:
        core: the process's core.
        account_id: whose messages all of them are.
        views: messages.
        ready: whether the account is connected.
    """
    now = utcnow()
    if not any(view.status is MessageStatus.QUEUED for view in views):
        return list(views)
    of_lane = await _hold(core, account_id, ready)

    def with_hold(view: MessageView) -> MessageView:
        if view.status is not MessageStatus.QUEUED:
            return view
        scheduled = view.send_at is not None and view.send_at > now
        hold = Hold(code=HoldCode.SCHEDULED, until=view.send_at) if scheduled else of_lane
        return view.model_copy(update={"hold": hold})

    return [with_hold(view) for view in views]


async def _hold(core: Core, account_id: UUID, ready: bool) -> Hold | None:
    if not ready:
        return Hold(code=HoldCode.NOT_READY)
    try:
        told = await holds.of_lane(core.redis, account_id)
    except BUS_ERRORS as error:
        log.warning("hold_not_readable", account_id=str(account_id), error=repr(error))
        return None
    return told.hold if told is not None else None


async def _used(core: Core, user_id: UUID, account_id: UUID) -> rates.Used | None:
    try:
        return await rates.used(core.redis, user_id, account_id, core.settings.rate_window)
    except BUS_ERRORS as error:
        log.warning("rates_not_readable", account_id=str(account_id), error=repr(error))
        return None


async def choose(core: Core, user_id: UUID, account_id: UUID, settings: SendingSettings) -> None:
    """Store how the account shall send; NotFound when it is not the user's."""
    async with core.db.begin() as session:
        if await accounts.owned(session, user_id, account_id, lock=True) is None:
            raise NotFound("account")
        await sending.choose(session, account_id, settings)
    await _wake(core, account_id)


async def cancel(core: Core, user_id: UUID, account_id: UUID, message_id: UUID) -> MessageView:
    """Take a message back that is not under way; one that is cancelled already comes back as it is.

    Raises:
        NotFound: the account is not the user's, or it has no such message.
        Conflict: 409 ``too_late``.
    """
    async with core.db.begin() as session:
        row = await _own(session, user_id, account_id, message_id)
        if row.status is MessageStatus.CANCELLED:
            return messages.view(row)
        if not await waiting.cancel(session, account_id, message_id, utcnow()):
            raise Conflict(
                "It is too late to take this message back.",
                code="too_late",
                action="Only messages that are queued can be cancelled; one that is out can be deleted for everyone.",
            )
        view = await _changed(session, account_id, message_id, "message.cancelled")
    await core.publisher.publish(MessageChanged(user_id=user_id, message=view))
    return view


async def resolve(core: Core, user_id: UUID, account_id: UUID, message_id: UUID, outcome: Outcome) -> MessageView:
    """Settle a message of which nobody knew whether it went out, as a person has seen it on the phone.

    Args:
        core: the process's core.
        user_id: who asks.
        account_id: whose message.
        message_id: which one.
        outcome: ``not_sent`` has it sent again, under the same WhatsApp id; the host looks for it in the chat first.

    Raises:
        NotFound: the account is not the user's, or it has no such message.
        Conflict: 409 ``not_unknown``.
    """
    now = utcnow()
    settled = waiting.resolve_sent if outcome == "sent" else waiting.resolve_not_sent
    async with core.db.begin() as session:
        await _own(session, user_id, account_id, message_id)
        if not await settled(session, account_id, message_id, now):
            raise Conflict(
                "What became of this message is known.",
                code="not_unknown",
                action="Only a message whose status is unknown can be resolved.",
            )
        view = await _changed(
            session, account_id, message_id, "message.sent" if outcome == "sent" else "message.queued"
        )
    await core.publisher.publish(MessageChanged(user_id=user_id, message=view))
    if outcome == "not_sent":
        await _wake(core, account_id)
    return view


async def _own(session: Transaction, user_id: UUID, account_id: UUID, message_id: UUID) -> Message:
    if await accounts.owned(session, user_id, account_id) is None:
        raise NotFound("account")
    row = await messages.get(session, account_id, message_id)
    if row is None:
        raise NotFound("message")
    return row


async def _changed(session: Transaction, account_id: UUID, message_id: UUID, event: str) -> MessageView:
    row = await messages.get(session, account_id, message_id)
    if row is None:
        raise NotFound("message")
    view = messages.view(row)
    await outbox.add(session, account_id, event, view.model_dump(mode="json"))
    return view


async def _wake(core: Core, account_id: UUID) -> None:
    try:
        await lanes.mark_due(core.redis, account_id)
    except BUS_ERRORS as error:
        log.warning("lane_not_woken", account_id=str(account_id), error=repr(error))
