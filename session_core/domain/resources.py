"""What an account's browser takes of the machine, and when it is too much. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field


class Sample(BaseModel):
    """What a browser used at one moment, all its processes together."""

    model_config = ConfigDict(frozen=True)

    at: datetime
    memory: int = Field(description="bytes; shared pages count for the part that is theirs (PSS)")
    cpu: float = Field(description="percent of one core since the sample before")
    processes: int


class Pressure(StrEnum):
    """What the memory of a browser means."""

    NORMAL = "normal"
    ALARM = "alarm"
    RECYCLE = "recycle"


LEAST_AGE = timedelta(minutes=10)
"""A fresh page holds some 75 MB more for a while (measured); and one that is always big must not start for ever."""


class Budget(BaseModel):
    """Bytes from which on a browser is too big: it is started anew, above ``alarm`` without haste.

    Attributes:
        least_age: a browser that is ready for a shorter time is left alone, however big it is.
    """

    model_config = ConfigDict(frozen=True)

    alarm: int
    recycle: int
    least_age: timedelta = LEAST_AGE

    def pressure(self, memory: int) -> Pressure:
        """Say what so many bytes mean."""
        if memory >= self.recycle:
            return Pressure.RECYCLE
        return Pressure.ALARM if memory >= self.alarm else Pressure.NORMAL


class Resources(BaseModel):
    """The last hour of a browser, the oldest sample first."""

    model_config = ConfigDict(frozen=True)

    samples: tuple[Sample, ...]
    budget: Budget

    @property
    def pressure(self) -> Pressure:
        """What the newest sample means."""
        return self.budget.pressure(self.samples[-1].memory) if self.samples else Pressure.NORMAL


QUIET = {Pressure.ALARM: timedelta(minutes=10), Pressure.RECYCLE: timedelta(seconds=20)}
"""How long nothing must have gone in or out."""

DESPERATE = 2
"""So many times the upper limit: it is started anew although messages wait; they go out afterwards."""


class Situation(BaseModel):
    """What is going on in a session.

    Attributes:
        ready_for: since its browser is ready; None: it is not.
        quiet_for: since the last message in or out.
        waiting: messages that wait to go out.
        sending: whether one is going out at this moment.
    """

    model_config = ConfigDict(frozen=True)

    ready_for: timedelta | None
    quiet_for: timedelta
    waiting: int
    sending: bool


def may_recycle(memory: int, budget: Budget, now: Situation) -> bool:
    """Tell whether a browser is too big and this is a moment in which nobody misses it for some seconds."""
    pressure = budget.pressure(memory)
    if pressure is Pressure.NORMAL or now.sending or now.ready_for is None or now.ready_for < budget.least_age:
        return False
    if memory >= DESPERATE * budget.recycle:
        return True
    return not now.waiting and now.quiet_for >= QUIET[pressure]
