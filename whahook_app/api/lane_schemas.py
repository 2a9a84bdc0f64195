"""How an account sends, over REST: its lane, its settings, and people who have opted out."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import Field, ValidationError, model_validator

from session_core.domain import lane
from session_core.domain.consent import MAX_WORDS, OptOutSource, OptOutView
from session_core.domain.pacing import HOUR_SECONDS, SendingSettings, Word
from session_core.services.lane import LaneView
from whahook_app import i18n
from whahook_app.api.alert_schemas import Quiet
from whahook_app.api.fields import Line
from whahook_app.api.schema_base import Incoming, Outgoing


class Hold(Outgoing):
    """What holds a message or a lane back."""

    code: lane.HoldCode
    until: datetime | None = Field(description="about when it goes on; null when only a person can set it going")
    reason: str = Field(description="the same as a sentence, in English")

    @classmethod
    def of(cls, hold: lane.Hold) -> Hold:
        """Show a hold."""
        return cls(code=hold.code, until=hold.until, reason=i18n.text("en", f"hold.{hold.code.value}"))


class Resolution(Incoming):
    """What a person has seen on the phone."""

    outcome: Literal["sent", "not_sent"] = Field(description="not_sent: it is sent again")


class QuietTimes(Outgoing):
    """Hours in which nothing but answers goes out; over midnight when ``until`` is earlier than ``start``."""

    start: str = Field(examples=["22:00"])
    until: str = Field(examples=["08:00"])
    time_zone: str = Field(examples=["Europe/Madrid"])


class SendingRules(Outgoing):
    """How an account sends, as its owner chose."""

    duplicates: bool = Field(description="refuse the same content to the same chat within the window")
    duplicate_window: int | None = Field(description="seconds; null: the server's")
    gap: float = Field(description="seconds between two messages, at least")
    jitter: float = Field(description="up to so many seconds more, by chance")
    daily_cap: int | None = Field(description="messages in any 24 hours; null: no cap")
    quiet_hours: QuietTimes | None
    replies_first: bool = Field(description="answers to somebody who wrote lately go before what waits for others")
    opt_out_words: list[str] = Field(description="who writes one of these, and nothing else, hears no more")
    opt_in_words: list[str] = Field(description="and with one of these hears again")

    @classmethod
    def of(cls, settings: SendingSettings) -> SendingRules:
        """Show settings."""
        hours = settings.quiet_hours
        return cls(
            duplicates=settings.duplicates,
            duplicate_window=settings.duplicate_window,
            gap=settings.gap,
            jitter=settings.jitter,
            daily_cap=settings.daily_cap,
            quiet_hours=QuietTimes(
                start=f"{hours.start:%H:%M}", until=f"{hours.until:%H:%M}", time_zone=hours.time_zone
            )
            if hours is not None
            else None,
            replies_first=settings.replies_first,
            opt_out_words=list(settings.opt_out_words),
            opt_in_words=list(settings.opt_in_words),
        )


class SendingChanges(Incoming):
    """What shall change; what is left out stays, null goes back to the default."""

    duplicates: bool | None = None
    duplicate_window: int | None = Field(default=None, ge=1, le=30 * 24 * HOUR_SECONDS)
    gap: float | None = Field(default=None, ge=0, le=HOUR_SECONDS)
    jitter: float | None = Field(default=None, ge=0, le=HOUR_SECONDS)
    daily_cap: int | None = Field(default=None, ge=1, le=100_000)
    quiet_hours: Quiet | None = None
    replies_first: bool | None = None
    opt_out_words: list[Word] | None = Field(default=None, max_length=MAX_WORDS)
    opt_in_words: list[Word] | None = Field(default=None, max_length=MAX_WORDS)

    @model_validator(mode="after")
    def _sensible(self) -> SendingChanges:
        try:
            self.applied(SendingSettings())
        except ValidationError as error:
            raise ValueError(error.errors()[0]["msg"].removeprefix("Value error, ")) from None
        return self

    def applied(self, before: SendingSettings) -> SendingSettings:
        """Return the settings with the changes.

        Raises:
            ValidationError: together they make no sense.
        """
        changes: dict[str, Any] = {}
        for name in self.model_fields_set:
            value = getattr(self, name)
            changes[name] = SendingSettings.model_fields[name].get_default() if value is None else value
        if isinstance(changes.get("quiet_hours"), Quiet):
            changes["quiet_hours"] = changes["quiet_hours"].wanted()
        return SendingSettings.model_validate({**dict(before), **changes})


class Limits(Outgoing):
    """What may go out in any window."""

    per_account: int
    per_user: int
    window_seconds: float


class Used(Outgoing):
    """What went out lately."""

    per_account: int | None = Field(description="in the last window; null while that cannot be asked")
    per_user: int | None = Field(description="in the last window, of all your accounts")
    last_day: int = Field(description="in the last 24 hours, as dailyCap counts")


class Refused(Outgoing):
    """Messages that were refused."""

    duplicates: int
    opted_out: int


class Lane(Outgoing):
    """What waits to go out from an account, and why."""

    waiting: int = Field(description="messages that could go out by now, or are under way")
    scheduled: int = Field(description="messages whose sendAt has not come")
    unknown: int = Field(description="messages that went out, or did not: resolve them")
    hold: Hold | None = Field(description="what holds the lane back")
    reach_out_until: datetime | None = Field(
        description="until then WhatsApp lets the account begin no conversation; known chats go on"
    )
    duplicates_refused: int
    opted_out_refused: int
    refused_day: Refused = Field(description="in the last 24 hours, to the hour")
    refused_week: Refused = Field(description="in the last seven days")
    limits: Limits
    used: Used

    @classmethod
    def of(cls, view: LaneView) -> Lane:
        """Show a lane."""
        return cls(
            waiting=view.waiting,
            scheduled=view.scheduled,
            unknown=view.unknown,
            hold=Hold.of(view.hold) if view.hold is not None else None,
            reach_out_until=view.reach_out_until,
            duplicates_refused=view.duplicates_refused,
            opted_out_refused=view.opted_out_refused,
            refused_day=Refused(**view.refused_day.model_dump()),
            refused_week=Refused(**view.refused_week.model_dump()),
            limits=Limits(
                per_account=view.limits.per_account,
                per_user=view.limits.per_user,
                window_seconds=view.limits.window.total_seconds(),
            ),
            used=Used(**view.used.model_dump()),
        )


class NewOptOut(Incoming):
    """A person who does not want to hear from you."""

    to: Line = Field(max_length=100, description="number with country code, or a chat id", examples=["+34612345678"])
    account_id: UUID | None = Field(default=None, description="only from this account; null: from all of yours")


class OptOut(Outgoing):
    """A person who does not want to hear from you, or from one of your accounts."""

    id: UUID
    account_id: UUID | None = Field(description="null: it holds for all of your accounts")
    phone: str | None = Field(description="digits with the country code, when known")
    lid: str | None = Field(description="WhatsApp's hidden id of the person, when known")
    name: str | None
    source: OptOutSource
    word: str | None = Field(description="what the person wrote")
    at: datetime

    @classmethod
    def of(cls, view: OptOutView) -> OptOut:
        """Show an opt-out."""
        return cls(**view.model_dump())
