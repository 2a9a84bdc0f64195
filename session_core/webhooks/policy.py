"""Decisions without I/O: what follows from a try."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from session_core.domain.webhooks import DeliveryStatus, OffReason, Problem

BACKOFF_BASE = timedelta(seconds=5)
BACKOFF_CAP = timedelta(hours=1)

LONGEST_RETRY_AFTER = timedelta(hours=1)
"""So long an endpoint may ask us to wait."""

KEY_PAUSE = timedelta(minutes=1)
"""Without the key nothing can be signed: that is ours to mend, and no failure of the endpoint."""

BACK_AFTER = timedelta(minutes=1)
"""An endpoint that works again after so long gets all its lanes at once. One that only dislikes single events works in
between, and its lanes keep their pauses."""

GONE = 410


@dataclass(frozen=True, slots=True)
class Facts:
    """A try that failed, and what was before it.

    Attributes:
        test: it was only a test.
        status_code: None when there was no answer.
        tries: how many in a row failed in this lane, this one included.
        queued_at: since when the delivery waits.
        lane_failing_since: since when nothing has worked in its lane.
        endpoint_failing_since: the same for all lanes of the endpoint.
        retry_after: what the endpoint asked for.
    """

    test: bool
    problem: Problem
    status_code: int | None
    tries: int
    queued_at: datetime
    lane_failing_since: datetime
    endpoint_failing_since: datetime
    retry_after: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What follows.

    Attributes:
        status: of the delivery.
        next_try_at: of the lane; None: the next delivery has its turn at once.
        off: why the endpoint is switched off.
    """

    status: DeliveryStatus
    next_try_at: datetime | None = None
    off: OffReason = OffReason.NONE


def after_failure(
    facts: Facts, *, now: datetime, retry_for: timedelta, off_after: timedelta, random: Callable[[], float]
) -> Verdict:
    """Decide after a try that failed.

    A delivery is dead when it has waited for ``retry_for`` and nothing has worked in its lane for as long. So what
    stood behind a dead one, and has waited as long itself, gets one try and not another day.

    Args:
        facts: the try.
        now: the time.
        retry_for: how long a delivery is tried.
        off_after: an endpoint with nothing but failures for so long is switched off.
        random: gives a number from 0 to 1.
    """
    if facts.test:
        return Verdict(DeliveryStatus.DEAD)
    if facts.problem is Problem.KEY_MISSING:
        return Verdict(DeliveryStatus.PENDING, now + KEY_PAUSE)
    if facts.status_code == GONE:
        # Standard Webhooks: the receiver wants nothing more.
        return Verdict(DeliveryStatus.PENDING, off=OffReason.GONE)
    if now - facts.endpoint_failing_since >= off_after:
        return Verdict(DeliveryStatus.PENDING, off=OffReason.FAILING)
    if now - max(facts.queued_at, facts.lane_failing_since) >= retry_for:
        return Verdict(DeliveryStatus.DEAD)
    asked = min(facts.retry_after or timedelta(0), LONGEST_RETRY_AFTER)
    return Verdict(DeliveryStatus.PENDING, now + max(pause(facts.tries, random), asked))


def pause(tries: int, random: Callable[[], float]) -> timedelta:
    """Return the pause after so many failed tries in a row: 5 s, 10 s, 20 s … 1 h, a quarter of it left to chance."""
    longest: timedelta = min(BACKOFF_CAP, BACKOFF_BASE * 2 ** min(max(tries, 1) - 1, 16))
    return longest * (0.75 + random() / 4)


def is_back(failing_since: datetime | None, now: datetime) -> bool:
    """Tell whether a success means that the endpoint as a whole works again."""
    return failing_since is not None and now - failing_since >= BACK_AFTER
