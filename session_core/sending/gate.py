"""Whether a lane may move now: what its owner chose, what WhatsApp holds back, and whose turn it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from session_core.domain import pacing
from session_core.domain.lane import Hold, HoldCode
from session_core.domain.message import MessageStatus, Turn
from session_core.sending.policy import CLOCKS_DIFFER
from session_core.store import sending, waiting
from session_core.store.engine import Transaction
from session_core.store.models import Message


@dataclass(frozen=True, slots=True)
class Held:
    """The message whose turn it would be, and what holds it back."""

    message: Message
    hold: Hold


async def next_message(session: Transaction, account_id: UUID, now: datetime) -> Message | Held | None:
    """Return the message that may go now, or the one that is held back, or None when the lane is empty.

    The limits are not asked here: they reserve a place, and that is done last.
    """
    chosen = await sending.chosen(session, account_id)
    quiet = pacing.quiet_until(chosen.settings.quiet_hours, now)
    reach_out = _later(chosen.reach_out_until, now)
    message = await waiting.head(session, account_id, replies_only=quiet is not None, known_only=reach_out is not None)
    if message is None:
        return await _closed(session, account_id, quiet, reach_out)
    if message.status is MessageStatus.SENDING:
        return message
    pause = await _pace(session, account_id, chosen.settings, now)
    return message if pause is None else Held(message, pause)


async def _closed(
    session: Transaction, account_id: UUID, quiet: datetime | None, reach_out: datetime | None
) -> Held | None:
    """Say what holds the first message back, when only some are let through now."""
    if quiet is None and reach_out is None:
        return None
    message = await waiting.head(session, account_id)
    if message is None:
        return None
    if quiet is not None and message.turn != Turn.REPLY:
        return Held(message, Hold(code=HoldCode.QUIET_HOURS, until=quiet))
    return Held(message, Hold(code=HoldCode.REACH_OUT, until=reach_out or quiet))


async def _pace(session: Transaction, account_id: UUID, settings: pacing.SendingSettings, now: datetime) -> Hold | None:
    """Look at the account's own pauses. Exact: a lane sends one message at a time, so nothing goes out meanwhile."""
    if settings.gap or settings.jitter:
        # What is said to have gone out later than now is from before the clock was set back: nothing waits for it.
        for last in await waiting.last_sent(session, account_id, until=now + CLOCKS_DIFFER):
            free = _later(pacing.free_after_gap(settings, last.sent_at or last.updated_at, last.id), now)
            if free is not None:
                return Hold(code=HoldCode.PACE, until=free)
    if settings.daily_cap is not None:
        sent = await waiting.sent_since(session, account_id, now - pacing.DAY, settings.daily_cap)
        room = _later(pacing.free_under_cap(settings.daily_cap, list(sent)), now)
        if room is not None:
            return Hold(code=HoldCode.DAILY_CAP, until=room)
    return None


def _later(at: datetime | None, now: datetime) -> datetime | None:
    return at if at is not None and at > now else None
