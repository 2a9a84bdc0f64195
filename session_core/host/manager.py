"""All sessions of a host: what the rows want, compared with what runs, at every poke and every few seconds."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

import structlog

from session_core.bus import hosts
from session_core.bus.commands import CommandServer
from session_core.bus.connection import BUS_ERRORS
from session_core.bus.lease import LEASE
from session_core.bus.reconcile import ReconcileListener
from session_core.domain.resources import Budget
from session_core.domain.status import Desired
from session_core.host.backup_tools import Surroundings
from session_core.host.budget import BudgetKeeper
from session_core.host.commands import CommandHandler
from session_core.host.health import heartbeat
from session_core.host.house import House
from session_core.host.leases import LeaseKeeper
from session_core.host.policy import Goal, Order, Restore, Wanted, decide
from session_core.host.session import Session
from session_core.host.watch import HealthTeller
from session_core.store import accounts
from session_core.store.errors import STORE_ERRORS
from session_core.store.models import Account, SessionRuntime
from session_core.tasks import RecurringTask, spawn

log = structlog.get_logger(__name__)

LEAVE_TIMEOUT = timedelta(seconds=10)
"""For closing all browsers cleanly when the host stops; what is not closed then is ended with the host."""

CANCEL_TIMEOUT = timedelta(seconds=2)
BUS_TIMEOUT = timedelta(seconds=2)


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How often a host looks and speaks; tests shorten it."""

    look: timedelta = timedelta(seconds=5)
    beat: timedelta = timedelta(seconds=3)
    lease: timedelta = LEASE


@dataclass(frozen=True, slots=True)
class About:
    """What the host knows about itself for its heartbeat."""

    chromium_sandbox: bool = True
    warnings: list[str] = field(default_factory=list)


class SessionManager:
    """Runs the accounts that this host holds. `start` restores them, `stop` closes them and leaves them wanted."""

    def __init__(self, house: House, about: About | None = None, rhythm: Rhythm | None = None) -> None:
        rhythm = rhythm or Rhythm()
        self._house = house
        self._core = house.core
        self._about = about or About()
        self._sessions: dict[UUID, Session] = {}
        self._lives: set[asyncio.Task[None]] = set()
        self._beginning = asyncio.Lock()
        self._leases = LeaseKeeper(self._core.redis, house.host_id, self._on_lost, rhythm.lease)
        self._reconciler = RecurringTask(self._reconcile, every=rhythm.look, name="reconcile")
        self._heart = RecurringTask(self._beat, every=rhythm.beat, name="heartbeat")
        self._health = HealthTeller(self._core, self._sessions)
        settings = self._core.settings
        budget = Budget(alarm=settings.session_memory_alarm, recycle=settings.session_memory_recycle)
        self._budget = BudgetKeeper(house, self._sessions, budget)
        self._listener = ReconcileListener(self._core.redis, self._reconciler.wake)
        handler = CommandHandler(self._core, self._sessions.get, self._leases.sure)
        self._commands = CommandServer(self._core.redis, house.host_id, handler)

    async def start(self) -> None:
        """Begin; every wanted account is started as soon as there is a place for it.

        Raises:
            BUS_ERRORS: the bus is away.
        """
        await self._commands.start()
        around = Surroundings(self._sessions.values, self._leases.epoch, self._leases.sure, self._back_up_at_rest)
        await self._house.backups.start(around)
        self._leases.start()
        self._listener.start()
        self._reconciler.start()
        self._heart.start()
        self._budget.start()

    async def stop(self) -> None:
        """Close every browser cleanly, in about ten seconds; what was wanted stays wanted."""
        await self._listener.stop()
        await self._reconciler.stop()
        await self._commands.stop()
        for session in self._sessions.values():
            session.order(Order(Goal.LEAVE, 0))
        await self._all_gone()
        await self._house.backups.stop()
        await self._budget.stop()
        await self._heart.stop()
        await self._leases.stop()
        try:
            async with asyncio.timeout(BUS_TIMEOUT.total_seconds()):
                await hosts.leave(self._core.redis, self._house.host_id)
        except BUS_ERRORS as error:
            log.warning("no_good_bye", error=repr(error))

    async def _all_gone(self) -> None:
        for timeout in (LEAVE_TIMEOUT, CANCEL_TIMEOUT):
            if not self._lives:
                return
            _, late = await asyncio.wait(set(self._lives), timeout=timeout.total_seconds())
            for life in late:
                log.warning("session_does_not_leave", session=life.get_name())
                life.cancel()

    # ---- Rows and sessions ----------------------------------------------------------------------------------------

    async def _reconcile(self) -> None:
        try:
            rows = await self._rows()
        except STORE_ERRORS as error:
            log.warning("rows_not_readable", error=type(error).__name__)
            return
        for account_id, row in rows.items():
            if row is not None:
                await self._look_at(row[1])
            elif (session := self._sessions.get(account_id)) is not None:
                # Its user was removed with everything; the browser and the profile must go too.
                self._compare(session, Wanted(Desired.DELETED, session.status, 0))

    async def _rows(self) -> dict[UUID, tuple[Account, SessionRuntime] | None]:
        async with self._core.db.read() as session:
            listed = await accounts.to_reconcile(session)
            rows: dict[UUID, tuple[Account, SessionRuntime] | None] = {row[0].id: row for row in listed}
            # What runs here is looked at whatever its row says: that may be older than what we know.
            for account_id in self._sessions.keys() - rows.keys():
                rows[account_id] = await accounts.get(session, account_id)
        return rows

    async def _look_at(self, runtime: SessionRuntime) -> None:
        session = self._sessions.get(runtime.account_id)
        if session is not None:
            self._compare(session, _wanted(runtime))
        elif decide(_wanted(runtime), None) is not None:
            await self._begin(runtime.account_id)

    def _compare(self, session: Session, wanted: Wanted) -> None:
        order = decide(wanted, session.running)
        if order is not None:
            session.order(order)
        elif wanted.desired is Desired.CONNECTED and session.running.goal is Goal.CONNECT:
            session.adopt(wanted.wanted_seq)

    async def _back_up_at_rest(self, account_id: UUID) -> None:
        await self._begin(account_id, otherwise=Order(Goal.BACK_UP, 0))

    async def _begin(self, account_id: UUID, *, otherwise: Order | None = None) -> None:
        """Take the account's lease and start its session, unless another host has it or nothing is to be done.

        Args:
            account_id: the account.
            otherwise: what to do when its row wants nothing.
        """
        async with self._beginning:
            if account_id not in self._sessions:
                await self._begin_now(account_id, otherwise)

    async def _begin_now(self, account_id: UUID, otherwise: Order | None) -> None:
        try:
            if not await self._leases.acquire(account_id):
                return
        except BUS_ERRORS as error:
            log.warning("lease_not_acquired", account_id=str(account_id), error=repr(error))
            return
        # Read again now that the account is ours: the row may be from before its last session ended.
        row = await self._row(account_id)
        order = (decide(_wanted(row[1]), None) or otherwise) if row is not None else None
        if row is None or order is None:
            await self._leases.release(account_id)
            return
        session = Session(self._house, *row, order)
        self._sessions[account_id] = session
        life = spawn(self._live(session), name=f"session-{session.name}")
        self._lives.add(life)
        life.add_done_callback(self._lives.discard)

    async def _row(self, account_id: UUID) -> tuple[Account, SessionRuntime] | None:
        try:
            async with self._core.db.read() as session:
                return await accounts.get(session, account_id)
        except STORE_ERRORS as error:
            log.warning("row_not_readable", account_id=str(account_id), error=type(error).__name__)
            return None

    async def _live(self, session: Session) -> None:
        try:
            await session.run()
        finally:
            del self._sessions[session.account_id]
            await self._leases.release(session.account_id)
            # Its owner may have asked for something while it was ending.
            self._reconciler.wake()

    def _on_lost(self, account_id: UUID) -> None:
        session = self._sessions.get(account_id)
        if session is not None:
            session.order(Order(Goal.LOSE, 0))

    # ---- Heartbeat ------------------------------------------------------------------------------------------------

    async def _beat(self) -> None:
        await self._health.tell()
        beat = heartbeat(
            self._house.host_id,
            self._house.room,
            chromium_sandbox=self._about.chromium_sandbox,
            warnings=self._about.warnings,
        )
        try:
            async with asyncio.timeout(BUS_TIMEOUT.total_seconds()):
                await hosts.beat(self._core.redis, beat)
        except BUS_ERRORS as error:
            log.warning("heartbeat_not_told", error=repr(error))


def _wanted(runtime: SessionRuntime) -> Wanted:
    return Wanted(
        desired=runtime.desired,
        status=runtime.status,
        wanted_seq=runtime.wanted_seq,
        restart_seq=runtime.restart_seq,
        logout_seq=runtime.logout_seq,
        restore=Restore(runtime.restore_backup_id, runtime.restore_seq) if runtime.restore_backup_id else None,
    )
