"""Accepting messages. Accepting is one transaction; sending is the lane's business."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from uuid import UUID

import structlog

from session_core.bus import lanes
from session_core.bus.connection import BUS_ERRORS
from session_core.clock import utcnow
from session_core.core import Core
from session_core.domain.content import ACTIONS, MAX_TEXT, AnyContent, Media, Text, is_storable, same_as, stored
from session_core.domain.events import MessageChanged, MessageView
from session_core.domain.ids import new_wa_key
from session_core.domain.message import Direction, MessageStatus
from session_core.domain.phone import chat_id
from session_core.domain.text import is_storable as is_storable_text
from session_core.errors import Conflict, NotFound, PolicyError
from session_core.services import outgoing_media
from session_core.store import accounts, chats, messages, outbox
from session_core.store.models import Message

log = structlog.get_logger(__name__)

MAX_IDEMPOTENCY_KEY = 200
MAX_QUOTED_ID = 200


@dataclass(frozen=True, slots=True)
class Accepted:
    """A message that was accepted; ``created`` is False when the idempotency key brought an earlier one back."""

    message: MessageView
    created: bool


async def send_text(
    core: Core,
    user_id: UUID,
    account_id: UUID,
    *,
    to: str,
    text: str,
    idempotency_key: str | None = None,
    force: bool = False,
    quoted_id: str | None = None,
) -> Accepted:
    """Accept a plain text; see `send`."""
    # Not validated here: `send` says in plain words what is wrong with it.
    content = Text.model_construct(text=text)
    return await send(
        core,
        user_id,
        account_id,
        to=to,
        content=content,
        idempotency_key=idempotency_key,
        force=force,
        quoted_id=quoted_id,
    )


async def send(
    core: Core,
    user_id: UUID,
    account_id: UUID,
    *,
    to: str,
    content: AnyContent,
    idempotency_key: str | None = None,
    force: bool = False,
    quoted_id: str | None = None,
) -> Accepted:
    """Accept a message. It goes out in order, at the allowed pace, as soon as the account is ready.

    Args:
        core: the process's core.
        user_id: who asks.
        account_id: which account sends.
        to: phone number with country code, or a chat id.
        content: what to send.
        idempotency_key: the same key with the same request brings the same message back.
        force: send although the same went to the same chat a moment ago.
        quoted_id: WhatsApp id of the message that this one answers.

    Raises:
        NotFound: the account is not the user's.
        PolicyError: 422 for a bad recipient or content.
        Conflict: 409 ``duplicate_message`` (``existing_id`` is the first one), 409 ``idempotency_key_reused``.
    """
    _check(content, idempotency_key, quoted_id)
    chat = chat_id(to)
    request_hash = _request_hash(chat, content, quoted_id)
    now = utcnow()
    async with core.db.begin() as session:
        # Locked: two equal messages at the same time must see each other.
        if await accounts.owned(session, user_id, account_id, lock=True) is None:
            raise NotFound("account")
        if idempotency_key is not None:
            earlier = await messages.by_idempotency_key(session, account_id, idempotency_key)
            if earlier is not None:
                return _again(earlier, request_hash)
        if isinstance(content, Media):
            content, same = await outgoing_media.complete(core, session, user_id, content, now)
        else:
            chat = await chats.kept_as(session, account_id, chat)
        same = same_as(content)
        # To change a message to what it is already harms nobody.
        if not force and content.type not in ACTIONS:
            first = await messages.same_content(session, account_id, chat, same, now - core.settings.duplicate_window)
            if first is not None:
                raise _duplicate(first)
        row = Message(
            account_id=account_id,
            direction=Direction.OUT,
            chat_id=chat,
            kind=content.type,
            text=content.plain_text,
            content=stored(content),
            content_hash=same,
            status=MessageStatus.QUEUED,
            status_rank=MessageStatus.QUEUED.rank,
            wa_key=new_wa_key(),
            quoted_id=quoted_id,
            idempotency_key=idempotency_key,
            request_hash=request_hash,
            created_at=now,
            updated_at=now,
        )
        await messages.add(session, row)
        if content.type not in ACTIONS:
            await chats.note(session, row)
        view = messages.view(row)
        await outbox.add(session, account_id, "message.queued", view.model_dump(mode="json"))
    await core.publisher.publish(MessageChanged(user_id=user_id, message=view))
    try:
        await lanes.mark_due(core.redis, account_id)
    except BUS_ERRORS as error:
        # The sweeper finds the lane in the database; nothing is lost, it only takes longer.
        log.warning("lane_not_woken", account_id=str(account_id), error=repr(error))
    return Accepted(view, created=True)


def _request_hash(chat: str, content: AnyContent, quoted_id: str | None) -> str:
    said = content.plain_text if stored(content) is None else content.model_dump_json()
    return hashlib.sha256("\0".join((chat, said, quoted_id or "")).encode()).hexdigest()


def _check(content: AnyContent, idempotency_key: str | None, quoted_id: str | None) -> None:
    if isinstance(content, Text) and not _is_text(content.text):
        raise PolicyError(
            f"A text has 1 to {MAX_TEXT} characters, none of them NUL or half of a pair.",
            code="bad_text",
            action="Write something shorter, in plain Unicode.",
            status_code=422,
        )
    if not is_storable(content):
        raise PolicyError(
            "The message holds NUL or half of a character pair.",
            code="bad_text",
            action="Write plain Unicode.",
            status_code=422,
        )
    if isinstance(content, Media) and content.media_id is None:
        raise PolicyError(
            "There is no file.", code="no_media", action="Upload one, and send its mediaId.", status_code=422
        )
    if idempotency_key is not None and not _is_name(idempotency_key, MAX_IDEMPOTENCY_KEY):
        raise PolicyError(
            f"An Idempotency-Key has 1 to {MAX_IDEMPOTENCY_KEY} characters.",
            code="bad_key",
            action="Send a UUID, or any short text of your own.",
            status_code=422,
        )
    if quoted_id is not None and not _is_name(quoted_id, MAX_QUOTED_ID):
        raise PolicyError(
            "This is not the WhatsApp id of a message.",
            code="bad_quoted_id",
            action="Use the waMessageId of the message that you answer.",
            status_code=422,
        )


def _is_text(text: str) -> bool:
    return bool(text.strip()) and len(text) <= MAX_TEXT and is_storable_text(text)


def _is_name(text: str, limit: int) -> bool:
    return 0 < len(text) <= limit and is_storable_text(text)


def _again(earlier: Message, request_hash: str) -> Accepted:
    if earlier.request_hash != request_hash:
        raise Conflict(
            "This Idempotency-Key was used for another message.",
            code="idempotency_key_reused",
            action="Use a new key for a new message.",
            existing_id=str(earlier.id),
        )
    return Accepted(messages.view(earlier), created=False)


def _duplicate(first: Message) -> Conflict:
    return Conflict(
        "The same text went to the same chat a moment ago.",
        code="duplicate_message",
        action="Set force to true to send it again.",
        existing_id=str(first.id),
    )
