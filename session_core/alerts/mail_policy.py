"""Decisions without I/O: whether an alert is mailed now, later or never, and when a failed try is repeated."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from session_core.domain.alerts import AlertKind, AlertPreferences, MailNote, MailStatus, QuietHours

AFTER_ANOTHER = timedelta(seconds=5)
"""When to look again while another e-mail about the same is on its way."""

WHILE_HOST_LOST = timedelta(minutes=1)
"""When to look again at an account whose host is lost: its owner was told about the host."""

BACKOFF_BASE = timedelta(seconds=30)
BACKOFF_CAP = timedelta(minutes=30)

TRIED_FOR = timedelta(days=1)
"""So long a mail server may be away before an e-mail is given up."""


@dataclass(frozen=True, slots=True)
class Other:
    """Another alert about the same account or host, or about the host that holds the account."""

    kind: AlertKind
    same_subject: bool
    open: bool
    mail: MailStatus
    sent_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class MailFacts:
    """An alert whose e-mail is due.

    Attributes:
        over: the problem is solved by now.
        age: since when it is known.
        told: what became of the e-mails about the problems that this alert says are over.
        others: what else there is about the same.
    """

    kind: AlertKind
    over: bool
    age: timedelta
    told: tuple[MailStatus, ...] = ()
    others: tuple[Other, ...] = ()


@dataclass(frozen=True, slots=True)
class Send:
    """Send it now."""


@dataclass(frozen=True, slots=True)
class Later:
    """Look again at ``at``."""

    at: datetime
    note: MailNote = MailNote.NONE


@dataclass(frozen=True, slots=True)
class Never:
    """Do not send it."""

    note: MailNote


Decision = Send | Later | Never


def decide(facts: MailFacts, preferences: AlertPreferences, *, now: datetime, quiet: timedelta) -> Decision:
    """Decide about an e-mail.

    Args:
        facts: the alert and what is beside it.
        preferences: its receiver's.
        now: the time.
        quiet: after an e-mail about a problem, other problems of the same account wait so long.
    """
    if facts.kind in preferences.off:
        return Never(MailNote.KIND_OFF)
    refused = _good_news(facts, now) if facts.kind is AlertKind.BACK else _problem(facts, now)
    if refused is not None:
        return refused
    if any(other.mail is MailStatus.SENDING and other.same_subject for other in facts.others):
        return Later(now + AFTER_ANOTHER)
    until = max(
        (time for time in (end_of_quiet_hours(preferences.quiet_hours, now), _end_of_quiet(facts, quiet)) if time),
        default=now,
    )
    return Later(until, MailNote.QUIET) if until > now else Send()


def _good_news(facts: MailFacts, now: datetime) -> Decision | None:
    if MailStatus.SENT not in facts.told:
        # Who was not told that it broke is not told that it works.
        return Later(now + AFTER_ANOTHER) if MailStatus.SENDING in facts.told else Never(MailNote.NOTHING_TOLD)
    again = any(other.open and other.same_subject and _of_connection(other.kind) for other in facts.others)
    if again or facts.age > TRIED_FOR:
        return Never(MailNote.OUT_OF_DATE)
    return None


def _problem(facts: MailFacts, now: datetime) -> Decision | None:
    if facts.over:
        return Never(MailNote.SOLVED_BEFORE)
    if facts.kind is not AlertKind.DOWN:
        return None
    kinds = {other.kind for other in facts.others if other.open and other.mail not in _NOT_TOLD}
    if AlertKind.NEEDS_PERSON in kinds:
        return Never(MailNote.COVERED)
    return Later(now + WHILE_HOST_LOST, MailNote.COVERED) if AlertKind.HOST_LOST in kinds else None


_NOT_TOLD = frozenset({MailStatus.SKIPPED, MailStatus.FAILED, MailStatus.OFF})


def _of_connection(kind: AlertKind) -> bool:
    return kind in {AlertKind.NEEDS_PERSON, AlertKind.DOWN, AlertKind.HOST_LOST}


def _end_of_quiet(facts: MailFacts, quiet: timedelta) -> datetime | None:
    """Return when the next problem of the same account may be mailed.

    Good news does not wait: it ends what was mailed before, so there are never more than two e-mails in one period.
    What needs a person waits only for its like: hearing that it is down does not say that one has to act.
    """
    if facts.kind is AlertKind.BACK:
        return None
    last = [
        other.sent_at
        for other in facts.others
        if other.same_subject
        and other.sent_at is not None
        and other.kind is not AlertKind.BACK
        and (facts.kind is not AlertKind.NEEDS_PERSON or other.kind is AlertKind.NEEDS_PERSON)
    ]
    return max(last) + quiet if last else None


def end_of_quiet_hours(hours: QuietHours | None, now: datetime) -> datetime | None:
    """Return when the quiet hours end that it is in now; None when it is in none.

    Args:
        hours: as the receiver's clock shows them.
        now: the time, aware.
    """
    return None if hours is None else hours.end_after(now)


def next_try(tries: int, random: Callable[[], float]) -> timedelta:
    """Return the pause after a failed try.

    Args:
        tries: how many there were, from 1 on.
        random: gives a number from 0 to 1; a quarter of the pause is left to it.
    """
    longest: timedelta = min(BACKOFF_CAP, BACKOFF_BASE * 2 ** min(max(tries, 1) - 1, 10))
    return longest * (0.75 + random() / 4)
