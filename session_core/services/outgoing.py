"""Accepting messages. Accepting is one transaction; sending is the lane's business."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import structlog

from session_core.bus import lanes
from session_core.bus.connection import BUS_ERRORS
from session_core.clock import utcnow
from session_core.core import Core
from session_core.domain.content import ACTIONS, MAX_TEXT, AnyContent, Media, Text, is_storable, same_as, stored
from session_core.domain.events import MessageChanged, MessageView
from session_core.domain.ids import WaMessageId, new_wa_key
from session_core.domain.lane import Hold
from session_core.domain.message import Direction, MessageStatus, Turn
from session_core.domain.pacing import SendingSettings
from session_core.domain.phone import chat_id
from session_core.domain.status import SessionStatus
from session_core.domain.text import is_storable as is_storable_text
from session_core.errors import Conflict, NotFound, PolicyError
from session_core.services import outgoing_media
from session_core.services.lane import with_holds
from session_core.store import accounts, chats, consent, messages, outbox, sending, waiting
from session_core.store.engine import Transaction
from session_core.store.errors import STORE_ERRORS
from session_core.store.models import Message, OptOut

log = structlog.get_logger(__name__)

MAX_IDEMPOTENCY_KEY = 200
MAX_QUOTED_ID = 200


@dataclass(frozen=True, slots=True)
class Times:
    """When a message may go out: not before ``send_at``, not after ``expires_at``; aware."""

    send_at: datetime | None = None
    expires_at: datetime | None = None

    def check(self, now: datetime) -> None:
        """Refuse what can never be.

        Raises:
            PolicyError: 422 ``bad_time``.
        """
        begin, end = max(self.send_at or now, now), self.expires_at
        if begin - now > MAX_AHEAD or (end is not None and end <= begin):
            raise PolicyError(
                "The message could never go out at these times.",
                code="bad_time",
                action="sendAt is at most a year ahead, and expiresAt lies after it and in the future.",
                status_code=422,
            )


WHENEVER = Times()
MAX_AHEAD = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Accepted:
    """A message that was accepted.

    Attributes:
        message: as it was told to everybody.
        created: False when the idempotency key brought an earlier one back.
        hold: what holds it back for now.
    """

    message: MessageView
    created: bool
    hold: Hold | None = None


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
    times: Times = WHENEVER,
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
        times=times,
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
    times: Times = WHENEVER,
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
        times: not before, and not after.

    Raises:
        NotFound: the account is not the user's.
        PolicyError: 422 for a bad recipient, mention, content or time.
        Conflict: 409 ``duplicate_message`` (``existing_id`` is the first one), 409 ``idempotency_key_reused``,
            409 ``opted_out``.
    """
    now = utcnow()
    _check(content, idempotency_key, quoted_id)
    chat = chat_id(to)
    if isinstance(content, Text) and content.mentions:
        content = content.model_copy(update={"mentions": tuple(map(_person, content.mentions))})
    request_hash = _request_hash(chat, content, quoted_id, times)
    request = _Request(idempotency_key, request_hash, force, quoted_id, times, now)
    try:
        view, created, ready = await _accept(core, user_id, account_id, chat, content, request)
    except Conflict as error:
        await _count(core, account_id, error.code)
        raise
    [shown] = await with_holds(core, account_id, [view], ready=ready)
    if not created:
        return Accepted(view, created=False, hold=shown.hold)
    await core.publisher.publish(MessageChanged(user_id=user_id, message=view))
    try:
        if times.send_at is None or times.send_at <= now:
            await lanes.mark_due(core.redis, account_id)
    except BUS_ERRORS as error:
        # The sweeper finds the lane in the database; nothing is lost, it only takes longer.
        log.warning("lane_not_woken", account_id=str(account_id), error=repr(error))
    return Accepted(view, created=True, hold=shown.hold)


@dataclass(frozen=True, slots=True)
class _Request:
    idempotency_key: str | None
    request_hash: str
    force: bool
    quoted_id: str | None
    times: Times
    now: datetime


async def _accept(
    core: Core, user_id: UUID, account_id: UUID, chat: str, content: AnyContent, request: _Request
) -> tuple[MessageView, bool, bool]:
    """Store the message with its event, or find the earlier one that the key brings back.

    Returns:
        The message, whether it is new, and whether the account is ready.
    """
    now = request.now
    async with core.db.begin() as session:
        # Locked: two equal messages at the same time must see each other.
        owned = await accounts.owned(session, user_id, account_id, lock=True)
        if owned is None:
            raise NotFound("account")
        ready = owned[1].status is SessionStatus.READY
        if request.idempotency_key is not None:
            earlier = await messages.by_idempotency_key(session, account_id, request.idempotency_key)
            if earlier is not None:
                return _again(earlier, request.request_hash), False, ready
        # Not before: a request that is repeated after its time was over still asks what became of it.
        request.times.check(now)
        chosen = (await sending.chosen(session, account_id)).settings
        person = await consent.person_behind(session, user_id, account_id, chat)
        chats_of_person = {chat, *(person[0].chat_ids if person is not None else ())}
        # What was sent can be taken back from anybody.
        if person is not None and content.type != "revoke":
            out = await consent.opted_out(session, user_id, account_id, person[0])
            if out is not None:
                raise _opted_out(out)
        chat = await chats.kept_as(session, account_id, chat)
        if isinstance(content, Media):
            content, same = await outgoing_media.complete(core, session, user_id, content, now)
        else:
            same = same_as(content)
        # To change a message to what it is already harms nobody.
        if chosen.duplicates and not request.force and content.type not in ACTIONS:
            since = now - chosen.window(core.settings.duplicate_window)
            first = await messages.same_content(session, account_id, chat, same, since)
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
            turn=await _turn(core, session, account_id, chats_of_person, chosen, request),
            send_at=request.times.send_at,
            expires_at=request.times.expires_at,
            wa_key=new_wa_key(),
            quoted_id=request.quoted_id,
            idempotency_key=request.idempotency_key,
            request_hash=request.request_hash,
            created_at=now,
            updated_at=now,
        )
        await messages.add(session, row)
        if content.type not in ACTIONS:
            await chats.note(session, row)
        view = messages.view(row)
        await outbox.add(session, account_id, "message.queued", view.model_dump(mode="json"))
    return view, True, ready


async def _turn(
    core: Core,
    session: Transaction,
    account_id: UUID,
    chats_of_person: set[str],
    chosen: SendingSettings,
    request: _Request,
) -> Turn:
    """Say when the message's turn comes; an answer takes with it what was to be said in its chat before."""
    if request.times.send_at is not None and request.times.send_at > request.now:
        return Turn.LATER
    window = core.settings.reply_window
    if not chosen.replies_first or not window:
        return Turn.NORMAL
    if not await waiting.heard_since(session, account_id, chats_of_person, request.now - window):
        return Turn.NORMAL
    await waiting.let_forward(session, account_id, chats_of_person)
    return Turn.REPLY


async def _count(core: Core, account_id: UUID, code: str) -> None:
    """Count a refusal. It is for looking at: a database that cannot now changes no answer."""
    counters = {"duplicate_message": sending.count_duplicate, "opted_out": sending.count_opted_out}
    if code not in counters:
        return
    try:
        async with core.db.begin() as session:
            await counters[code](session, account_id)
    except STORE_ERRORS as error:
        log.warning("refusal_not_counted", account_id=str(account_id), error=type(error).__name__)


def _request_hash(chat: str, content: AnyContent, quoted_id: str | None, times: Times) -> str:
    said = content.plain_text if stored(content) is None else content.model_dump_json()
    parts = [chat, said, quoted_id or ""]
    if times != WHENEVER:
        parts += [at.astimezone(UTC).isoformat() if at else "" for at in (times.send_at, times.expires_at)]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


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
    if quoted_id is not None and not (_is_name(quoted_id, MAX_QUOTED_ID) and WaMessageId.parse(quoted_id)):
        raise PolicyError(
            "This is not the WhatsApp id of a message.",
            code="bad_quoted_id",
            action="Use the waMessageId of the message that you answer.",
            status_code=422,
        )


def _person(mentioned: str) -> str:
    """Return who is mentioned: digits with the country code, or the chat id of one person."""
    try:
        name = chat_id(mentioned)
    except PolicyError:
        name = ""
    if not name or name.endswith("@g.us"):
        raise PolicyError(
            "Somebody is mentioned who is no person.",
            code="bad_mention",
            action="Name people by number with country code, or by chat id.",
            status_code=422,
        )
    return name if "@" in mentioned else name.removesuffix("@c.us")


def _is_text(text: str) -> bool:
    return bool(text.strip()) and len(text) <= MAX_TEXT and is_storable_text(text)


def _is_name(text: str, limit: int) -> bool:
    return 0 < len(text) <= limit and is_storable_text(text)


def _again(earlier: Message, request_hash: str) -> MessageView:
    if earlier.request_hash != request_hash:
        raise Conflict(
            "This Idempotency-Key was used for another message.",
            code="idempotency_key_reused",
            action="Use a new key for a new message.",
            existing_id=str(earlier.id),
        )
    return messages.view(earlier)


def _opted_out(out: OptOut) -> Conflict:
    return Conflict(
        "This person has said that they do not want to hear from you.",
        code="opted_out",
        action="Delete the opt-out only when the person asks for messages again.",
        existing_id=str(out.id),
    )


def _duplicate(first: Message) -> Conflict:
    return Conflict(
        "The same text went to the same chat a moment ago.",
        code="duplicate_message",
        action="Set force to true to send it again.",
        existing_id=str(first.id),
    )
