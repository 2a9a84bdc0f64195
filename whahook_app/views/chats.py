"""A chat as a line of the list, and a message as a bubble of the conversation."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from uuid import UUID

from session_core.domain.chats import ChatKind, ChatView, phone_of
from session_core.domain.content import EDITABLE, Media
from session_core.domain.events import MessageView
from session_core.domain.media import MediaView
from session_core.domain.message import Direction, MessageStatus
from session_core.domain.phone import format_phone
from whahook_app.i18n import TEXTS, Language, counted, message_status, text
from whahook_app.views.kinds import CardRow, PlaceRow, PollRow, card_rows, named, person, place_row, poll_row
from whahook_app.views.media import MediaRow, media_row
from whahook_app.views.messages import ICON, failure, held

PREVIEW = 120
"""Characters of a message that are shown where it is only mentioned."""


@dataclasses.dataclass
class ChatRow:
    """A conversation in the list."""

    id: str = ""
    name: str = ""
    number: str = ""
    group: bool = False
    at: str = ""
    preview: str = ""
    out: bool = False
    icon: str = ""
    word: str = ""
    unread: int = 0
    unread_word: str = ""
    archived: bool = False


@dataclasses.dataclass
class Hit:
    """A message that has the words that are looked for."""

    id: str = ""
    chat: str = ""
    at: str = ""
    text: str = ""
    out: bool = False


def hit(message: MessageView, language: Language, names: Mapping[str, str]) -> Hit:
    """Make the line of a message that was found."""
    known = names.get(message.chat_id)
    group = ChatKind.of(message.chat_id) is ChatKind.GROUP
    number = text(language, "messages.group") if group else format_phone(phone_of(message.chat_id))
    return Hit(
        id=str(message.id),
        chat=known or number or text(language, "chats.hidden_number"),
        at=message.created_at.isoformat(),
        text=mention(message, language),
        out=message.direction is Direction.OUT,
    )


@dataclasses.dataclass
class Bubble:
    """A message in the conversation.

    Attributes:
        mine: the account's own reaction.
        changeable, deletable: the account wrote it and WhatsApp has it, so that its words can be changed, or all of it
            deleted. For how long WhatsApp allows that, only time shows.
        hold, hold_code, hold_until, cancellable: as in `whahook_app.views.messages.MessageRow`.
    """

    id: str = ""
    account_id: str = ""
    wa_id: str = ""
    out: bool = False
    author: str = ""
    text: str = ""
    note: str = ""
    mention: str = ""
    at: str = ""
    status: str = ""
    word: str = ""
    icon: str = ""
    failure: str = ""
    replayed: bool = False
    edited: bool = False
    deleted: bool = False
    reactions: str = ""
    reactions_word: str = ""
    mine: str = ""
    changeable: bool = False
    deletable: bool = False
    sent_at: str = ""
    hold: str = ""
    hold_code: str = ""
    hold_until: str = ""
    cancellable: bool = False
    answers: bool = False
    quote_author: str = ""
    quote: str = ""
    media: MediaRow = dataclasses.field(default_factory=MediaRow)
    place: PlaceRow = dataclasses.field(default_factory=PlaceRow)
    cards: list[CardRow] = dataclasses.field(default_factory=list)
    poll: PollRow = dataclasses.field(default_factory=PollRow)


def chat_row(chat: ChatView, language: Language) -> ChatRow:
    """Make the line of a chat."""
    number = format_phone(chat.phone)
    last = chat.last
    return ChatRow(
        id=chat.chat_id,
        name=chat_title(chat, language),
        number=number if chat.name else "",
        group=chat.kind is ChatKind.GROUP,
        at=chat.last_at.isoformat() if last or chat.last_at.year > 1970 else "",
        preview=mention(last, language) if last else "",
        out=last is not None and last.direction is Direction.OUT,
        icon=ICON[last.status] if last and last.direction is Direction.OUT else "",
        word=message_status(language, last.status) if last and last.direction is Direction.OUT else "",
        unread=chat.unread,
        unread_word=counted(language, "chats.unread", chat.unread) if chat.unread else "",
        archived=chat.archived,
    )


def chat_title(chat: ChatView, language: Language) -> str:
    """Return what people call the chat: its name, else its number."""
    if chat.name:
        return chat.name
    if chat.kind is ChatKind.GROUP:
        return text(language, "messages.group")
    return format_phone(chat.phone) or text(language, "chats.hidden_number")


def bubble(
    message: MessageView,
    language: Language,
    names: Mapping[str, str],
    answered: Mapping[str, MessageView],
    files: Mapping[UUID, MediaView] = MappingProxyType({}),
) -> Bubble:
    """Make the bubble of a message.

    Args:
        message: the message.
        language: of whoever looks.
        names: of the authors, by their ids.
        answered: the messages that others answer, by their WhatsApp ids.
        files: the files that messages carry, by their ids.
    """
    file = media_row(message, files, language)
    out = message.direction is Direction.OUT
    quoted = answered.get(message.quoted_id) if message.quoted_id else None
    place, cards, poll = place_row(message), card_rows(message), poll_row(message, language, names)
    shown = bool(file.state or place.link or cards or poll.question)
    here = out and bool(message.wa_message_id) and message.revoked_at is None
    hold, hold_code, hold_until = held(message, language)
    return Bubble(
        id=str(message.id),
        account_id=str(message.account_id),
        wa_id=message.wa_message_id or "",
        out=out,
        author=author(message, language, names) if message.author and not out else "",
        text="" if shown and not file.state else _words(message, names),
        note="" if shown else kind_note(message, language),
        mention=mention(message, language),
        media=file,
        place=place,
        cards=cards,
        poll=poll,
        at=message.created_at.isoformat(),
        status=message.status.value,
        word=message_status(language, message.status) if out else "",
        icon=ICON[message.status] if out else "",
        failure=failure(message.failure, language),
        replayed=message.replayed,
        deleted=message.revoked_at is not None,
        edited=message.edited_at is not None and message.revoked_at is None,
        reactions=" ".join(one.emoji for one in message.reactions),
        reactions_word=_reactions(message, language, names),
        mine=next((one.emoji for one in message.reactions if one.from_me), ""),
        changeable=here and message.kind in EDITABLE,
        deletable=here,
        sent_at=(message.sent_at or message.created_at).isoformat(),
        hold=hold,
        hold_code=hold_code,
        hold_until=hold_until,
        cancellable=message.status is MessageStatus.QUEUED,
        answers=bool(message.quoted_id),
        quote_author=author(quoted, language, names) if quoted else "",
        quote=mention(quoted, language) if quoted else text(language, "chats.answers.gone"),
    )


def _words(message: MessageView, names: Mapping[str, str]) -> str:
    """Return what is written in a message; the name of a file is shown with the file."""
    return message.content.caption if isinstance(message.content, Media) else named(message, names)


def _reactions(message: MessageView, language: Language, names: Mapping[str, str]) -> str:
    """Return who reacted and how, for those who hear the page, or point at it."""
    told = []
    for one in message.reactions:
        who = text(language, "chats.you") if one.from_me else person(one.sender, language, names)
        told.append(f"{who}: {one.emoji}")
    return ", ".join(told)


def author(message: MessageView, language: Language, names: Mapping[str, str]) -> str:
    """Return who wrote a message."""
    if message.direction is Direction.OUT:
        return text(language, "chats.you")
    wa_id = message.author or message.chat_id
    number = format_phone(phone_of(wa_id))
    return names.get(wa_id) or message.sender_name or number or text(language, "chats.hidden_number")


def kind_note(message: MessageView, language: Language) -> str:
    """Return what a message is when it is no text; empty for texts."""
    if message.revoked_at is not None:
        return text(language, "chats.revoked")
    if message.kind == "text":
        return ""
    known = TEXTS[language].get(f"chats.kind.{message.kind}")
    return known or text(language, "chats.kind.other", kind=message.kind)


def mention(message: MessageView, language: Language) -> str:
    """Return a message in one short line."""
    words = " ".join(part for part in (kind_note(message, language), " ".join(message.text.split())) if part)
    return words if len(words) <= PREVIEW else words[: PREVIEW - 1] + "…"


def placed(shown: Sequence[Bubble], news: Iterable[Bubble]) -> list[Bubble]:
    """Return ``shown`` with ``news``, oldest first: what is there is replaced, the rest put where its time is.

    What lies before the oldest one that is shown is left out, unless nothing is shown: it comes with its page.
    """
    rows = {row.id: row for row in shown}
    oldest = shown[0].at if shown else ""
    rows |= {row.id: row for row in news if row.id in rows or row.at >= oldest}
    return sorted(rows.values(), key=lambda row: row.at)
