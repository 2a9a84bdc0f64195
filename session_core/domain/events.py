"""What is told to everybody who listens: pages, Socket.IO clients, later webhooks. Plain data, JSON both ways."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from session_core.domain.backup import BackupView
from session_core.domain.changes import PresenceState, ReactionView, VoteView
from session_core.domain.content import Content
from session_core.domain.ids import session_id
from session_core.domain.lane import Hold
from session_core.domain.media import MediaView
from session_core.domain.message import Direction, MessageStatus
from session_core.domain.status import AccountKind, PublicStatus, ReasonCode, SessionStatus


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True)


class Qr(_Data):
    """A code to scan. A credential: it lives in memory and in Valkey with an expiry, never in the database or a log."""

    code: str = Field(repr=False)
    png: str = Field(repr=False, description="data URI of a 1-bit PNG, drawn once in the host")
    shown_at: datetime
    expires_at: datetime
    number: int = Field(description="1 for the first code of this attempt")
    of: int = Field(default=6, description="how many codes WhatsApp shows before it gives up")


class SessionSnapshot(_Data):
    """An account with all that is known about its session at one moment.

    ``seq`` grows by one with every change of the session; whoever holds a higher one ignores a lower one.
    """

    seq: int
    account_id: UUID
    user_id: UUID
    name: str
    kind: AccountKind
    status: SessionStatus
    reason_code: ReasonCode = ReasonCode.NONE
    reason: str = Field(default="", description="technical detail for the history, plain English, no secrets")
    phone_number: str | None = Field(default=None, description="digits with country code, no plus")
    push_name: str | None = Field(default=None, description="the name that the phone's owner chose")
    status_since: datetime
    last_activity: datetime | None = None
    created_at: datetime
    attempt: int = Field(default=0, description="how many starts in a row did not get to ready")
    host_id: str | None = None
    wanted_host_id: str | None = Field(
        default=None, description="the host that it is being moved to, until it is there"
    )
    next_retry_at: datetime | None = None
    qr: Qr | None = None

    @property
    def session_id(self) -> str:
        """The seed's session id."""
        return session_id(self.user_id, self.account_id)

    @property
    def public_status(self) -> PublicStatus:
        """The seed's status word."""
        return self.status.public


class MessageView(_Data):
    """A message as its owner sees it."""

    id: UUID
    account_id: UUID
    direction: Direction
    chat_id: str = Field(description="WhatsApp's chat id: …@c.us, …@lid or …@g.us")
    author: str | None = Field(default=None, description="who wrote it, in a group or when not the chat itself")
    sender_name: str | None = None
    kind: str = "text"
    text: str = Field(repr=False, description="what people read in it; the rest is in content")
    content: Content | None = Field(
        default=None, repr=False, description="all that it says; None for a kind that we do not know"
    )
    status: MessageStatus
    failure: str | None = Field(default=None, description="why it failed, a code or a sentence")
    wa_message_id: str | None = None
    quoted_id: str | None = Field(default=None, description="WhatsApp id of the message that this one answers")
    replayed: bool = Field(default=False, description="found by a sweep after an interruption, not live")
    send_at: datetime | None = Field(default=None, description="not before")
    expires_at: datetime | None = Field(default=None, description="not after")
    hold: Hold | None = Field(default=None, description="what holds it back now, when something does")
    created_at: datetime
    sent_at: datetime | None = None
    updated_at: datetime
    edited_at: datetime | None = None
    revoked_at: datetime | None = Field(default=None, description="deleted for everyone; then it says nothing any more")
    reactions: tuple[ReactionView, ...] = ()
    votes: tuple[VoteView, ...] = Field(default=(), description="of a poll")


class ActivityEntry(_Data):
    """One line of an account's history."""

    id: int
    account_id: UUID
    at: datetime
    kind: str = Field(description="e.g. status, message_in, message_out, requested")
    status: SessionStatus | None = None
    reason_code: ReasonCode = ReasonCode.NONE
    detail: str = ""


class SessionChanged(_Data):
    """The session of an account changed, a QR included."""

    type: Literal["session"] = "session"
    user_id: UUID
    session: SessionSnapshot


class MessageChanged(_Data):
    """A message was stored or went a step further."""

    type: Literal["message"] = "message"
    user_id: UUID
    message: MessageView


class ActivityAdded(_Data):
    """A line was added to an account's history."""

    type: Literal["activity"] = "activity"
    user_id: UUID
    entry: ActivityEntry


class BackupChanged(_Data):
    """A backup was made, verified or lost."""

    type: Literal["backup"] = "backup"
    user_id: UUID
    backup: BackupView


class ChatsChanged(_Data):
    """Names, unread counts or chats of an account changed: the list has to be read again."""

    type: Literal["chats"] = "chats"
    user_id: UUID
    account_id: UUID


class MediaChanged(_Data):
    """The file of a message was fetched, or could not be."""

    type: Literal["media"] = "media"
    user_id: UUID
    media: MediaView


class PresenceChanged(_Data):
    """Somebody is there, gone, typing or recording."""

    type: Literal["presence"] = "presence"
    user_id: UUID
    account_id: UUID
    chat_id: str
    participant: str | None = Field(default=None, description="who, in a group")
    state: PresenceState
    at: datetime


class CallReceived(_Data):
    """Somebody calls an account."""

    type: Literal["call"] = "call"
    user_id: UUID
    account_id: UUID
    call_id: str
    caller: str
    video: bool
    group: bool
    at: datetime


class AccountDeleted(_Data):
    """An account and its profile are gone."""

    type: Literal["deleted"] = "deleted"
    user_id: UUID
    account_id: UUID


AnyEvent = (
    SessionChanged
    | MessageChanged
    | ActivityAdded
    | BackupChanged
    | ChatsChanged
    | MediaChanged
    | PresenceChanged
    | CallReceived
    | AccountDeleted
)
Event = Annotated[AnyEvent, Field(discriminator="type")]

EVENTS: TypeAdapter[AnyEvent] = TypeAdapter(Event)
"""Reads any event back from JSON."""
