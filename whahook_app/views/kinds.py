"""What a message shows that is neither text nor file: a place, contact cards, a poll; and names of who is mentioned."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping

from session_core.domain.chats import phone_of
from session_core.domain.content import Card, Contacts, Location, Poll, Text
from session_core.domain.events import MessageView
from session_core.domain.phone import format_phone, normalize_phone
from session_core.errors import PolicyError
from whahook_app.i18n import Language, counted, text

MAP = "https://www.openstreetmap.org/?mlat={latitude}&mlon={longitude}#map=16/{latitude}/{longitude}"
"""Opened only by who presses the link: a map in the page would tell its server which places people send."""

_TEL = re.compile(r"^TEL[^:\r\n]*:(?:tel:)?([^\r\n]+)", re.IGNORECASE | re.MULTILINE)


@dataclasses.dataclass
class PlaceRow:
    """A place; without a ``link`` the message is none."""

    name: str = ""
    address: str = ""
    coordinates: str = ""
    link: str = ""


@dataclasses.dataclass
class CardRow:
    """Somebody's card. ``chat``: where one can write to the number, when it is one."""

    name: str = ""
    number: str = ""
    chat: str = ""


@dataclasses.dataclass
class OptionRow:
    """An option of a poll. ``share``: of those who voted, as a CSS length; ``who``: chose it, in words."""

    text: str = ""
    votes: str = ""
    share: str = "0%"
    who: str = ""


@dataclasses.dataclass
class PollRow:
    """A poll; without a ``question`` the message is none."""

    question: str = ""
    hint: str = ""
    votes: str = ""
    options: list[OptionRow] = dataclasses.field(default_factory=list)


def place_row(message: MessageView) -> PlaceRow:
    """Make what is shown of a place; an empty one for another message."""
    content = message.content
    if not isinstance(content, Location):
        return PlaceRow()
    latitude, longitude = round(content.latitude, 6), round(content.longitude, 6)
    return PlaceRow(
        name=content.name,
        address=content.address,
        coordinates=f"{latitude}, {longitude}",
        link=MAP.format(latitude=latitude, longitude=longitude),
    )


def card_rows(message: MessageView) -> list[CardRow]:
    """Make what is shown of contact cards; none for another message."""
    content = message.content
    return [_card(card) for card in content.contacts] if isinstance(content, Contacts) else []


def _card(card: Card) -> CardRow:
    found = _TEL.search(card.vcard or "")
    given = (card.phone or (found.group(1) if found else "")).strip()
    # The number of a card that came is written as its sender likes it: only one with a country code can be written to.
    number = given if given.startswith("+") else f"+{given}" if given.isdecimal() else ""
    try:
        digits = normalize_phone(number) if number else ""
    except PolicyError:
        digits = ""
    return CardRow(
        name=card.name, number=format_phone(digits) if digits else given, chat=f"{digits}@c.us" if digits else ""
    )


def poll_row(message: MessageView, language: Language, names: Mapping[str, str]) -> PollRow:
    """Make what is shown of a poll, with the votes that are in; an empty one for another message."""
    content = message.content
    if not isinstance(content, Poll):
        return PollRow()
    votes = [vote for vote in message.votes if vote.options]
    rows = []
    for option in content.options:
        chose = [vote for vote in votes if option in vote.options]
        who = [text(language, "chats.you") if one.from_me else person(one.voter, language, names) for one in chose]
        share = round(100 * len(chose) / len(votes)) if votes else 0
        rows.append(OptionRow(text=option, votes=str(len(chose)), share=f"{share}%", who=", ".join(who)))
    return PollRow(
        question=content.question,
        hint=text(language, "chats.poll.one" if content.selectable == 1 else "chats.poll.several"),
        votes=counted(language, "chats.poll.votes", len(votes)),
        options=rows,
    )


def person(wa_id: str, language: Language, names: Mapping[str, str]) -> str:
    """Return how somebody is called: the name, else the number."""
    return names.get(wa_id) or format_phone(phone_of(wa_id)) or text(language, "chats.hidden_number")


def mentioned(message: MessageView) -> dict[str, str]:
    """Return the ids of who is mentioned in a text, by what stands behind the ``@`` there."""
    if not isinstance(message.content, Text):
        return {}
    return {one.partition("@")[0].lstrip("+"): _as_id(one) for one in message.content.mentions}


def named(message: MessageView, names: Mapping[str, str]) -> str:
    """Return a text in which those who are mentioned have their names."""
    words = message.text
    for number, wa_id in mentioned(message).items():
        if number and wa_id in names:
            # A backslash in a name would be read as a part of the pattern.
            words = re.sub(rf"@{re.escape(number)}\b", "@" + names[wa_id].replace("\\", r"\\"), words)
    return words


def _as_id(mention: str) -> str:
    return mention if "@" in mention else f"{mention.lstrip('+')}@c.us"
