"""Reading messages. Accepting them is `session_core.services.outgoing`'s business."""

from __future__ import annotations

from uuid import UUID

from session_core.core import Core
from session_core.domain.events import MessageView
from session_core.domain.message import Direction
from session_core.domain.status import SessionStatus
from session_core.errors import NotFound
from session_core.services.lane import with_holds
from session_core.store import accounts, changes, messages, waiting

MAX_PAGE = 200


async def list_messages(
    core: Core,
    user_id: UUID,
    account_id: UUID,
    *,
    limit: int = 50,
    before: UUID | None = None,
    chat: str | None = None,
    direction: Direction | None = None,
) -> list[MessageView]:
    """Return the account's messages, newest first, at most 200 a page; ``before`` is the last id of the page before."""
    async with core.db.read() as session:
        owned = await accounts.owned(session, user_id, account_id)
        if owned is None:
            raise NotFound("account")
        before_seq = None
        if before is not None:
            last = await messages.get(session, account_id, before)
            if last is None:
                raise NotFound("message")
            before_seq = last.seq
        rows = await messages.of_account(
            session,
            account_id,
            limit=max(1, min(limit, MAX_PAGE)),
            before_seq=before_seq,
            chat_id=chat,
            direction=direction,
        )
        views = await changes.adorned(session, [messages.view(row) for row in rows])
    return await with_holds(core, account_id, views, ready=owned[1].status is SessionStatus.READY)


async def get_message(core: Core, user_id: UUID, account_id: UUID, message_id: UUID) -> MessageView:
    """Return one message; NotFound when the account or the message is not the user's."""
    async with core.db.read() as session:
        owned = await accounts.owned(session, user_id, account_id)
        if owned is None:
            raise NotFound("account")
        row = await messages.get(session, account_id, message_id)
        if row is None:
            raise NotFound("message")
        views = await changes.adorned(session, [messages.view(row)])
    [with_hold] = await with_holds(core, account_id, views, ready=owned[1].status is SessionStatus.READY)
    return with_hold


async def queue_length(core: Core, user_id: UUID, account_id: UUID) -> int:
    """Count the messages of an account that wait to go out."""
    async with core.db.read() as session:
        if await accounts.owned(session, user_id, account_id) is None:
            raise NotFound("account")
        return await waiting.count(session, account_id)
