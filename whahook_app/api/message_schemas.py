"""Messages over REST: what can be sent, by kind, and how a message is shown."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import AwareDatetime, Discriminator, Field, Tag

from session_core.domain.content import CONTENTS, MEDIA, AnyContent, Contacts, Content, Location, Media, Poll, Text
from session_core.domain.events import MessageView
from session_core.domain.message import Direction, MessageStatus
from session_core.services.outgoing import Times
from whahook_app.api.fields import Line
from whahook_app.api.lane_schemas import Hold
from whahook_app.api.schema_base import Incoming, Outgoing


class _Envelope(Incoming):
    to: Line = Field(max_length=100, description="number with country code, or a chat id", examples=["+34612345678"])
    force: bool = Field(default=False, description="send although the same went to the same chat a moment ago")
    quoted_id: Line | None = Field(default=None, max_length=200, description="waMessageId of what this answers")
    send_at: AwareDatetime | None = Field(default=None, description="not before; with a time zone")
    expires_at: AwareDatetime | None = Field(default=None, description="what is not out by then is never sent")

    @property
    def times(self) -> Times:
        """When it may go out."""
        return Times(self.send_at, self.expires_at)

    def said(self) -> AnyContent:
        """What is to be said, without to whom."""
        fields = {name: value for name, value in self if name not in _Envelope.model_fields}
        return CONTENTS.validate_python(fields)


class NewText(Text, _Envelope):
    """A text to send."""


class NewMedia(Media, _Envelope):
    """A file to send: one that was uploaded (``mediaId``), or one that is fetched by its address."""

    url: Line | None = Field(default=None, max_length=2000, description="instead of mediaId: http or https")

    def said(self) -> AnyContent:
        """What is to be said; without the file's id as long as it was not fetched."""
        fields = {name: value for name, value in self if name not in _Envelope.model_fields and name != "url"}
        return CONTENTS.validate_python(fields)


class NewLocation(Location, _Envelope):
    """A place to send."""


class NewContacts(Contacts, _Envelope):
    """Contact cards to send."""


class NewPoll(Poll, _Envelope):
    """A poll to send."""


_TAGS = {"text": "text", "location": "location", "contact": "contact", "poll": "poll"} | dict.fromkeys(MEDIA, "media")


def _tag(body: Any) -> str | None:
    kind = body.get("type", "text") if isinstance(body, dict) else getattr(body, "type", None)
    return _TAGS.get(kind) if isinstance(kind, str) else None


NewMessage = Annotated[
    Annotated[NewText, Tag("text")]
    | Annotated[NewMedia, Tag("media")]
    | Annotated[NewLocation, Tag("location")]
    | Annotated[NewContacts, Tag("contact")]
    | Annotated[NewPoll, Tag("poll")],
    Discriminator(_tag),
]
"""A message to send; without ``type`` it is a text."""


class Reaction(Outgoing):
    """An emoji on a message."""

    sender: str = Field(description="by the number where it is known, else by the hidden id (…@lid)")
    sender_name: str | None = Field(description="null when nobody said it")
    from_me: bool
    emoji: str
    at: datetime


class Vote(Outgoing):
    """What somebody chose in a poll."""

    voter: str = Field(description="as the sender of a reaction")
    voter_name: str | None
    from_me: bool
    options: tuple[str, ...]
    at: datetime


class Message(Outgoing):
    """A message in or out."""

    id: UUID
    account_id: UUID
    direction: Direction
    status: MessageStatus
    chat_id: str
    to: str | None = Field(description="the chat that it went to; null for what came in")
    from_: str | None = Field(alias="from", description="who wrote it; null for what went out")
    sender_name: str | None
    kind: str
    text: str = Field(description="what people read in it; all of it when it is a plain text")
    content: Content | None = Field(description="all that it says; null for a kind that is not known here")
    quoted_id: str | None = Field(description="waMessageId of what this answers")
    failure: str | None
    wa_message_id: str | None
    send_at: datetime | None = Field(description="not before")
    expires_at: datetime | None = Field(description="not after")
    hold: Hold | None = Field(description="what holds a queued message back; null when nothing does, or nobody knows")
    replayed: bool = Field(description="found after an interruption, not live")
    created_at: datetime
    sent_at: datetime | None
    updated_at: datetime
    edited_at: datetime | None
    revoked_at: datetime | None = Field(description="deleted for everyone: then text and content are empty")
    reactions: list[Reaction] = Field(description="one a person")
    votes: list[Vote] = Field(description="of a poll: what each person chose")

    @classmethod
    def of(cls, message: MessageView) -> Message:
        """Show a message."""
        out = message.direction is Direction.OUT
        return cls(
            id=message.id,
            account_id=message.account_id,
            direction=message.direction,
            status=message.status,
            chat_id=message.chat_id,
            to=message.chat_id if out else None,
            from_=None if out else message.author or message.chat_id,
            sender_name=message.sender_name,
            kind=message.kind,
            text=message.text,
            content=message.content,
            quoted_id=message.quoted_id,
            failure=message.failure,
            wa_message_id=message.wa_message_id,
            send_at=message.send_at,
            expires_at=message.expires_at,
            hold=Hold.of(message.hold) if message.hold is not None else None,
            replayed=message.replayed,
            created_at=message.created_at,
            sent_at=message.sent_at,
            updated_at=message.updated_at,
            edited_at=message.edited_at,
            revoked_at=message.revoked_at,
            reactions=[Reaction(**dict(one)) for one in message.reactions],
            votes=[Vote(**dict(one)) for one in message.votes],
        )
