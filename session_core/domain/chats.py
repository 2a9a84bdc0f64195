"""Chats and contacts: what an account's owner sees of them, and what its page tells about them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from session_core.domain.events import MessageView
from session_core.domain.text import fold


class ChatKind(StrEnum):
    """With whom one talks."""

    USER = "user"
    GROUP = "group"

    @classmethod
    def of(cls, chat_id: str) -> ChatKind:
        """Tell by the id: groups have a server of their own."""
        return cls.GROUP if chat_id.endswith("@g.us") else cls.USER


class ChatView(BaseModel):
    """A chat as its owner sees it in the list."""

    model_config = ConfigDict(frozen=True)

    account_id: UUID
    chat_id: str
    kind: ChatKind
    name: str | None = Field(description="the group's subject, the saved name, or the name that the person chose")
    phone: str | None = Field(description="digits with country code, when it is one person's and known")
    unread: int
    archived: bool
    last_at: datetime = Field(description="when something was last written")
    last: MessageView | None = Field(description="the newest stored message")


class ContactView(BaseModel):
    """A person as one account knows them."""

    model_config = ConfigDict(frozen=True)

    account_id: UUID
    wa_id: str
    phone: str | None
    lid: str | None
    name: str | None = Field(description="as saved on the account's phone")
    push_name: str | None = Field(description="as the person calls themselves")


@dataclass(frozen=True, slots=True)
class ChatFacts:
    """What the page knows about a chat; None where it does not say."""

    chat_id: str
    name: str | None = None
    unread: int = 0
    archived: bool = False
    last_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ContactFacts:
    """What is known about a person; None where nobody said."""

    wa_id: str
    phone: str | None = None
    lid: str | None = None
    name: str | None = None
    push_name: str | None = None


def phone_of(wa_id: str) -> str | None:
    """Return the number in a person's id; None for a hidden number (LID) and for groups."""
    user, _, server = wa_id.partition("@")
    return user if server in {"c.us", "s.whatsapp.net"} and user.isdecimal() else None


def one_chat(chat_id: str, other: str | None) -> str:
    """Return the id under which a person's chat is kept: that of the number where it is known, else the hidden one.

    WhatsApp moves chats from numbers to hidden ids (LIDs), at a time of its own for each account.
    """
    hidden = chat_id.endswith("@lid")
    return other if hidden and other is not None and phone_of(other) else chat_id


def searchable(*parts: str | None) -> str:
    """Put together, folded, what a chat or contact is found by."""
    return fold(" ".join(part for part in parts if part))
