"""Decisions without I/O: what to do about a row, what an error means, how long to wait, how long a phase may take."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from uuid import UUID

from session_core.domain.status import Desired, ReasonCode, SessionStatus
from session_core.errors import FatalError, PersonRequired, WhahookError
from session_core.store.models import SessionRuntime

BACKOFF_BASE = timedelta(seconds=1)
BACKOFF_CAP = timedelta(minutes=1)

STABLE_AFTER = timedelta(minutes=1)
"""A session that was ready for less than this and broke again goes on with the longer pauses."""

PHASE_DEADLINES = {
    SessionStatus.LAUNCHING: timedelta(minutes=2),
    SessionStatus.LOADING: timedelta(minutes=2, seconds=30),
    SessionStatus.QR: timedelta(minutes=10),
    SessionStatus.LINKING: timedelta(minutes=5),
    SessionStatus.SYNCING: timedelta(minutes=10),
    # While the page says that it is offline; the driver has loaded it anew by then.
    SessionStatus.RECONNECTING: timedelta(minutes=10),
}
"""The last resort behind the driver's own, shorter deadlines: without any news for so long the browser is replaced."""


class Goal(StrEnum):
    """What a session is told to do. The last two come from the host itself and not from the owner.

    BACK_UP: copy the profile of an account that does not run; nothing else about it changes.
    """

    CONNECT = "connect"
    STOP = "stop"
    LOGOUT = "logout"
    DELETE = "delete"
    BACK_UP = "back_up"
    LEAVE = "leave"
    LOSE = "lose"


@dataclass(frozen=True, slots=True)
class Restore:
    """The owner's request to go back to a backup, and its number."""

    backup_id: UUID
    seq: int

    @property
    def mark(self) -> str:
        """What a profile carries that was restored by this request, so that it is not restored twice."""
        return f"{self.backup_id} {self.seq}"


@dataclass(frozen=True, slots=True)
class Order:
    """A goal and the number of the owner's request behind it.

    Attributes:
        goal: what to do.
        seq: number of the newest request.
        restart: begin anew even when connected.
        restore: put this backup in the place of the profile before connecting.
        why: what people are told about a `Goal.LEAVE`.
        hand_over: with a `Goal.LEAVE`: another host waits for the login and has no other way to it than a backup.
    """

    goal: Goal
    seq: int
    restart: bool = False
    restore: Restore | None = None
    why: ReasonCode = ReasonCode.HOST_STOPPED
    hand_over: bool = False


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a row says."""

    desired: Desired
    status: SessionStatus
    wanted_seq: int
    restart_seq: int = 0
    logout_seq: int = 0
    restore: Restore | None = None


def wanted_of(runtime: SessionRuntime) -> Wanted:
    """Return what a row says."""
    return Wanted(
        desired=runtime.desired,
        status=runtime.status,
        wanted_seq=runtime.wanted_seq,
        restart_seq=runtime.restart_seq,
        logout_seq=runtime.logout_seq,
        restore=Restore(runtime.restore_backup_id, runtime.restore_seq) if runtime.restore_backup_id else None,
    )


@dataclass(frozen=True, slots=True)
class Running:
    """What a session of this host is doing.

    Attributes:
        goal: what it is after.
        seq: the newest request that it took into account.
        ending: it has nothing more to do but to store what it said.
        gave_up: it has said why only a person can go on, and is closing its browser.
    """

    goal: Goal
    seq: int
    ending: bool = False
    gave_up: bool = False


def decide(wanted: Wanted, running: Running | None) -> Order | None:
    """Compare what is wanted with what runs.

    Returns:
        The order to give (a session is made for it when there is none), or None when all is as it should be.
    """
    return _unlike(wanted) if running is None else _other_order(wanted, running)


def _unlike(wanted: Wanted) -> Order | None:
    if wanted.desired is Desired.DELETED:
        return Order(Goal.DELETE, wanted.wanted_seq)
    if wanted.logout_seq:
        # Also when the owner wants it connected again by now: first the one, then the other.
        return Order(Goal.LOGOUT, wanted.logout_seq)
    if wanted.desired is Desired.CONNECTED:
        return Order(Goal.CONNECT, wanted.wanted_seq, restore=wanted.restore)
    if not wanted.status.settled:
        return Order(Goal.STOP, wanted.wanted_seq)
    return None


def _other_order(wanted: Wanted, running: Running) -> Order | None:
    # A session that ends is looked at again when it has ended; nothing overtakes a deletion.
    if running.ending or running.goal in {Goal.DELETE, Goal.LEAVE, Goal.LOSE}:
        return None
    if wanted.desired is Desired.DELETED:
        return Order(Goal.DELETE, wanted.wanted_seq)
    if running.goal is not Goal.CONNECT:
        return None
    if wanted.logout_seq:
        return Order(Goal.LOGOUT, wanted.logout_seq)
    if wanted.desired is Desired.STOPPED:
        # Who gave up wants nothing more itself: "stopped" must not hide why, unless the owner asked for it since.
        own = running.gave_up and wanted.wanted_seq <= running.seq
        return None if own else Order(Goal.STOP, wanted.wanted_seq)
    if wanted.restore is not None and wanted.restore.seq > running.seq:
        return Order(Goal.CONNECT, wanted.wanted_seq, restart=True, restore=wanted.restore)
    if wanted.restart_seq > running.seq:
        return Order(Goal.CONNECT, wanted.wanted_seq, restart=True)
    return None


def asked_by_person(wanted: Wanted) -> bool:
    """Tell whether a start follows from a request made just now, so that somebody is there to scan a code.

    The host itself never leaves an account that is wanted in a settled state; only the owner wants one back from it.
    """
    return wanted.status.settled


def cause_of(runtime: SessionRuntime, host_id: str) -> ReasonCode:
    """Return what people are told about a start on this host that nobody asked for just now."""
    moved = runtime.reason_code is ReasonCode.MOVING and runtime.wanted_host_id == host_id
    return ReasonCode.MOVING if moved else ReasonCode.HOST_STOPPED


def backoff(setbacks: int, random: Callable[[], float]) -> timedelta:
    """Return the pause before the next start.

    Args:
        setbacks: how many starts in a row went wrong, from 1 on.
        random: gives a number from 0 to 1; half of the pause is left to it, so that accounts do not come back at once.
    """
    longest: timedelta = min(BACKOFF_CAP, BACKOFF_BASE * 2 ** min(max(setbacks, 1) - 1, 10))
    return timedelta(seconds=longest.total_seconds() * (0.5 + random() / 2))


_REASONS = {"no_chromium": ReasonCode.BROWSER_MISSING, "bad_setting": ReasonCode.BROWSER_MISSING}


def reason_of(error: BaseException) -> ReasonCode:
    """Turn an error's code into the reason that people are told."""
    if not isinstance(error, WhahookError):
        return ReasonCode.LOAD_TIMEOUT if isinstance(error, TimeoutError) else ReasonCode.INTERNAL
    if error.code in _REASONS:
        return _REASONS[error.code]
    try:
        return ReasonCode(error.code)
    except ValueError:
        return ReasonCode.INTERNAL


def status_after(error: BaseException) -> SessionStatus:
    """Choose the next status by the type of the error; what nobody foresaw is worth another try."""
    if isinstance(error, PersonRequired):
        return SessionStatus.ACTION_REQUIRED
    if isinstance(error, FatalError):
        return SessionStatus.ERROR
    return SessionStatus.RECONNECTING


_TOLD = frozenset(
    {
        SessionStatus.QR,
        SessionStatus.READY,
        SessionStatus.RECONNECTING,
        SessionStatus.ACTION_REQUIRED,
        SessionStatus.ERROR,
        SessionStatus.STOPPED,
    }
)


def worth_a_line(status: SessionStatus, reason: ReasonCode, last: tuple[SessionStatus, ReasonCode] | None) -> bool:
    """Tell whether the owner's history gets a line: not for steps on the way, nor twice for the same thing."""
    told = status in _TOLD or reason is ReasonCode.WAITING_FOR_ROOM
    return told and (status, reason) != last
