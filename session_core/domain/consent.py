"""Who does not want to hear from us: the words that say so, and a person by all names that are known."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from session_core.domain.text import fold

OPT_OUT_WORDS = ("BAJA", "STOP", "CANCELAR", "UNSUBSCRIBE")
OPT_IN_WORDS = ("ALTA", "START")
"""What counts when an account's owner has chosen no words."""

MAX_WORDS = 20
MAX_WORD = 64


class OptOutSource(StrEnum):
    """How we know."""

    KEYWORD = "keyword"
    HAND = "hand"


class OptOutView(BaseModel):
    """An opt-out as the user sees it."""

    model_config = ConfigDict(frozen=True)

    id: UUID
    account_id: UUID | None = Field(description="None: it holds for all accounts of the user")
    phone: str | None
    lid: str | None
    name: str | None
    source: OptOutSource
    word: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Person:
    """A person by every id that is known; at least one is set."""

    phone: str | None = None
    lid: str | None = None

    @classmethod
    def of(cls, chat_id: str) -> Self | None:
        """Return whom a chat is with; None for a group, which nobody can leave for all."""
        user, _, server = chat_id.partition("@")
        if server in {"c.us", "s.whatsapp.net"} and user:
            return cls(phone=user)
        return cls(lid=chat_id) if server == "lid" else None

    @property
    def chat_ids(self) -> list[str]:
        """The ids under which there can be a chat with the person."""
        ids = [f"{self.phone}@c.us" if self.phone else None, self.lid]
        return [one for one in ids if one]

    @property
    def name(self) -> str:
        """The id by which the person is kept."""
        return self.chat_ids[0]


def normal(word: str) -> str:
    """Return a word as it is compared: case, accents, spacing and an end mark do not count."""
    return " ".join(fold(word).split()).strip(".!¡¿? ")


def says(text: str, words: Iterable[str]) -> str | None:
    """Return which of the words the text is, as a whole; None when it says anything more."""
    if len(text) > 2 * MAX_WORD:
        return None
    said = normal(text)
    return next((word for word in words if said and normal(word) == said), None)
