"""Chats and contacts as the page tells them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from playwright.async_api import Page
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from session_core.domain.chats import ChatFacts, ContactFacts, one_chat, phone_of
from session_core.domain.ids import is_chat_id
from session_core.errors import TransientError
from session_core.whatsapp.calls import call
from session_core.whatsapp.driver import DirectoryPart, DirectoryPiece

_TIMEOUT = timedelta(seconds=15)


class PageChat(BaseModel):
    """A chat as ``directory.js`` serializes it; ``t`` in seconds since 1970, 0 when nothing was written yet."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str
    other: str | None = None
    name: str | None = None
    unread: float = 0
    archived: bool = False
    t: float = 0


class PageContact(BaseModel):
    """A contact as ``directory.js`` serializes it; ``other`` is the same person's other id."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str
    other: str | None = None
    name: str | None = None
    push_name: str | None = Field(default=None, alias="pushName")


async def read_piece(page: Page, part: DirectoryPart, after: str, limit: int) -> DirectoryPiece:
    """Ask the page for a piece; see `session_core.whatsapp.driver.Driver.directory`.

    Raises:
        TransientError: the page did not answer, or something else than agreed (``page_failed``).
    """
    answer = await call(page, "directory", _TIMEOUT, part=part, after=after, limit=limit)
    try:
        return piece(part, answer)
    except (ValidationError, TypeError, AttributeError, KeyError, ValueError, OverflowError):
        raise TransientError("The page's chats were not understood.", code="page_failed") from None


def piece(part: DirectoryPart, answer: Any) -> DirectoryPiece:
    """Turn an answer of ``directory.js`` into a piece."""
    items = _items(answer)
    end = str(items[-1]["id"]) if answer.get("more") and items else None
    if part == "chats":
        return DirectoryPiece(chats=_chats(items), end=end)
    return DirectoryPiece(contacts=_contacts(items), end=end)


def _chats(items: Sequence[dict[str, Any]]) -> list[ChatFacts]:
    """Leave out broadcasts, channels and what else is no conversation."""
    found = [PageChat.model_validate(item) for item in items]
    return [
        ChatFacts(
            chat_id=one_chat(chat.id, chat.other),
            name=chat.name,
            # WhatsApp writes -1 for a chat that its owner marked as unread.
            unread=abs(round(chat.unread)),
            archived=chat.archived,
            last_at=_moment(chat.t),
        )
        for chat in found
        if is_chat_id(chat.id)
    ]


def _contacts(items: Sequence[dict[str, Any]]) -> list[ContactFacts]:
    """Keep the people who have a name or two ids; of the others the id says all."""
    found = [PageContact.model_validate(item) for item in items]
    return [
        ContactFacts(
            wa_id=one.id,
            phone=phone_of(one.other) if one.other else None,
            lid=one.other if one.other and one.other.endswith("@lid") else None,
            name=one.name,
            push_name=one.push_name,
        )
        for one in found
        if is_chat_id(one.id) and not one.id.endswith("@g.us") and (one.name or one.push_name or one.other)
    ]


def _items(answer: Any) -> Sequence[dict[str, Any]]:
    items = answer["items"]
    if not isinstance(items, list):
        raise TypeError
    return items


def _moment(seconds: float) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC) if 0 < seconds < 2**32 else None
