"""Decisions without I/O: which problems there are, and which are over, from what the rows say at one moment."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from session_core.domain.alerts import AlertKind
from session_core.domain.status import Desired, ReasonCode, SessionStatus

HOST_LOST_AFTER = timedelta(minutes=1)
"""So long nothing was heard of a host that holds accounts. It counts as dead after 15 s, another one needs a few
seconds to take its accounts over, and a restart of everything takes less than the rest."""

_NEED_PERSON = frozenset({SessionStatus.ACTION_REQUIRED, SessionStatus.ERROR})
_PERSON_AT_IT = frozenset({SessionStatus.QR, SessionStatus.LINKING})
_CONNECTION = frozenset({AlertKind.NEEDS_PERSON, AlertKind.DOWN})


class HostState(StrEnum):
    """What is known of the host that holds an account. `SILENT` is too early to say."""

    NONE = "none"
    ALIVE = "alive"
    SILENT = "silent"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """An account at one moment.

    Attributes:
        linked: whether there is a number, of a login now or before it ended by itself: without one nobody misses the
            connection. Its owner's logout takes it away.
        host: the host that its row names.
        down_since: since when it is not connected although it should be; None when it is not known.
    """

    desired: Desired
    status: SessionStatus
    linked: bool
    deleted: bool = False
    host: HostState = HostState.NONE
    down_since: datetime | None = None

    @property
    def up(self) -> bool:
        """Ready, and there is somebody who would say so if it were not."""
        return self.status is SessionStatus.READY and self.host in {HostState.NONE, HostState.ALIVE}

    @property
    def given_up_by_owner(self) -> bool:
        """Its owner wants it stopped; a session that cannot go on wants that itself, which is something else."""
        return self.desired is not Desired.CONNECTED and self.status not in _NEED_PERSON

    @property
    def logged_out(self) -> bool:
        """There is no login that could be backed up; a page that is ready and tells no number has one."""
        return not self.linked and self.status is not SessionStatus.READY

    @property
    def needs_person(self) -> bool:
        """Nothing more happens until somebody does something, and that somebody is not at it already.

        A code that nobody scanned on an account that never was linked is no news for who asked for it.
        """
        return self.status is SessionStatus.ERROR or (self.status is SessionStatus.ACTION_REQUIRED and self.linked)

    @property
    def may_be_down(self) -> bool:
        """It should be connected, is not, and nobody sits before its code."""
        wanted = self.desired is Desired.CONNECTED and self.linked
        not_ready = self.status is not SessionStatus.READY or self.host is HostState.LOST
        return wanted and not_ready and self.status not in _NEED_PERSON | _PERSON_AT_IT


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to change about an account's alerts.

    Attributes:
        begins: the problem that is new.
        ends: the open problems that are over.
        back: whether that is good news, and not only nobody's business any more.
    """

    begins: AlertKind | None = None
    ends: frozenset[AlertKind] = frozenset()
    back: bool = False


NOTHING = Verdict()


def judge(facts: AccountFacts, opened: Collection[AlertKind], *, now: datetime, down_after: timedelta) -> Verdict:
    """Compare an account with its open alerts.

    A problem with the connection stays open through everything that is tried against it, until the account is ready or
    its owner does not want it any more; so trying again and failing again is not told again.
    """
    if facts.deleted:
        return Verdict(ends=frozenset(opened))
    verdict = _judge_connection(facts, _CONNECTION & frozenset(opened), now, down_after)
    if facts.logged_out and AlertKind.BACKUP_FAILING in opened:
        return replace(verdict, ends=verdict.ends | {AlertKind.BACKUP_FAILING})
    return verdict


def _judge_connection(
    facts: AccountFacts, connection: frozenset[AlertKind], now: datetime, down_after: timedelta
) -> Verdict:
    if facts.given_up_by_owner:
        return Verdict(ends=connection)
    if facts.up:
        return Verdict(ends=connection, back=bool(connection))
    if facts.needs_person:
        return NOTHING if AlertKind.NEEDS_PERSON in connection else Verdict(begins=AlertKind.NEEDS_PERSON)
    since = facts.down_since
    if facts.may_be_down and not connection and since is not None and now - since >= down_after:
        return Verdict(begins=AlertKind.DOWN)
    return NOTHING


Holding = tuple[UUID, str]
"""A user, and the id of a host that holds an account of theirs."""


@dataclass(frozen=True, slots=True)
class HostVerdict:
    """For which users which host is lost now, and for whom it is lost no more."""

    begins: frozenset[Holding]
    ends: frozenset[Holding]


def judge_hosts(
    holding: Collection[Holding], opened: Collection[Holding], states: Mapping[str, HostState]
) -> HostVerdict:
    """Compare who is held by whom with the open alerts about hosts.

    It is over when the host is heard of again, or when nothing of the user is left with it: others took over.
    """
    lost = {(user_id, host) for user_id, host in holding if states.get(host) is HostState.LOST}
    held = set(holding)
    over = {one for one in opened if one not in held or states.get(one[1]) is HostState.ALIVE}
    return HostVerdict(frozenset(lost - set(opened)), frozenset(over))


def host_state(host_id: str | None, missing_since: Mapping[str, datetime], now: datetime) -> HostState:
    """Tell how a host is.

    Args:
        host_id: the host in an account's row, None when nobody holds it.
        missing_since: the hosts of which nothing is heard, and since when.
        now: the time.
    """
    if host_id is None:
        return HostState.NONE
    since = missing_since.get(host_id)
    if since is None:
        return HostState.ALIVE
    return HostState.LOST if now - since >= HOST_LOST_AFTER else HostState.SILENT


def reason_shown(kind: AlertKind, reason_code: ReasonCode, host: HostState) -> ReasonCode:
    """Return the reason that an alert gives; what a row of a lost host says is from before."""
    if kind is AlertKind.DOWN and host is HostState.LOST:
        return ReasonCode.HOST_STOPPED
    return reason_code
