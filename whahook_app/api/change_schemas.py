"""What travels over REST about messages that change and about chats."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from session_core.domain.changes import ChatState
from session_core.domain.content import MAX_TEXT
from session_core.services.changing import MAX_EMOJI, VersionView
from session_core.services.chat_actions import NumberView
from whahook_app.api.fields import Line
from whahook_app.api.schema_base import Incoming, Outgoing


class Emoji(Incoming):
    """A reaction."""

    emoji: Line = Field(max_length=MAX_EMOJI, description="empty: take the reaction back", examples=["👍"])


class Words(Incoming):
    """Another text."""

    text: str = Field(max_length=MAX_TEXT, repr=False)


class Shown(Incoming):
    """What the other side sees."""

    state: ChatState
    seconds: float = Field(default=20, ge=0, le=60, description="how long at most; then it is over by itself")


class Version(Outgoing):
    """What a message said before."""

    kind: str = Field(description="what ended it: edit or revoke")
    text: str
    until: datetime

    @classmethod
    def of(cls, version: VersionView) -> Version:
        """Show a version."""
        return cls(kind=version.kind, text=version.text, until=version.until)


class Number(Outgoing):
    """What WhatsApp says about a number."""

    phone: str = Field(description="digits with country code")
    chat_id: str
    exists: bool | None = Field(description="null: WhatsApp Web cannot say now")
    lid: str | None = Field(description="its hidden id, where it is known")

    @classmethod
    def of(cls, number: NumberView) -> Number:
        """Show an answer."""
        return cls(phone=number.phone, chat_id=number.chat_id, exists=number.exists, lid=number.lid)
