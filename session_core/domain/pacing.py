"""How an account wants to send, beside the limits: pauses between messages, a daily cap, hours of silence."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator

from session_core.domain.alerts import QuietHours
from session_core.domain.consent import MAX_WORD, MAX_WORDS, OPT_IN_WORDS, OPT_OUT_WORDS, normal

HOUR_SECONDS = 3600
DAY = timedelta(days=1)

Word = Annotated[str, StringConstraints(min_length=1, max_length=MAX_WORD, strip_whitespace=True)]


class SendingSettings(BaseModel):
    """What an account's owner can choose. Everything has a default, and unknown names are ignored when read back.

    Attributes:
        duplicates: refuse the same content to the same chat within the window.
        duplicate_window: its length in seconds; None: the server's.
        gap: seconds between two messages, at least.
        jitter: up to so many seconds more, by chance.
        daily_cap: messages in any 24 hours; None: no cap.
        quiet_hours: nothing but answers goes out.
        replies_first: answers to somebody who wrote lately go before what waits for others.
        opt_out_words, opt_in_words: what a person writes to hear no more, and to hear again.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    duplicates: bool = True
    duplicate_window: int | None = Field(default=None, ge=1, le=30 * 24 * HOUR_SECONDS)
    gap: float = Field(default=0, ge=0, le=HOUR_SECONDS)
    jitter: float = Field(default=0, ge=0, le=HOUR_SECONDS)
    daily_cap: int | None = Field(default=None, ge=1, le=100_000)
    quiet_hours: QuietHours | None = None
    replies_first: bool = True
    opt_out_words: tuple[Word, ...] = Field(default=OPT_OUT_WORDS, max_length=MAX_WORDS)
    opt_in_words: tuple[Word, ...] = Field(default=OPT_IN_WORDS, max_length=MAX_WORDS)

    @field_validator("opt_out_words", "opt_in_words")
    @classmethod
    def _say_something(cls, words: tuple[str, ...]) -> tuple[str, ...]:
        if not all(normal(word) for word in words):
            raise ValueError("a word has at least one letter or digit")
        return tuple(dict.fromkeys(words))

    @model_validator(mode="after")
    def _differ(self) -> Self:
        if {normal(word) for word in self.opt_out_words} & {normal(word) for word in self.opt_in_words}:
            raise ValueError("the same word cannot mean both")
        return self

    def window(self, default: timedelta) -> timedelta:
        """Return within which time the same content counts as a duplicate."""
        return default if self.duplicate_window is None else timedelta(seconds=self.duplicate_window)


def free_after_gap(settings: SendingSettings, last_at: datetime, last_id: UUID) -> datetime:
    """Return when the next message may go out after the one that went last.

    The chance comes from that message's id: whoever asks again gets the same answer.
    """
    share = int.from_bytes(hashlib.sha256(last_id.bytes).digest()[:8]) / 2**64
    return last_at + timedelta(seconds=settings.gap + share * settings.jitter)


def free_under_cap(cap: int, newest_first: list[datetime]) -> datetime | None:
    """Return when the cap has room again, None when it has now.

    Args:
        cap: messages in any 24 hours.
        newest_first: when messages went out in the last 24 hours.
    """
    return newest_first[cap - 1] + DAY if len(newest_first) >= cap else None


def quiet_until(hours: QuietHours | None, now: datetime) -> datetime | None:
    """Return when the hours of silence end, None when it is not one of them."""
    return None if hours is None else hours.end_after(now)
