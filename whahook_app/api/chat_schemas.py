"""Chats and contacts over REST, and pages that end with a cursor."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Generic, TypeVar
from uuid import UUID

from fastapi import Query
from pydantic import Field

from session_core.domain.chats import ChatKind, ChatView, ContactView
from session_core.services import chats
from whahook_app.api.fields import Line
from whahook_app.api.message_schemas import Message
from whahook_app.api.schema_base import Outgoing

T = TypeVar("T")

Limit = Annotated[int, Query(ge=1, le=chats.MAX_PAGE)]
Cursor = Annotated[Line | None, Query(max_length=400, description="nextCursor of the page before")]
Words = Annotated[
    Line, Query(max_length=chats.MAX_QUERY, description="words that are looked for; case and accents do not count")
]


class Page(Outgoing, Generic[T]):
    """A part of a list."""

    items: list[T]
    next_cursor: str | None = Field(description="give it as cursor for the next page; null: this is the last one")


class Chat(Outgoing):
    """A conversation of an account."""

    id: str = Field(description="WhatsApp's chat id", examples=["34612345678@c.us"])
    account_id: UUID
    kind: ChatKind
    name: str | None = Field(description="the group's subject, the saved name, or the one that the person chose")
    phone: str | None = Field(description="digits with the country code, when it is one person's and known")
    unread: int
    archived: bool
    last_at: datetime = Field(description="when something was last written")
    last_message: Message | None = Field(description="the newest one that is stored")

    @classmethod
    def of(cls, chat: ChatView) -> Chat:
        """Show a chat."""
        return cls(
            id=chat.chat_id,
            account_id=chat.account_id,
            kind=chat.kind,
            name=chat.name,
            phone=chat.phone,
            unread=chat.unread,
            archived=chat.archived,
            last_at=chat.last_at,
            last_message=Message.of(chat.last) if chat.last else None,
        )


class Contact(Outgoing):
    """A person as an account knows them."""

    id: str = Field(description="WhatsApp's id of the person", examples=["34612345678@c.us"])
    account_id: UUID
    phone: str | None = Field(description="digits with the country code", examples=["34612345678"])
    lid: str | None = Field(description="the hidden id, when it is known", examples=["123456789012345@lid"])
    name: str | None = Field(description="as saved on the account's phone")
    push_name: str | None = Field(description="as the person calls themselves")

    @classmethod
    def of(cls, contact: ContactView) -> Contact:
        """Show a contact."""
        return cls(
            id=contact.wa_id,
            account_id=contact.account_id,
            phone=contact.phone,
            lid=contact.lid,
            name=contact.name,
            push_name=contact.push_name,
        )
