"""WhatsApp's limit on new conversations: noted, told, and what it refused goes back into its lane."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

import structlog

from session_core.alerts import raising
from session_core.bus import lanes
from session_core.clock import utcnow
from session_core.core import Core
from session_core.domain.alerts import AlertKind
from session_core.domain.commands import SendMessage
from session_core.domain.events import ActivityAdded, ActivityEntry, MessageChanged, MessageView
from session_core.domain.ids import WaMessageId, new_wa_key
from session_core.store import activity, alerts, messages, outbox, sending, waiting
from session_core.store.engine import Transaction
from session_core.whatsapp.driver import ReachOutChanged, ReachOutHit, ReachOutRefused

log = structlog.get_logger(__name__)

LIMITED = "session.reach_out"
"""Name of the event for programs."""

LONGEST = timedelta(days=366)
"""No account is limited for so long: a page that says so says nonsense."""

_SAME = timedelta(seconds=2)
"""Two ends that differ by less are the same, told in other units."""


async def changed(core: Core, user_id: UUID, account_id: UUID, event: ReachOutChanged) -> None:
    """Note what the page says about the limit.

    Raises:
        STORE_ERRORS: nothing was stored and nobody was told.
    """
    async with core.db.begin() as session:
        if event.limited:
            entry = await _hold(core, session, user_id, account_id, event.until)
        else:
            entry = await _lift(session, account_id)
    await _tell(core, user_id, account_id, entry, lifted=not event.limited)


async def hit(core: Core, user_id: UUID, account_id: UUID, event: ReachOutHit) -> None:
    """Hold the account, and put the message that WhatsApp refused back to where it was in its lane.

    Raises:
        STORE_ERRORS: nothing was stored and nobody was told.
    """
    parts = WaMessageId.parse(event.wa_message_id)
    if parts is None or not parts.from_me:
        return
    async with core.db.begin() as session:
        entry = await _hold(core, session, user_id, account_id, event.until)
        view = await _put_back(session, account_id, parts.key)
    await _tell(core, user_id, account_id, entry)
    if view is not None:
        core.news.publish(MessageChanged(user_id=user_id, message=view))
        core.news.tell(partial(lanes.mark_due, core.redis, account_id))


async def refused(core: Core, user_id: UUID, command: SendMessage, error: ReachOutRefused) -> None:
    """Hold the account because of a message that was to be sent now; who asked puts it back into its lane.

    Raises:
        STORE_ERRORS: nothing was stored and nobody was told.
    """
    view = None
    async with core.db.begin() as session:
        entry = await _hold(core, session, user_id, command.account_id, error.until)
        if error.tried:
            # Its id is used up. The page may have told the same a moment ago.
            view = await _put_back(session, command.account_id, command.wa_key)
        else:
            await waiting.mark_held(session, command.message_id, utcnow())
    await _tell(core, user_id, command.account_id, entry)
    if view is not None:
        core.news.publish(MessageChanged(user_id=user_id, message=view))


async def _hold(
    core: Core, session: Transaction, user_id: UUID, account_id: UUID, until: datetime | None
) -> ActivityEntry | None:
    """Let the account begin nothing until then; None when that is no news."""
    now = utcnow()
    known = (await sending.chosen(session, account_id)).reach_out_until
    told = until is not None and now < until < now + LONGEST
    if until is None or not told:
        if known is not None and known > now:
            return None
        until = now + core.settings.reach_out_pause
    await sending.hold_reach_out(session, account_id, until, told=told)
    if known is not None and abs(known - until) < _SAME:
        return None
    log.warning("reach_out_limited", account_id=str(account_id), until=until.isoformat(), told=told)
    detail = until.isoformat(timespec="seconds")
    if not await raising.begin(
        session,
        core.settings,
        user_id=user_id,
        kind=AlertKind.REACH_OUT,
        account_id=account_id,
        detail=detail,
        now=now,
    ):
        await alerts.reword_detail(session, account_id, AlertKind.REACH_OUT, detail)
    await outbox.add(session, account_id, LIMITED, {"limited": True, "until": until.isoformat(), "told": told})
    return await activity.add(session, account_id, "reach_out", detail=detail)


async def _lift(session: Transaction, account_id: UUID) -> ActivityEntry | None:
    """Let the account begin conversations again, when WhatsApp had said that it may not; None when that is no news.

    A pause of our own, after a refusal without a reason, lasts: a page that knows of no limit does not contradict it.
    """
    now = utcnow()
    if not await sending.lift_reach_out(session, account_id):
        return None
    alert_id = await alerts.open_about(session, account_id, AlertKind.REACH_OUT)
    if alert_id is not None:
        await alerts.resolve(session, [alert_id], now)
    await outbox.add(session, account_id, LIMITED, {"limited": False, "until": None, "told": True})
    return await activity.add(session, account_id, "reach_out_over")


async def _put_back(session: Transaction, account_id: UUID, wa_key: str) -> MessageView | None:
    row = await waiting.put_back(session, account_id, wa_key, new_wa_key(), utcnow())
    if row is None:
        return None
    view = messages.view(row)
    await outbox.add(session, account_id, "message.queued", view.model_dump(mode="json"))
    return view


async def _tell(
    core: Core, user_id: UUID, account_id: UUID, entry: ActivityEntry | None, *, lifted: bool = False
) -> None:
    if entry is None:
        return
    core.news.publish(ActivityAdded(user_id=user_id, entry=entry))
    if lifted:
        core.news.tell(partial(lanes.mark_due, core.redis, account_id))
