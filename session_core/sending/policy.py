"""Pure decisions about a lane: what to do with its first message, and how long things may take."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from session_core.domain.commands import NOT_THE_OWNER, REACH_OUT
from session_core.domain.message import MessageStatus

MAX_ATTEMPTS = 5
"""Tries to send one message. With `backoff` that is over a minute of a page that cannot send."""

FIRST_BACKOFF = timedelta(seconds=2)
LONGEST_BACKOFF = timedelta(minutes=1)

SHORTEST_MARGIN = timedelta(seconds=1)
LONGEST_MARGIN = timedelta(seconds=10)

LOOK_AGAIN_AFTER = timedelta(seconds=1)
"""Pause of a lane whose account could not even try. The host wakes the lane earlier when the account is ready."""

CLOCKS_DIFFER = timedelta(seconds=10)
"""By so much at most the clocks of two machines are said to differ: a host that differs by more says so in its log."""

NOT_TRIED = frozenset({"not_ready", NOT_THE_OWNER, "lease_not_sure", "database_unreachable", REACH_OUT})
"""Failures by which a host says that the account is not able to send at all: the message waits, however long."""

_SENDING = MessageStatus.SENDING


def margin(send_timeout: timedelta) -> timedelta:
    """Return how much longer than a send its lease lasts: clocks differ, and a page may finish what it had begun."""
    return min(LONGEST_MARGIN, max(SHORTEST_MARGIN, send_timeout / 3))


def row_lease(send_timeout: timedelta) -> timedelta:
    """Return for how long one try owns a message. Longer than any send, so that two tries never overlap."""
    return send_timeout + margin(send_timeout)


def longest_lease(send_timeout: timedelta) -> timedelta:
    """Return for how long a row is anybody's at most: for one try, or for the pause after one."""
    return max(row_lease(send_timeout), LONGEST_BACKOFF)


def limiter_lease(send_timeout: timedelta) -> timedelta:
    """Return for how long a reservation counts: longer than the row's lease, so that the next try takes it over."""
    return row_lease(send_timeout) + margin(send_timeout)


def backoff(attempts: int) -> timedelta:
    """Return the pause after ``attempts`` tries that proved not to have sent: 2, 6, 18, 54 s."""
    # The exponent is limited before the power: a timedelta has an end.
    return min(LONGEST_BACKOFF, FIRST_BACKOFF * int(3 ** min(max(0, attempts - 1), 10)))


@dataclass(frozen=True, slots=True)
class Head:
    """What matters of a lane's first message. ``attempts``: tries so far."""

    status: MessageStatus
    attempts: int
    updated_at: datetime
    lease_until: datetime | None
    lease_token: str | None


@dataclass(frozen=True, slots=True)
class Send:
    """Try to send it now.

    Attributes:
        look_first: an earlier try may have sent it.
        previous_token: of a try whose end nobody knows.
    """

    look_first: bool
    previous_token: str | None = None


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing can be done for ``delay``; the lane stays blocked, because its order is kept."""

    delay: timedelta


@dataclass(frozen=True, slots=True)
class Anew:
    """Its lease lasts longer than any: the clock was set back since. Let it begin anew and last for ``lasts``."""

    lasts: timedelta


@dataclass(frozen=True, slots=True)
class GiveUp:
    """Nobody knows whether it went out, and asking again does not help."""

    token: str


def hold_after_loss(last: Iterable[Head], now: datetime, window: timedelta, send_timeout: timedelta) -> timedelta:
    """Return for how long a user must not send after the limiter lost its memory.

    Args:
        last: what may have gone out last of each of the user's accounts.
        now: the time.
        window: the rate window.
        send_timeout: longest send.

    Returns:
        Nothing when nothing went out within a window (a new user, above all), else until one window after the last
        instant at which something can have gone out.
    """
    # A row that is being sent can go out until its lease is over; any other one was out before it last changed.
    # The clock may have been set back since: no instant is later than any can be.
    open_ends = {_SENDING, MessageStatus.UNKNOWN}
    last_instants = [
        min(head.lease_until or head.updated_at, now + longest_lease(send_timeout))
        if head.status in open_ends
        else min(head.updated_at, now)
        for head in last
    ]
    holds = [instant + window + margin(send_timeout) - now for instant in last_instants]
    return max([timedelta(0), *holds])


def next_step(head: Head, now: datetime, send_timeout: timedelta) -> Send | Wait | Anew | GiveUp:
    """Decide what to do with the first message of a lane.

    Times further ahead than any that is written are from before the clock was set back: nothing waits for them.
    """
    if head.status is _SENDING:
        longest = longest_lease(send_timeout)
        if head.lease_until is not None and head.lease_until > now + longest + CLOCKS_DIFFER:
            return Anew(row_lease(send_timeout))
        if head.lease_until is not None and head.lease_until >= now:
            return Wait(head.lease_until - now + timedelta(milliseconds=1))
        if head.attempts >= MAX_ATTEMPTS:
            return GiveUp(head.lease_token or "")
        return Send(look_first=True, previous_token=head.lease_token)
    if head.attempts == 0:
        return Send(look_first=False)
    left = head.updated_at + backoff(head.attempts) - now
    waits = timedelta(0) < left <= backoff(head.attempts) + CLOCKS_DIFFER
    return Wait(left) if waits else Send(look_first=True)
