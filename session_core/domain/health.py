"""Is a session alive, or does it only look like it? Evidence in, a finding out; nothing here does I/O."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field


class HealthLevel(StrEnum):
    """How a session is."""

    HEALTHY = "healthy"
    DEGRADED = "degraded"
    DEAF = "deaf"


class Sign(StrEnum):
    """What speaks against a session's health."""

    NO_ANSWER = "no_answer"
    SLOW_ANSWER = "slow_answer"
    STALE = "stale"
    OFFLINE = "offline"
    SOCKET_DOWN = "socket_down"
    UNTOLD_MESSAGES = "untold_messages"
    NO_TRAFFIC = "no_traffic"


class Cure(StrEnum):
    """What is done about a deaf session, from the gentlest on."""

    SWEEP = "sweep"
    RELOAD = "reload"
    REPLACE = "replace"


class Vitals(BaseModel):
    """What was seen of a page at one moment."""

    model_config = ConfigDict(frozen=True)

    at: datetime
    unanswered: int = Field(default=0, description="questions in a row to which the page did not answer")
    answer_ms: int | None = Field(default=None, description="how long the last answer took")
    mode: str | None = Field(default=None, description="of WhatsApp Web's stream, MAIN when all is well")
    info: str | None = Field(default=None, description="of WhatsApp Web's stream, NORMAL when all is well")
    socket: str | None = Field(default=None, description="state of WhatsApp Web's socket, CONNECTED when all is well")
    down_since: datetime | None = Field(default=None, description="since when the socket is not connected")
    last_traffic_at: datetime | None = Field(default=None, description="when something last came from WhatsApp")
    untold: int = Field(default=0, description="messages of the page's store that it should have told and did not")
    asked_in_vain: int = Field(default=0, description="questions in a row that WhatsApp itself did not answer")


class Limits(BaseModel):
    """Where one finding becomes another; tests shorten them."""

    model_config = ConfigDict(frozen=True)

    deaf_after_unanswered: int = 3
    slow_answer: timedelta = timedelta(seconds=3)
    stale: timedelta = timedelta(minutes=1)
    socket_degraded: timedelta = timedelta(seconds=20)
    socket_deaf: timedelta = timedelta(seconds=90)
    deaf_after_in_vain: int = 2


LIMITS = Limits()


class Health(BaseModel):
    """A finding with its evidence.

    Attributes:
        signs: what speaks against its health, the worst first; empty when it is healthy.
        cures: what was done about it lately, oldest first.
    """

    model_config = ConfigDict(frozen=True)

    level: HealthLevel
    signs: tuple[Sign, ...] = ()
    vitals: Vitals
    cures: tuple[Cure, ...] = ()


def assess(vitals: Vitals, now: datetime, limits: Limits = LIMITS) -> tuple[HealthLevel, tuple[Sign, ...]]:
    """Judge a page that is logged in.

    Being offline is no deafness: the page says so itself, and it is shown as what it is.

    Args:
        vitals: what was seen last.
        now: to tell how old it is.
        limits: where the findings change.
    """
    deaf = _deaf(vitals, now, limits)
    degraded = [sign for sign in _degraded(vitals, now, limits) if sign not in deaf]
    level = HealthLevel.DEAF if deaf else HealthLevel.DEGRADED if degraded else HealthLevel.HEALTHY
    return level, (*deaf, *degraded)


def _deaf(vitals: Vitals, now: datetime, limits: Limits) -> list[Sign]:
    found = []
    if vitals.unanswered >= limits.deaf_after_unanswered:
        found.append(Sign.NO_ANSWER)
    if vitals.untold:
        found.append(Sign.UNTOLD_MESSAGES)
    if vitals.asked_in_vain >= limits.deaf_after_in_vain:
        found.append(Sign.NO_TRAFFIC)
    if not _offline(vitals) and _down_for(vitals, now) >= limits.socket_deaf:
        found.append(Sign.SOCKET_DOWN)
    return found


def _degraded(vitals: Vitals, now: datetime, limits: Limits) -> list[Sign]:
    found = []
    if vitals.unanswered:
        found.append(Sign.NO_ANSWER)
    if _offline(vitals):
        found.append(Sign.OFFLINE)
    elif _down_for(vitals, now) >= limits.socket_degraded:
        found.append(Sign.SOCKET_DOWN)
    if vitals.asked_in_vain:
        found.append(Sign.NO_TRAFFIC)
    if vitals.answer_ms is not None and vitals.answer_ms > limits.slow_answer.total_seconds() * 1000:
        found.append(Sign.SLOW_ANSWER)
    if now - vitals.at > limits.stale:
        found.append(Sign.STALE)
    return found


def _offline(vitals: Vitals) -> bool:
    return vitals.mode is not None and not (vitals.mode == "MAIN" and vitals.info == "NORMAL")


def _down_for(vitals: Vitals, now: datetime) -> timedelta:
    return timedelta(0) if vitals.down_since is None else now - vitals.down_since


PAUSES = {
    Cure.SWEEP: timedelta(seconds=10),
    Cure.RELOAD: timedelta(seconds=60),
    Cure.REPLACE: timedelta(seconds=60),
}
"""How long each cure may take to show, before the next one follows."""

FORGET_AFTER = timedelta(minutes=5)
"""A page that was healthy for so long begins with the gentlest cure again."""


class Ladder:
    """Which cure is next. One step at a time, with growing pauses; what needs an answering page is left out without."""

    def __init__(self, pauses: dict[Cure, timedelta] | None = None) -> None:
        self._pauses = pauses or PAUSES
        self._taken: list[Cure] = []
        self._not_before: datetime | None = None
        self._well_since: datetime | None = None

    @property
    def taken(self) -> tuple[Cure, ...]:
        """The cures that were tried since the page was last well for a while."""
        return tuple(self._taken)

    def step(self, level: HealthLevel, now: datetime, *, answers: bool) -> Cure | None:
        """Return what to do now, or None: nothing is wrong, or the last cure still has time.

        Args:
            level: the finding now.
            now: the time.
            answers: whether the page answers at all; otherwise only another browser helps.
        """
        if level is not HealthLevel.DEAF:
            self._recover(level, now)
            return None
        self._well_since = None
        if answers and self._not_before is not None and now < self._not_before:
            return None
        cure = self._next() if answers else Cure.REPLACE
        self._taken.append(cure)
        self._not_before = now + self._pauses[cure]
        return cure

    def _next(self) -> Cure:
        return next((cure for cure in Cure if cure not in self._taken), Cure.REPLACE)

    def _recover(self, level: HealthLevel, now: datetime) -> None:
        if level is not HealthLevel.HEALTHY:
            return
        self._well_since = self._well_since or now
        if now - self._well_since >= FORGET_AFTER:
            self._taken.clear()
            self._not_before = None
