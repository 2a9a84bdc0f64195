"""Alerts as they travel over REST."""

from __future__ import annotations

from datetime import datetime, time
from typing import Self
from uuid import UUID

from pydantic import Field, ValidationError, model_validator

from session_core.domain.alerts import (
    DEFAULT_LANGUAGE,
    AlertKind,
    AlertPreferences,
    AlertView,
    Language,
    MailNote,
    MailStatus,
    QuietHours,
)
from session_core.domain.status import ReasonCode
from whahook_app import i18n
from whahook_app.api.schema_base import Incoming, Outgoing


class Alert(Outgoing):
    """Something that went wrong, or the news that it is over."""

    id: UUID
    kind: AlertKind
    account_id: UUID | None = Field(description="null when it is about a machine")
    account_name: str | None
    reason_code: ReasonCode
    reason: str = Field(description="the same as a sentence, in English; may be empty")
    detail: str = Field(description="what exactly happened, technically; may be empty")
    raised_at: datetime
    resolved_at: datetime | None = Field(description="null while it is so")
    mail: MailStatus = Field(description="what became of the e-mail; off: this server sent none then")
    mail_note: MailNote = Field(description="why it has not gone out; empty when there is nothing to explain")
    mailed_at: datetime | None

    @classmethod
    def of(cls, alert: AlertView) -> Alert:
        """Show an alert."""
        return cls(**alert.model_dump(), reason=i18n.reason("en", alert.reason_code))


class Quiet(Incoming):
    """A part of the day without e-mails; over midnight when ``until`` is earlier than ``start``."""

    start: time = Field(examples=["22:00"])
    until: time = Field(examples=["07:30"])
    time_zone: str = Field(max_length=64, examples=["Europe/Madrid"])

    @model_validator(mode="after")
    def _sensible(self) -> Self:
        try:
            self.wanted()
        except ValidationError as error:
            raise ValueError(error.errors()[0]["msg"].removeprefix("Value error, ")) from None
        return self

    def wanted(self) -> QuietHours:
        """Return them as services take them; ValueError when they make no sense."""
        return QuietHours(start=self.start, until=self.until, time_zone=self.time_zone)


class Preferences(Incoming):
    """How one wants to be told."""

    language: Language = DEFAULT_LANGUAGE
    kinds: dict[AlertKind, bool] = Field(
        default_factory=dict,
        description="which kinds are mailed; one that is left out is",
        examples=[{"down": True, "back": False}],
    )
    quiet_hours: Quiet | None = None

    def wanted(self) -> AlertPreferences:
        """Return them as services take them."""
        return AlertPreferences(
            language=self.language,
            off=frozenset(kind for kind, on in self.kinds.items() if not on),
            quiet_hours=self.quiet_hours.wanted() if self.quiet_hours is not None else None,
        )


class ShownQuiet(Outgoing):
    """A part of the day without e-mails."""

    start: str = Field(examples=["22:00"])
    until: str = Field(examples=["07:30"])
    time_zone: str


class ShownPreferences(Outgoing):
    """How one is told."""

    language: Language
    kinds: dict[AlertKind, bool] = Field(description="every kind, and whether it is mailed")
    quiet_hours: ShownQuiet | None

    @classmethod
    def of(cls, wanted: AlertPreferences) -> ShownPreferences:
        """Show preferences."""
        quiet = wanted.quiet_hours
        shown = None
        if quiet is not None:
            shown = ShownQuiet(start=f"{quiet.start:%H:%M}", until=f"{quiet.until:%H:%M}", time_zone=quiet.time_zone)
        return cls(
            language=wanted.language,
            kinds={kind: kind not in wanted.off for kind in AlertKind},
            quiet_hours=shown,
        )
