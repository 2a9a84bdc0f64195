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


class _Deed(_News):
    id: str
    who: str
    other: str | None = None
    name: str | None = Field(default=None, repr=False)
    mine: bool

    @property
    def by(self) -> str:
        return one_chat(self.who, self.other)

    @property
    def lid(self) -> str | None:
        return self.who if self.by != self.who else None


class _Reaction(_Deed):
    what: Literal["reaction"]
    emoji: str


class _Vote(_Deed):
    what: Literal["vote"]
    options: list[str]


class _Presence(_News):
    what: Literal["presence"]
    chat: str
    other: str | None = None
    who: str | None
    who_other: str | None = Field(default=None, alias="whoOther")
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
            return ReactionSeen(news.id, news.by, news.mine, news.emoji, news.at, lid=news.lid, name=news.name)
        case _Vote():
            chosen = tuple(news.options)
            return VoteSeen(news.id, news.by, news.mine, chosen, news.at, lid=news.lid, name=news.name)
        case _Presence():
            who = one_chat(news.who, news.who_other) if news.who else None
            return PresenceSeen(one_chat(news.chat, news.other), who, news.state, news.at)
        case _Call():
            return CallSeen(news.id, one_chat(news.who, news.other), news.video, news.group, news.at)
