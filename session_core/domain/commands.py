"""What can be asked of the host that holds an account. Sent over the bus, answered once."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from session_core.domain.changes import ChatState
from session_core.domain.content import Content


class _Command(BaseModel):
    model_config = ConfigDict(frozen=True)

    account_id: UUID


class Doubt(BaseModel):
    """When a try whose end nobody knows may have sent a message."""

    model_config = ConfigDict(frozen=True)

    earliest: datetime
    latest: datetime = Field(description="when the try began")


class SendMessage(_Command):
    """Send one message now. The host refuses it when ``token`` no longer owns the message's row."""

    kind: Literal["send_message"] = "send_message"
    message_id: UUID
    token: str
    chat_id: str
    content: Content = Field(repr=False)
    wa_key: str
    look_first: bool = Field(default=False, description="an earlier try may have sent it: look for wa_key in the chat")
    quoted_id: str | None = None
    doubt: Doubt | None = Field(default=None, description="nobody knows how an earlier try ended")


class PairingCode(_Command):
    """Ask WhatsApp for a code to type on the phone instead of a QR."""

    kind: Literal["pairing_code"] = "pairing_code"
    phone: str


class MarkRead(_Command):
    """Tell WhatsApp that a chat was read."""

    kind: Literal["mark_read"] = "mark_read"
    chat_id: str


class ShowState(_Command):
    """Let the other side see the account typing or recording, at most for so many seconds."""

    kind: Literal["show_state"] = "show_state"
    chat_id: str
    state: ChatState
    seconds: float


class WatchPresence(_Command):
    """Ask WhatsApp to tell what the other side of a chat does."""

    kind: Literal["watch_presence"] = "watch_presence"
    chat_id: str


class CheckNumber(_Command):
    """Ask WhatsApp whether a number has an account."""

    kind: Literal["check_number"] = "check_number"
    chat_id: str


class ForceStop(_Command):
    """End the account's browser at once, whatever it is doing. The owner does not want it connected any more."""

    kind: Literal["force_stop"] = "force_stop"


AnyCommand = SendMessage | PairingCode | ForceStop | MarkRead | ShowState | WatchPresence | CheckNumber
Command = Annotated[AnyCommand, Field(discriminator="kind")]
COMMANDS: TypeAdapter[AnyCommand] = TypeAdapter(Command)


REACH_OUT = "reach_out"
"""``failure`` of what would begin a conversation while WhatsApp lets the account begin none."""


NOT_THE_OWNER = "not_the_owner"
"""``failure`` of what may not be sent by this command any more: another try has it, or its time is over."""


class SendOutcome(BaseModel):
    """The answer to `SendMessage`.

    ``sent``: WhatsApp Web took it (``wa_message_id`` set, unless it only changed another message). ``failed``: it will
    never go out (``failure`` says why).
    ``not_sent``: it did not go out now, proved; may be tried again. ``unknown``: nobody can find out any more whether
    an earlier try sent it. Silence or an error of the bus: nobody knows now.
    """

    model_config = ConfigDict(frozen=True)

    result: Literal["sent", "failed", "not_sent", "unknown"]
    wa_message_id: str | None = None
    failure: str | None = None
    sent_at: datetime | None = None


class Done(BaseModel):
    """The answer to what has nothing else to say."""

    model_config = ConfigDict(frozen=True)

    done: bool = True


class NumberChecked(BaseModel):
    """The answer to `CheckNumber`. ``exists``: None when the page that is loaded cannot say."""

    model_config = ConfigDict(frozen=True)

    exists: bool | None
    lid: str | None = None


class PairingCodeShown(BaseModel):
    """The answer to `PairingCode`: eight letters and digits, e.g. ``"ABCD1234"``."""

    model_config = ConfigDict(frozen=True)

    code: str = Field(repr=False)


class ForceStopped(BaseModel):
    """The answer to `ForceStop`: how many processes had to be killed; 0 when there was no browser any more."""

    model_config = ConfigDict(frozen=True)

    killed: int
