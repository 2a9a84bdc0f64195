"""What a message can say: one model a kind, for what goes out and for what comes in. Plain data, JSON both ways.

The fields are written in camelCase outside (REST) and in snake_case in the database and on the bus; both are read.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator
from pydantic.alias_generators import to_camel

from session_core.domain import text as texts
from session_core.domain.message import content_hash

MAX_TEXT = 65_536
"""Characters; WhatsApp's own limit for a text."""

MAX_MENTIONS = 1024
MAX_CONTACTS = 257
MIN_OPTIONS, MAX_OPTIONS = 2, 12
"""WhatsApp's own numbers."""

WaId = Annotated[str, Field(min_length=1, max_length=200)]


class _Content(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True)

    @property
    def plain_text(self) -> str:
        """What people read in it, without the form: for lists, search and the question whether two are the same."""
        return ""


class Text(_Content):
    """Words.

    Attributes:
        mentions: numbers or chat ids of who is named in the text by ``@number``.
        preview: have WhatsApp fetch a preview of the first link. Off by default: it asks that address from here.
    """

    type: Literal["text"] = "text"
    text: str = Field(max_length=MAX_TEXT, repr=False)
    mentions: tuple[WaId, ...] = Field(default=(), max_length=MAX_MENTIONS)
    preview: bool = False

    @property
    def plain_text(self) -> str:
        """The text itself."""
        return self.text


MediaKind = Literal["image", "video", "document", "audio", "voice", "sticker"]


class Media(_Content):
    """A file. The bytes live elsewhere, under ``media_id``; None as long as what came in was not fetched.

    Attributes:
        size: bytes.
        seconds: how long it plays.
    """

    type: MediaKind
    media_id: UUID | None = None
    mime: str | None = Field(default=None, max_length=200)
    filename: str | None = Field(default=None, max_length=255)
    caption: str = Field(default="", max_length=MAX_TEXT, repr=False)
    size: int | None = Field(default=None, ge=0)
    seconds: float | None = Field(default=None, ge=0)
    width: int | None = Field(default=None, ge=0)
    height: int | None = Field(default=None, ge=0)

    @property
    def plain_text(self) -> str:
        """The caption, else the name of the file."""
        return self.caption or self.filename or ""


class Location(_Content):
    """A place. ``live``: it moved with its sender, this is where it began."""

    type: Literal["location"] = "location"
    latitude: float = Field(ge=-90, le=90)
    longitude: float = Field(ge=-180, le=180)
    name: str = Field(default="", max_length=1000, repr=False)
    address: str = Field(default="", max_length=1000, repr=False)
    live: bool = False

    @property
    def plain_text(self) -> str:
        """Name and address, else the coordinates."""
        return ", ".join(filter(None, (self.name, self.address))) or f"{self.latitude}, {self.longitude}"


class Card(_Content):
    """Somebody's name and number. ``vcard``: all that the sender gave, as it came."""

    name: str = Field(min_length=1, max_length=200, repr=False)
    phone: str | None = Field(default=None, max_length=64, repr=False)
    vcard: str | None = Field(default=None, max_length=20_000, repr=False)


class Contacts(_Content):
    """One contact card or several."""

    type: Literal["contact"] = "contact"
    contacts: tuple[Card, ...] = Field(min_length=1, max_length=MAX_CONTACTS)

    @property
    def plain_text(self) -> str:
        """The names."""
        return ", ".join(card.name for card in self.contacts)


class Poll(_Content):
    """A question with answers to choose from. ``selectable``: how many one may choose; 0: any number."""

    type: Literal["poll"] = "poll"
    question: str = Field(min_length=1, max_length=255, repr=False)
    options: tuple[Annotated[str, Field(min_length=1, max_length=100)], ...] = Field(
        min_length=MIN_OPTIONS, max_length=MAX_OPTIONS, repr=False
    )
    selectable: int = Field(default=1, ge=0, le=MAX_OPTIONS)

    @model_validator(mode="after")
    def _consistent(self) -> Poll:
        if len(set(self.options)) < len(self.options):
            raise ValueError("the options must differ")
        if self.selectable > len(self.options):
            raise ValueError("more may be chosen than there are options")
        return self

    @property
    def plain_text(self) -> str:
        """The question and its options, a line each."""
        return "\n".join((self.question, *self.options))


class Reaction(_Content):
    """An emoji on another message, one a person; an empty one takes it back. ``target_id``: its WhatsApp id."""

    type: Literal["reaction"] = "reaction"
    target_id: WaId
    emoji: str = Field(max_length=40)

    @property
    def plain_text(self) -> str:
        """The emoji."""
        return self.emoji


class Edit(_Content):
    """Another text for a message that was sent. ``target_id``: its WhatsApp id."""

    type: Literal["edit"] = "edit"
    target_id: WaId
    text: str = Field(max_length=MAX_TEXT, repr=False)

    @property
    def plain_text(self) -> str:
        """The new text."""
        return self.text


class Revoke(_Content):
    """Delete a message for everyone. ``target_id``: its WhatsApp id."""

    type: Literal["revoke"] = "revoke"
    target_id: WaId


AnyContent = Text | Media | Location | Contacts | Poll | Reaction | Edit | Revoke
Content = Annotated[AnyContent, Field(discriminator="type")]
CONTENTS: TypeAdapter[AnyContent] = TypeAdapter(Content)

ACTIONS = frozenset({"reaction", "edit", "revoke"})
"""Kinds that change another message. They go through the lane like any message and are none of their own in a chat."""

MEDIA = frozenset({"image", "video", "document", "audio", "voice", "sticker"})

EDITABLE = MEDIA | {"text"}
"""Kinds with words that can be changed."""


def stored(content: AnyContent) -> dict[str, Any] | None:
    """Return what is kept of a content beside the row's kind and text: nothing for a plain text."""
    if isinstance(content, Text) and not content.mentions and not content.preview:
        return None
    return content.model_dump(mode="json")


def restored(kind: str, text: str, kept: dict[str, Any] | None) -> AnyContent | None:
    """Return the content of a row; None for a kind that we do not know, or one that is not understood any more."""
    if kept is None:
        return Text.model_construct(text=text) if kind == "text" else None
    try:
        return CONTENTS.validate_python(kept)
    except ValidationError:
        return None


def is_storable(content: AnyContent) -> bool:
    """Tell whether every text in it is one that every database takes."""
    return all(texts.is_storable(value) for value in _strings(content.model_dump()))


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _strings(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _strings(item)


def same_as(content: AnyContent) -> str:
    """Return a hash that two contents share when people take them for the same."""
    if isinstance(content, Text):
        return content_hash(content.text)
    fields = content.model_dump(mode="json", exclude_defaults=True)
    return hashlib.sha256(json.dumps([content.type, fields], sort_keys=True).encode()).hexdigest()
