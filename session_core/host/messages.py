"""What the page tells about messages, stored once and then told to everybody."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from uuid import UUID

from session_core.clock import utcnow
from session_core.core import Core
from session_core.domain.chats import ContactFacts
from session_core.domain.consent import Person
from session_core.domain.content import ACTIONS, Edit, Reaction, Revoke, restored, same_as, stored
from session_core.domain.content import Media as MediaContent
from session_core.domain.events import ActivityAdded, ActivityEntry, MessageChanged, MessageView
from session_core.domain.ids import WaMessageId
from session_core.domain.message import Ack, Direction, MessageStatus, content_hash
from session_core.host import consent, reach_out
from session_core.host.applying import Change, apply, apply_early
from session_core.host.media_arrival import announce, promise
from session_core.store import accounts, activity, changes, chats, erasure, messages, outbox
from session_core.store.engine import Transaction
from session_core.store.models import Account, Message, SessionRuntime
from session_core.whatsapp.driver import (
    AckChanged,
    MessageEdited,
    MessageRevoked,
    MessageSeen,
    ReachOutHit,
    ReactionSeen,
    Ready,
    UploadLost,
)

RECEIVED = "message.received"
SENT = "message.sent"
ACKNOWLEDGED = "message.ack"
"""Names of the events for programs."""


KNOWN_BEFORE = timedelta(hours=1)
"""So much before the last known activity the first sweep begins: what was heard but not stored lies in there."""

ME = "me"
"""Who reacted, when it was the account itself."""

OVERLAP = timedelta(minutes=2)
"""The same within one life of the host, where nothing that was heard gets lost: only clocks differ."""


def clean(text: str) -> str:
    """Return a text that every database takes: no NUL, no half of a surrogate pair."""
    return text.replace("\0", "").encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def identity(event: Ready, known: tuple[str | None, str | None]) -> tuple[str | None, str | None]:
    """Return number and name of the account's phone: what the page says, where it says nothing what was known."""
    phone, name = known
    return (
        event.phone_number[:20] if event.phone_number else phone,
        clean(event.push_name)[:100] if event.push_name else name,
    )


def known_until(account: Account, runtime: SessionRuntime) -> datetime:
    """Return since when the first browser has to look for messages; for a new login only what comes from now on."""
    if runtime.phone_number is None:
        return utcnow()
    return max(account.created_at, (runtime.last_activity or account.created_at) - KNOWN_BEFORE)


def to_row(account_id: UUID, event: MessageSeen, now: datetime) -> Message:
    """Turn a message that was seen into a row, cut to what the columns hold."""
    parts = WaMessageId.parse(event.wa_message_id)
    status = event.ack.status if event.from_me else MessageStatus.RECEIVED
    text = clean(event.text)
    content = event.content
    at = min(event.at, now)
    return Message(
        account_id=account_id,
        direction=Direction.OUT if event.from_me else Direction.IN,
        chat_id=(event.kept_as or event.chat_id)[:64],
        author=event.author[:64] if event.author else None,
        sender_name=clean(event.sender_name)[:100] if event.sender_name else None,
        kind=event.kind[:32],
        text=text,
        content=stored(content) if content else None,
        content_hash=same_as(content) if content else content_hash(text),
        quoted_id=event.quoted_id[:200] if event.quoted_id else None,
        status=status,
        status_rank=status.rank,
        wa_key=(parts.key if parts else event.wa_message_id)[:64],
        wa_message_id=event.wa_message_id[:200],
        replayed=event.replayed,
        created_at=at,
        sent_at=at if event.from_me else None,
        updated_at=now,
    )


async def seen(core: Core, user_id: UUID, account_id: UUID, event: MessageSeen) -> None:
    """Store a message of the page unless it is there already, in one transaction with its event; then tell.

    A message of ours that this host handed to the page comes back here too; that moves our row and adds none.

    Raises:
        STORE_ERRORS: nothing was stored and nobody was told.
    """
    if event.limited:
        await reach_out.hit(core, user_id, account_id, ReachOutHit(event.wa_message_id, None))
        return
    now = utcnow()
    row = to_row(account_id, event, now)
    file = announce(row, event.content) if isinstance(event.content, MediaContent) else None
    ended: list[MessageView] = []
    async with core.db.begin() as session:
        if row.author is not None:
            row.author = await chats.kept_as(session, account_id, row.author)
        ours = await messages.by_wa_key(session, account_id, row.wa_key) if event.from_me else None
        if ours is not None:
            told = await _seen_again(session, ours, event, now)
            if told is None:
                return
            view, entry = told, None
        elif event.from_me and event.ack is Ack.ERROR:
            # Nobody got it, and it is none of ours any more: it went out under another id since, or was erased.
            return
        elif event.from_me and await messages.is_retired(session, account_id, row.wa_key):
            # Told late, of a try that WhatsApp refused: the message waits under another id, or went out under it.
            return
        elif await erasure.covers(session, row, event.author, event.author_lid):
            return
        elif await messages.add_once(session, row):
            view = messages.view(row)
            if file is not None:
                await promise(session, user_id, row, file, core.settings.media_max_size, now)
            entry = await _first_seen(session, row, view, event.author_lid)
            if row.chat_id != event.chat_id[:64]:
                await chats.unite(session, account_id, event.chat_id[:64], row.chat_id)
            ended = await consent.heed(session, user_id, view)
            view = await apply_early(session, row) or view
        else:
            again = await _edited_meanwhile(session, account_id, event)
            if again is None:
                return
            view, entry = again, None
    for changed in (view, *ended):
        core.news.publish(MessageChanged(user_id=user_id, message=changed))
    if entry is not None:
        core.news.publish(ActivityAdded(user_id=user_id, entry=entry))


async def _first_seen(session: Transaction, row: Message, view: MessageView, lid: str | None) -> ActivityEntry:
    out = view.direction is Direction.OUT
    await _add_event(session, SENT if out else RECEIVED, view)
    # First the hot row, then the chat: in the order in which accepting a message locks them.
    await accounts.touch(session, view.account_id, view.created_at)
    await chats.note(session, row)
    writer = view.author or view.chat_id
    if not out and (view.sender_name or lid) and not writer.endswith("@g.us"):
        who = ContactFacts(writer, lid=lid, push_name=view.sender_name)
        await chats.learn_contacts(session, view.account_id, [who])
    # Never the text: the history is for looking at, and it is kept for longer.
    return await activity.add(
        session, view.account_id, "message_out" if out else "message_in", detail=view.sender_name or view.chat_id
    )


async def _edited_meanwhile(session: Transaction, account_id: UUID, event: MessageSeen) -> MessageView | None:
    """Take over what was written anew while nobody listened; None when that is no news."""
    if not event.edited:
        return None
    return await apply(session, account_id, MessageEdited(event.wa_message_id, event.text, utcnow()))


async def _seen_again(session: Transaction, ours: Message, event: MessageSeen, now: datetime) -> MessageView | None:
    """Note what the page proves about a message of ours; None when that is no news."""
    # That the page has it is all that "sent" means, also when the host that sent it died before it could say so.
    news = event.ack is not Ack.ERROR and await messages.mark_sent(
        session, ours.id, event.wa_message_id, now, wa_key=ours.wa_key
    )
    moved = await messages.apply_ack(session, ours.account_id, ours.wa_key, event.wa_message_id, event.ack.status, now)
    row = await messages.by_wa_key(session, ours.account_id, ours.wa_key)
    if row is None or not (news or moved):
        return None
    view = messages.view(row)
    if news:
        await _add_event(session, SENT, view)
        await accounts.touch(session, view.account_id, now)
        await _learn_ids(session, view)
    if moved:
        await _add_event(session, ACKNOWLEDGED, view)
    return view


async def _learn_ids(session: Transaction, view: MessageView) -> None:
    """Note that a number and a hidden id are one person, when what went to the one is in the chat of the other."""
    parts = WaMessageId.parse(view.wa_message_id or "")
    if parts is None or parts.chat == view.chat_id:
        return
    asked, found = Person.of(view.chat_id), Person.of(parts.chat)
    if asked is None or found is None:
        return
    phone, lid = asked.phone or found.phone, asked.lid or found.lid
    facts = [ContactFacts(wa_id, phone=phone, lid=lid) for wa_id in (view.chat_id, parts.chat)]
    await chats.learn_contacts(session, view.account_id, facts)


async def _add_event(session: Transaction, name: str, view: MessageView) -> None:
    await outbox.add(session, view.account_id, name, view.model_dump(mode="json"))


async def acknowledged(core: Core, user_id: UUID, account_id: UUID, event: AckChanged) -> None:
    """Move one of our messages forward; an old or unknown acknowledgement changes nothing.

    Raises:
        STORE_ERRORS: nothing was stored and nobody was told.
    """

    async def move(session: Transaction, key: str) -> Message | None:
        return await messages.apply_ack(session, account_id, key, event.wa_message_id, event.ack.status, utcnow())

    await _move_ours(core, user_id, event.wa_message_id, move)


async def upload_lost(core: Core, user_id: UUID, account_id: UUID, event: UploadLost) -> None:
    """End a file that counted as out and went down with its page: what went out behind it would overtake it now.

    One that is still being sent is left alone: the next try clears it away and sends it again, under its id.

    Raises:
        STORE_ERRORS: nothing was stored and nobody was told.
    """

    async def move(session: Transaction, key: str) -> Message | None:
        return await messages.mark_upload_lost(session, account_id, key, utcnow())

    await _move_ours(core, user_id, event.wa_message_id, move)


async def _move_ours(
    core: Core, user_id: UUID, wa_message_id: str, move: Callable[[Transaction, str], Awaitable[Message | None]]
) -> None:
    """Move a message of ours, in one transaction with its event, and tell; ``move`` takes its bare id."""
    parts = WaMessageId.parse(wa_message_id)
    if parts is None or not parts.from_me:
        return
    async with core.db.begin() as session:
        row = await move(session, parts.key)
        if row is None:
            return
        [view] = await changes.adorned(session, [messages.view(row)])
        await _add_event(session, ACKNOWLEDGED, view)
    core.news.publish(MessageChanged(user_id=user_id, message=view))


async def sent(
    core: Core, user_id: UUID, account_id: UUID, message_id: UUID, wa_message_id: str | None, at: datetime
) -> None:
    """Note that WhatsApp Web took a message of ours.

    Raises:
        STORE_ERRORS: nothing was stored and nobody was told.
    """
    async with core.db.begin() as session:
        sent_as = WaMessageId.parse(wa_message_id) if wa_message_id else None
        key = sent_as.key if sent_as else None
        news = await messages.mark_sent(session, message_id, wa_message_id, at, wa_key=key)
        row = await messages.get(session, account_id, message_id)
        if row is None or (key is not None and row.wa_key != key):
            # Purged, or refused in the meantime: then it waits under another id.
            return
        view = messages.view(row)
        changed = None
        if news:
            await _add_event(session, SENT, view)
            await accounts.touch(session, account_id, at)
            await _learn_ids(session, view)
            changed = await _change_target(session, row, at) if row.kind in ACTIONS else None
    for told in filter(None, (view, changed)):
        core.news.publish(MessageChanged(user_id=user_id, message=told))


async def _change_target(session: Transaction, row: Message, at: datetime) -> MessageView | None:
    """Do to the other message what this one of ours did to it; the page may tell it, too, and first."""
    content = restored(row.kind, row.text, row.content)
    if not isinstance(content, Edit | Reaction | Revoke):
        return None
    id_ = content.target_id
    match content:
        case Edit():
            change: Change = MessageEdited(id_, content.text, at)
        case Revoke():
            change = MessageRevoked((id_,), at)
        case Reaction():
            change = ReactionSeen(id_, ME, True, content.emoji, at)
    return await apply(session, row.account_id, change)
