"""What travels about the condition of sessions."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from session_core.domain import health as domain
from session_core.domain import resources, uptime
from session_core.services import health as services
from session_core.services.upkeep import Uptimes
from whahook_app.api.schema_base import Outgoing


class Evidence(Outgoing):
    """What was seen of the page at its last look."""

    at: datetime
    unanswered: int = Field(description="questions in a row to which the page did not answer")
    answer_ms: int | None = Field(description="how long the last answer took")
    mode: str | None = Field(description="of WhatsApp Web's stream; MAIN when all is well", examples=["MAIN"])
    info: str | None = Field(description="of WhatsApp Web's stream; NORMAL when all is well", examples=["NORMAL"])
    socket: str | None = Field(description="of WhatsApp Web's socket; CONNECTED when all is well")
    last_traffic_at: datetime | None = Field(description="when something last came from WhatsApp")
    untold: int = Field(description="messages that were there and not told live")


class Health(Outgoing):
    """Whether a session is alive or only looks like it."""

    level: domain.HealthLevel | Literal["unknown"] = Field(description="unknown: it is not connected now")
    signs: list[domain.Sign] = Field(description="what speaks against its health, the worst first")
    cures: list[domain.Cure] = Field(description="what was done about it lately")
    evidence: Evidence | None

    @classmethod
    def of(cls, health: domain.Health | None) -> Health:
        """Show a finding."""
        if health is None:
            return cls(level="unknown", signs=[], cures=[], evidence=None)
        evidence = Evidence.model_validate(health.vitals, from_attributes=True)
        return cls(level=health.level, signs=list(health.signs), cures=list(health.cures), evidence=evidence)


class Segment(Outgoing):
    """A part of the time; what is neither up nor down in it does not count."""

    start: datetime
    seconds: float
    condition: uptime.Condition = Field(description="down: there was a moment of it; off: nobody wanted it connected")
    up_seconds: float
    down_seconds: float


class Span(Outgoing):
    """When an account was up in a stretch of time that ends now."""

    percent: float | None = Field(
        description="of the time in which it should have been up, rounded down to a tenth; null: there was none",
        examples=[99.8],
    )
    up_seconds: float = Field(description="messages could go in and out")
    down_seconds: float = Field(description="they should have been able to, and were not")
    segments: list[Segment] = Field(description="of equal length, the oldest first")

    @classmethod
    def of(cls, found: uptime.Uptime) -> Span:
        """Show a stretch of time."""
        segments = [
            Segment(
                start=one.start,
                seconds=one.length.total_seconds(),
                condition=one.condition,
                up_seconds=one.up.total_seconds(),
                down_seconds=one.down.total_seconds(),
            )
            for one in found.segments
        ]
        return cls(
            percent=found.percent,
            up_seconds=found.up.total_seconds(),
            down_seconds=found.down.total_seconds(),
            segments=segments,
        )


class AccountUptime(Outgoing):
    """When an account was up."""

    day: Span = Field(description="the last 24 hours")
    week: Span = Field(description="the last seven days")

    @classmethod
    def of(cls, found: Uptimes) -> AccountUptime:
        """Show both."""
        return cls(day=Span.of(found.day), week=Span.of(found.week))


class Sample(Outgoing):
    """What a browser took at one moment, all its processes together."""

    at: datetime
    memory_bytes: int = Field(description="shared pages count for the part that is theirs (PSS)")
    cpu_percent: float = Field(description="of one core, since the sample before")
    processes: int


class Resources(Outgoing):
    """What an account's browser takes of the machine."""

    pressure: resources.Pressure = Field(description="alarm, recycle: it is started anew in a quiet moment")
    alarm_bytes: int
    recycle_bytes: int
    samples: list[Sample] = Field(description="one a minute for an hour, the oldest first")

    @classmethod
    def of(cls, found: resources.Resources) -> Resources:
        """Show a series."""
        samples = [
            Sample(at=one.at, memory_bytes=one.memory, cpu_percent=one.cpu, processes=one.processes)
            for one in found.samples
        ]
        budget = found.budget
        return cls(pressure=found.pressure, alarm_bytes=budget.alarm, recycle_bytes=budget.recycle, samples=samples)


class Capacity(Outgoing):
    """Room for sessions on all hosts together."""

    hosts: int = Field(description="hosts that are alive")
    running: int
    room_for: int = Field(description="sessions that fit beside those that run")
    total: int

    @classmethod
    def of(cls, capacity: services.Capacity) -> Capacity:
        """Show the room."""
        return cls(hosts=capacity.hosts, running=capacity.running, room_for=capacity.room_for, total=capacity.total)
