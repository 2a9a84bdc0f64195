"""Changing messages that are there: reacting, other words, deleting for everyone. Accepted like any message."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from session_core.core import Core
from session_core.domain.content import ACTIONS, EDITABLE, MAX_TEXT, AnyContent, Edit, Reaction, Revoke
from session_core.domain.message import Direction
from session_core.domain.text import is_storable
from session_core.errors import Conflict, NotFound, PolicyError
from session_core.services.outgoing import Accepted, send
from session_core.store import accounts, changes, messages
from session_core.store.engine import Transaction
from session_core.store.models import Message

MAX_EMOJI = 40
"""Characters: a family of emojis is joined of many."""


@dataclass(frozen=True, slots=True)
class VersionView:
    """What a message said before it was edited or deleted; ``until`` then."""

    kind: str
    text: str
    until: datetime


async def react(
    core: Core, user_id: UUID, account_id: UUID, message_id: UUID, emoji: str, *, idempotency_key: str | None = None
) -> Accepted:
    """Have the account react to a message; an empty emoji takes its reaction back.

    Raises:
        NotFound: the account is not the user's or has no such message.
        Conflict: 409 ``not_sent_yet``, ``already_deleted``.
        PolicyError: 422 ``bad_emoji``.
    """
    row = await _target(core, user_id, account_id, message_id, idempotency_key)
    if len(emoji) > MAX_EMOJI:
        raise PolicyError("This is no emoji.", code="bad_emoji", action="Send one emoji.", status_code=422)
    content = Reaction(target_id=row.wa_message_id or "", emoji=emoji)
    return await _accept(core, user_id, row, content, idempotency_key)


async def edit(
    core: Core, user_id: UUID, account_id: UUID, message_id: UUID, text: str, *, idempotency_key: str | None = None
) -> Accepted:
    """Give a text of ours, or a caption, other words. WhatsApp allows it for a quarter of an hour.

    Raises:
        NotFound: the account is not the user's or has no such message.
        Conflict: 409 ``not_sent_yet``, ``already_deleted``.
        PolicyError: 422 ``bad_text``, ``not_our_message``, ``not_editable``.
    """
    row = await _target(core, user_id, account_id, message_id, idempotency_key, ours=True)
    if row.kind not in EDITABLE:
        raise PolicyError("This kind of message has no text.", code="not_editable", status_code=422)
    if not text.strip() or len(text) > MAX_TEXT:
        raise PolicyError(
            f"A text has 1 to {MAX_TEXT} characters.", code="bad_text", action="Write something.", status_code=422
        )
    content = Edit(target_id=row.wa_message_id or "", text=text)
    return await _accept(core, user_id, row, content, idempotency_key)


async def revoke(
    core: Core, user_id: UUID, account_id: UUID, message_id: UUID, *, idempotency_key: str | None = None
) -> Accepted:
    """Delete a message of ours for everyone. WhatsApp allows it for about two days.

    Raises:
        NotFound: the account is not the user's or has no such message.
        Conflict: 409 ``not_sent_yet``, ``already_deleted``.
        PolicyError: 422 ``not_our_message``.
    """
    row = await _target(core, user_id, account_id, message_id, idempotency_key, ours=True)
    return await _accept(core, user_id, row, Revoke(target_id=row.wa_message_id or ""), idempotency_key)


async def versions(core: Core, user_id: UUID, account_id: UUID, message_id: UUID) -> list[VersionView]:
    """Return what a message said before, oldest first; NotFound when it is not the user's."""
    async with core.db.read() as session:
        await _owned_message(session, user_id, account_id, message_id)
        rows = await changes.versions(session, message_id)
        return [VersionView(row.kind.value, row.text, row.at) for row in rows]


async def _accept(
    core: Core, user_id: UUID, row: Message, content: AnyContent, idempotency_key: str | None
) -> Accepted:
    return await send(core, user_id, row.account_id, to=row.chat_id, content=content, idempotency_key=idempotency_key)


async def _target(
    core: Core, user_id: UUID, account_id: UUID, message_id: UUID, idempotency_key: str | None, *, ours: bool = False
) -> Message:
    async with core.db.read() as session:
        row = await _owned_message(session, user_id, account_id, message_id)
        repeated = idempotency_key is not None and is_storable(idempotency_key)
        if repeated and await messages.by_idempotency_key(session, account_id, idempotency_key or "") is not None:
            # What was accepted once comes back, whatever became of the message: that very change may have been made.
            return row
    if ours and row.direction is not Direction.OUT:
        raise PolicyError("Somebody else wrote this message.", code="not_our_message", status_code=422)
    if row.revoked_at is not None:
        raise Conflict("The message was deleted.", code="already_deleted")
    if row.wa_message_id is None:
        raise Conflict(
            "WhatsApp does not have the message yet, or never got it.",
            code="not_sent_yet",
            action="Wait until it is sent.",
        )
    return row


async def _owned_message(session: Transaction, user_id: UUID, account_id: UUID, message_id: UUID) -> Message:
    if await accounts.owned(session, user_id, account_id) is None:
        raise NotFound("account")
    row = await messages.get(session, account_id, message_id)
    if row is None or row.kind in ACTIONS:
        raise NotFound("message")
    return row
