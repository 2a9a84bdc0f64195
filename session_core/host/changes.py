"""What a session hears of its chats: messages, what changes them, who is typing, who calls. Stored first, told then."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import UUID

from session_core.bus import presence
from session_core.bus.connection import BUS_ERRORS
from session_core.core import Core
from session_core.domain.events import CallReceived, MessageChanged, PresenceChanged
from session_core.host import messages, reach_out
from session_core.host.applying import Change, apply
from session_core.store import activity, outbox
from session_core.whatsapp.driver import (
    AckChanged,
    CallSeen,
    MessageEvent,
    MessageSeen,
    PresenceSeen,
    ReachOutChanged,
    ReachOutHit,
    UploadLost,
)

PRESENCE = "presence.update"
CALL = "call.received"
"""Names of the events for programs."""

PRESENCE_FOR = timedelta(seconds=10)
"""So long it helps to hear that somebody was typing."""

WATCHED_TIMEOUT = timedelta(seconds=1)


async def heard(core: Core, user_id: UUID, account_id: UUID, event: MessageEvent) -> None:
    """Write down what the page told, in one transaction with its event for programs; then tell.

    Raises:
        STORE_ERRORS: nothing was stored and nobody was told.
    """
    match event:
        case MessageSeen():
            await messages.seen(core, user_id, account_id, event)
        case AckChanged():
            await messages.acknowledged(core, user_id, account_id, event)
        case ReachOutChanged():
            await reach_out.changed(core, user_id, account_id, event)
        case ReachOutHit():
            await reach_out.hit(core, user_id, account_id, event)
        case UploadLost():
            await messages.upload_lost(core, user_id, account_id, event)
        case PresenceSeen():
            await _presence(core, user_id, account_id, event)
        case CallSeen():
            await _call(core, user_id, account_id, event)
        case _:
            await _changed(core, user_id, account_id, event)


async def _changed(core: Core, user_id: UUID, account_id: UUID, event: Change) -> None:
    async with core.db.begin() as session:
        view = await apply(session, account_id, event)
        if view is None:
            return
    core.news.publish(MessageChanged(user_id=user_id, message=view))


async def _presence(core: Core, user_id: UUID, account_id: UUID, event: PresenceSeen) -> None:
    """Tell what somebody does. Programs hear of it only for chats that they asked for: it is told all the time."""
    told = PresenceChanged(
        user_id=user_id,
        account_id=account_id,
        chat_id=event.chat_id,
        participant=event.participant,
        state=event.state,
        at=event.at,
    )
    core.news.publish(told, good_for=PRESENCE_FOR)
    if await _is_watched(core, account_id, event.chat_id):
        async with core.db.begin() as session:
            payload = told.model_dump(mode="json", exclude={"type", "user_id"})
            await outbox.add(session, account_id, PRESENCE, payload)


async def _is_watched(core: Core, account_id: UUID, chat_id: str) -> bool:
    """Tell whether programs asked for a chat. A bus that is away is not asked: what comes next waits."""
    if core.news.away:
        return False
    try:
        async with asyncio.timeout(WATCHED_TIMEOUT.total_seconds()):
            return await presence.is_watched(core.redis, account_id, chat_id)
    except BUS_ERRORS:
        return False


async def _call(core: Core, user_id: UUID, account_id: UUID, event: CallSeen) -> None:
    told = CallReceived(
        user_id=user_id,
        account_id=account_id,
        call_id=event.call_id,
        caller=event.caller,
        video=event.video,
        group=event.group,
        at=event.at,
    )
    async with core.db.begin() as session:
        await outbox.add(session, account_id, CALL, told.model_dump(mode="json", exclude={"type", "user_id"}))
        await activity.add(session, account_id, "call", detail=event.caller)
    core.news.publish(told)
