"""What people are told about when it goes wrong while they are not looking, and how they want to be told."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from typing import Literal, Self
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from session_core.domain.status import ReasonCode

Language = Literal["es", "en"]

DEFAULT_LANGUAGE: Language = "es"


class AlertKind(StrEnum):
    """What an alert is about. All but `BACK` are problems, which stay open until they are solved."""

    NEEDS_PERSON = "needs_person"
    DOWN = "down"
    HOST_LOST = "host_lost"
    BACKUP_FAILING = "backup_failing"
    WEBHOOK_OFF = "webhook_off"
    REACH_OUT = "reach_out"
    BACK = "back"


class MailStatus(StrEnum):
    """What became of an alert's e-mail."""

    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    SKIPPED = "skipped"
    FAILED = "failed"
    OFF = "off"


class MailNote(StrEnum):
    """Why an e-mail has not gone out, as far as its receiver need know; the log says what the mail server said."""

    NONE = ""
    KIND_OFF = "kind_off"
    SOLVED_BEFORE = "solved_before"
    NOTHING_TOLD = "nothing_told"
    COVERED = "covered"
    OUT_OF_DATE = "out_of_date"
    QUIET = "quiet"
    SERVER_AWAY = "server_away"
    REFUSED = "refused"
    GIVEN_UP = "given_up"


class AlertView(BaseModel):
    """An alert as its owner sees it."""

    model_config = ConfigDict(frozen=True)

    id: UUID
    kind: AlertKind
    account_id: UUID | None = Field(description="None: it is about a machine, not about one account")
    account_name: str | None
    reason_code: ReasonCode
    detail: str = Field(
        description="technical, plain English, no secrets; may be empty. Of webhook_off: the webhook's name; "
        "of reach_out: until when, ISO 8601"
    )
    raised_at: datetime
    resolved_at: datetime | None = Field(description="None while the problem is there")
    mail: MailStatus
    mail_note: MailNote = Field(description="why it has not gone out; empty when there is nothing to explain")
    mailed_at: datetime | None


class QuietHours(BaseModel):
    """A part of the day without e-mails, over midnight when ``until`` is earlier than ``start``."""

    model_config = ConfigDict(frozen=True)

    start: time = Field(description="minutes count, seconds do not")
    until: time
    time_zone: str = Field(max_length=64, description="IANA name, e.g. Europe/Madrid")

    @field_validator("start", "until")
    @classmethod
    def _minutes_only(cls, value: time) -> time:
        if value.tzinfo is not None:
            raise ValueError("is a time of day without a zone")
        return value.replace(second=0, microsecond=0)

    @field_validator("time_zone")
    @classmethod
    def _known(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ValueError, OSError, LookupError):
            raise ValueError("is no time zone") from None
        return value

    @model_validator(mode="after")
    def _not_empty(self) -> Self:
        if self.start == self.until:
            raise ValueError("start and until are the same")
        return self

    def end_after(self, now: datetime) -> datetime | None:
        """Return when the hours end that it is in now, in UTC; None when it is in none. ``now`` is aware."""
        local = now.astimezone(ZoneInfo(self.time_zone))
        over_midnight = self.until < self.start
        clock = local.time()
        inside = clock >= self.start or clock < self.until if over_midnight else self.start <= clock < self.until
        if not inside:
            return None
        day = local.date() + timedelta(days=1 if over_midnight and clock >= self.start else 0)
        end = datetime.combine(day, self.until, tzinfo=local.tzinfo).astimezone(UTC)
        # When the clocks are put back, the end as it is written can lie in the hour that is already over.
        return max(end, now + timedelta(minutes=1))


class AlertPreferences(BaseModel):
    """How a person wants to be told. The page shows every alert whatever is chosen here.

    Attributes:
        language: of the e-mails.
        off: kinds that are not mailed.
        quiet_hours: e-mails wait for their end; what is solved by then is not mailed at all.
    """

    model_config = ConfigDict(frozen=True)

    language: Language = DEFAULT_LANGUAGE
    off: frozenset[AlertKind] = frozenset()
    quiet_hours: QuietHours | None = None
