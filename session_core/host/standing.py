"""Where one session stands: its status, set at once, then stored and told in this order."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from uuid import UUID

import structlog

from session_core.clock import utcnow
from session_core.core import Core
from session_core.domain.events import Qr
from session_core.domain.status import ReasonCode, SessionStatus, may_follow
from session_core.host import policy
from session_core.host.journal import Journal
from session_core.host.record import StatusChange, status_changed
from session_core.store.models import SessionRuntime

log = structlog.get_logger(__name__)


class Standing:
    """The only place that changes a session's status.

    Attributes:
        status: where the session stands now; what is stored follows.
        line: status and reason of the newest line in the owner's history.
        identity: phone number and push name of the login; None for what is not known.
        failures: browsers in a row that did not get to ready.
        leaving: the host goes and the account stays, so it is said to be on no host.
        silent: nothing is said any more, because the account is another host's or is being deleted.
    """

    def __init__(
        self,
        core: Core,
        account_id: UUID,
        runtime: SessionRuntime,
        *,
        name: str,
        host_id: str,
        epoch: int,
        journal: Journal,
        fenced_off: Callable[[], None],
    ) -> None:
        """Begin where the account stood.

        Args:
            core: store and bus.
            account_id: whose status.
            runtime: the account's row as it was found.
            name: of the session, for the log.
            host_id: who says it.
            epoch: number of the claim; nothing is written under it after a newer one.
            journal: stores what is said.
            fenced_off: called when somebody else holds the account and a status was not stored for that.
        """
        self._core = core
        self._host_id = host_id
        self._account_id = account_id
        self._name = name
        self._epoch = epoch
        self._journal = journal
        self._fenced_off = fenced_off
        self._since = runtime.status_since
        self.status = runtime.status
        self.line = (runtime.status, runtime.reason_code)
        self.identity = (runtime.phone_number, runtime.push_name)
        self.failures = 0
        self.leaving = False
        self.silent = False

    def queued(self, reason_code: ReasonCode) -> Callable[[], None]:
        """Return what says that the account waits, and for what."""
        return partial(self.set, SessionStatus.QUEUED, reason_code)

    def leave(self, *, connected: bool, why: ReasonCode) -> None:
        """Say that the host stops. What was wanted is still wanted: the next start of a host goes on from here.

        ``connected``: the account was to be connected, or was.
        """
        status = SessionStatus.STOPPED
        if connected:
            reconnecting = may_follow(self.status, SessionStatus.RECONNECTING)
            status = SessionStatus.RECONNECTING if reconnecting else SessionStatus.QUEUED
        self.set(status, why)

    def set(
        self,
        status: SessionStatus,
        reason_code: ReasonCode,
        reason: str = "",
        *,
        qr: Qr | None = None,
        next_retry_at: datetime | None = None,
        told_identity: bool = False,
        give_up_seq: int | None = None,
        logout_seq: int | None = None,
    ) -> None:
        """Change the status here at once and have it stored; one that may not follow is refused and logged.

        Args:
            status: the new one.
            reason_code: what people are told.
            reason: detail for the history, in English.
            qr: the code to scan, when there is one.
            next_retry_at: when the next browser is started.
            told_identity: whether the number and name became known, or were given up.
            give_up_seq: want the account stopped, unless the owner asked for something newer than this.
            logout_seq: the request to log out that is carried out with this.
        """
        if self.silent:
            return
        if not may_follow(self.status, status):
            log.error("status_refused", session=self._name, old=self.status, new=status)
            return
        if status is not self.status:
            self._since = utcnow()
        renewal = qr is not None and qr.number > 1 and status is self.status
        line = policy.worth_a_line(status, reason_code, self.line)
        if line:
            self.line = (status, reason_code)
        self.status = status
        change = StatusChange(
            status=status,
            reason_code=reason_code,
            reason=reason,
            since=self._since,
            host_id=None if status.settled or self.leaving else self._host_id,
            attempt=self.failures,
            next_retry_at=next_retry_at,
            identity=self.identity if told_identity else None,
            qr=qr,
            line=line,
            news=not renewal,
            give_up_seq=give_up_seq,
            logout_seq=logout_seq,
            epoch=self._epoch,
        )
        log.info("session_status", session=self._name, status=status, reason=reason_code)
        self._journal.add(partial(self._store, change))

    async def _store(self, change: StatusChange) -> None:
        # Between setting and storing another host may have taken the account over; its word counts then. Until one has,
        # ours does, also once the lease is over: it says that nothing runs.
        if not await status_changed(self._core, self._account_id, change):
            self._fenced_off()
