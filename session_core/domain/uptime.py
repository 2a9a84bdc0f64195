"""When an account was up, out of the lines of its history. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from session_core.domain.status import ReasonCode, SessionStatus

S = SessionStatus


class Condition(StrEnum):
    """How an account is, as seen by whoever needs it: `OFF` is neither good nor bad, its owner wants it so."""

    UP = "up"
    DOWN = "down"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class StatusLine:
    """A change of an account's state."""

    at: datetime
    status: SessionStatus
    reason_code: ReasonCode = ReasonCode.NONE


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of the time, and how much of it the account was up and down; the rest of ``length`` it was off."""

    start: datetime
    length: timedelta
    up: timedelta
    down: timedelta

    @property
    def condition(self) -> Condition:
        """Down as soon as there was a moment of it: short breaks are what one looks for."""
        if self.down:
            return Condition.DOWN
        return Condition.UP if self.up else Condition.OFF

    @property
    def mostly_up(self) -> bool:
        """Whether the account was up for more than half of the time that counts."""
        return self.up > self.down


@dataclass(frozen=True, slots=True)
class Uptime:
    """A stretch of time in equal segments, the oldest first."""

    segments: tuple[Segment, ...]

    @property
    def up(self) -> timedelta:
        """Time in which messages could go in and out."""
        return sum((segment.up for segment in self.segments), timedelta(0))

    @property
    def down(self) -> timedelta:
        """Time in which they should have been able to and were not."""
        return sum((segment.down for segment in self.segments), timedelta(0))

    @property
    def percent(self) -> float | None:
        """Share of the time that counts, rounded down: 100 is said only of no break at all. None: no time."""
        counted = self.up + self.down
        return int(self.up / counted * 1000) / 10 if counted else None


def condition_after(before: Condition, line: StatusLine) -> Condition:
    """Say how an account is after a change.

    An account that is on its way for the first time, or after its owner stopped it, is not down: it counts from the
    moment in which it is ready, or breaks.
    """
    match line.status:
        case S.READY:
            return Condition.UP
        case S.STOPPED:
            return Condition.OFF
        case S.STOPPING if line.reason_code is ReasonCode.REQUESTED:
            return Condition.OFF
        case S.ACTION_REQUIRED if line.reason_code is ReasonCode.QR_EXPIRED and before is Condition.OFF:
            return Condition.OFF
        case S.RECONNECTING | S.ACTION_REQUIRED | S.ERROR:
            return Condition.DOWN
        case _:
            return Condition.OFF if before is Condition.OFF else Condition.DOWN


def uptime(lines: Iterable[StatusLine], now: datetime, *, over: timedelta, segments: int) -> Uptime:
    """Cut the time up to ``now`` into segments.

    Args:
        lines: the oldest first; what lies before the stretch says how it begins.
        now: its end.
        over: its length.
        segments: how many.
    """
    spells = _spells(lines, now)
    length = over / segments
    start = now - over
    return Uptime(tuple(_segment(spells, start + length * number, length) for number in range(segments)))


Spell = tuple[datetime, datetime, Condition]


def _spells(lines: Iterable[StatusLine], now: datetime) -> list[Spell]:
    """Return from when to when the account was how; what does not count is left out."""
    spells: list[Spell] = []
    condition, since = Condition.OFF, datetime.min.replace(tzinfo=now.tzinfo)
    for line in lines:
        # Clocks are set back now and then, and hosts have clocks of their own.
        at = max(since, min(line.at, now))
        spells.append((since, at, condition))
        condition, since = condition_after(condition, line), at
    spells.append((since, now, condition))
    return [spell for spell in spells if spell[2] is not Condition.OFF and spell[0] < spell[1]]


def _segment(spells: list[Spell], start: datetime, length: timedelta) -> Segment:
    spent = {Condition.UP: timedelta(0), Condition.DOWN: timedelta(0)}
    for since, until, condition in spells:
        spent[condition] += max(timedelta(0), min(until, start + length) - max(since, start))
    return Segment(start=start, length=length, up=spent[Condition.UP], down=spent[Condition.DOWN])
