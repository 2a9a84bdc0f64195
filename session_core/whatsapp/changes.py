"""What the page tells about messages that change and about people, turned into the driver's events."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from session_core.domain.changes import PresenceState
from session_core.domain.chats import one_chat
from session_core.whatsapp.driver import (
    CallSeen,
    ChangeEvent,
    MessageEdited,
    MessageRevoked,
    PresenceSeen,
    ReactionSeen,
    VoteSeen,
)


class _News(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    t: float

    @property
    def at(self) -> datetime:
        return datetime.fromtimestamp(self.t, UTC)


class _Edited(_News):
    what: Literal["edited"]
    id: str
    text: str = Field(repr=False)


class _Revoked(_News):
    what: Literal["revoked"]
    ids: list[str]


class _Reaction(_News):
    what: Literal["reaction"]
    id: str
    who: str
    mine: bool
    emoji: str


class _Vote(_News):
    what: Literal["vote"]
    id: str
    who: str
    mine: bool
    options: list[str]


class _Presence(_News):
    what: Literal["presence"]
    chat: str
    other: str | None = None
    who: str | None
    state: PresenceState


class _Call(_News):
    what: Literal["call"]
    id: str
    who: str
    other: str | None = None
    video: bool
    group: bool


_AnyNews = Annotated[_Edited | _Revoked | _Reaction | _Vote | _Presence | _Call, Field(discriminator="what")]
_NEWS: TypeAdapter[_Edited | _Revoked | _Reaction | _Vote | _Presence | _Call] = TypeAdapter(_AnyNews)


def change(data: object) -> ChangeEvent:
    """Return the event for what ``changes.js`` told.

    Raises:
        ValueError: it is not in the agreed form.
    """
    news = _NEWS.validate_python(data)
    match news:
        case _Edited():
            return MessageEdited(news.id, news.text, news.at)
        case _Revoked():
            return MessageRevoked(tuple(news.ids), news.at)
        case _Reaction():
            return ReactionSeen(news.id, news.who, news.mine, news.emoji, news.at)
        case _Vote():
            return VoteSeen(news.id, news.who, news.mine, tuple(news.options), news.at)
        case _Presence():
            return PresenceSeen(one_chat(news.chat, news.other), news.who, news.state, news.at)
        case _Call():
            return CallSeen(news.id, one_chat(news.who, news.other), news.video, news.group, news.at)
