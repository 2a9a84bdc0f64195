"""What happens to messages after they were written, and in chats around them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field


class ReactionView(BaseModel):
    """An emoji on a message. ``from_me``: it is the account's own. ``sender``: by the number where it is known."""

    model_config = ConfigDict(frozen=True)

    sender: str
    sender_name: str | None = None
    from_me: bool = False
    emoji: str
    at: datetime


class VoteView(BaseModel):
    """What somebody chose in a poll."""

    model_config = ConfigDict(frozen=True)

    voter: str
    voter_name: str | None = None
    from_me: bool = False
    options: tuple[str, ...] = Field(repr=False)
    at: datetime


class ChatState(StrEnum):
    """What the account is seen doing in a chat."""

    TYPING = "typing"
    RECORDING = "recording"
    PAUSED = "paused"


class PresenceState(StrEnum):
    """What somebody else is seen doing."""

    TYPING = "typing"
    RECORDING = "recording"
    ONLINE = "online"
    OFFLINE = "offline"
