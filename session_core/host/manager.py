"""All sessions of a host: what the rows want, compared with what runs, at every poke and every few seconds."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from uuid import UUID

import structlog

from session_core.bus import hosts
from session_core.bus.commands import CommandServer
from session_core.bus.connection import BUS_ERRORS
from session_core.bus.lease import LEASE
from session_core.bus.reconcile import ReconcileListener, poke
from session_core.domain.resources import Budget
from session_core.domain.sharing import Place
from session_core.domain.status import Desired, ReasonCode
from session_core.host.backup_tools import Surroundings
from session_core.host.budget import BudgetKeeper
from session_core.host.clock_watch import ClockWatch
from session_core.host.commands import CommandHandler
from session_core.host.health import heartbeat
from session_core.host.house import House, Reach
from session_core.host.leases import LeaseKeeper
from session_core.host.life import Life
from session_core.host.media_keeper import LOOK_EVERY, MediaKeeper
from session_core.host.moving import Mover
from session_core.host.neighbours import Neighbours
from session_core.host.policy import Goal, Order, Wanted, decide, wanted_of
from session_core.host.session import Session
from session_core.host.taking import Row, Taker
from session_core.host.watch import HealthTeller
from session_core.outages import Outage
from session_core.store import accounts
from session_core.store.errors import STORE_ERRORS
from session_core.tasks import RecurringTask, spawn

log = structlog.get_logger(__name__)

LEAVE_TIMEOUT = timedelta(seconds=10)
"""For closing all browsers cleanly when the host stops; what is not closed then is ended with the host."""

HAND_OVER_TIMEOUT = timedelta(seconds=60)
"""The same when other hosts wait for the logins: each is packed and stored before it is let go, about a second each."""

CANCEL_TIMEOUT = timedelta(seconds=2)
BUS_TIMEOUT = timedelta(seconds=2)

GRACE = timedelta(seconds=2)
"""So long another host may take to come for its share; at least two of its looks."""


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How often a host looks and speaks, and how long its leases last; tests shorten it."""

    look: timedelta = timedelta(seconds=5)
    beat: timedelta = timedelta(seconds=3)
    lease: timedelta = LEASE

    @property
    def silence(self) -> timedelta:
        """A host that noted nothing in the database for so long is dead; it does at each look.

        Less than the time for which its leases last after its last word: whoever takes them then must not doubt it.
        """
        return self.look * 2

    @classmethod
    def of(cls, lease: timedelta) -> Rhythm:
        """Return the rhythm that goes with leases of this length: three looks and five heartbeats in each."""
        usual = cls()
        return cls(min(usual.look, lease / 3), min(usual.beat, lease / 5), lease)


@dataclass(frozen=True, slots=True)
class About:
    """What the host knows about itself for its heartbeat. ``name``: what people call it."""

    name: str = ""
    chromium_sandbox: bool = True
    warnings: list[str] = field(default_factory=list)


class SessionManager:
    """Runs the accounts that this host holds. `start` restores them, `stop` closes them and leaves them wanted."""

    def __init__(self, house: House, about: About | None = None, rhythm: Rhythm | None = None) -> None:
        self._rhythm = rhythm = rhythm or Rhythm()
        self._house = house
        self._core = house.core
        self._about = about or About()
        self._sessions: dict[UUID, Session] = {}
        self._lives: set[asyncio.Task[None]] = set()
        self._taking = asyncio.Lock()
        self._draining = False
        self._folder = ""
        self._reach = Reach()
        self._rows_away, self._bus_away = Outage("rows_not_readable"), Outage("heartbeat_not_told")
        redis = self._core.redis
        self._neighbours = Neighbours(redis, house.host_id, rhythm.lease)
        self._leases = LeaseKeeper(redis, house.host_id, self, rhythm.lease, self._is_alone)
        self._taker = Taker(house, self._leases, self._neighbours, max(GRACE, rhythm.look * 2), rhythm.silence)
        self._life = Life(self._core, house.host_id, every=rhythm.look)
        self._mover = Mover(house, self._neighbours)
        self._reconciler = RecurringTask(self._reconcile, every=rhythm.look, name="reconcile")
        self._heart = RecurringTask(self._beat, every=rhythm.beat, name="heartbeat")
        self._clocks = ClockWatch(redis)
        self._health = HealthTeller(self._core, self._sessions)
        settings = self._core.settings
        budget = Budget(
            alarm=settings.session_memory_alarm,
            recycle=settings.session_memory_recycle,
            least_age=settings.session_recycle_age,
        )
        self._budget = BudgetKeeper(house, self._sessions, budget)
        self._media = MediaKeeper(self._core, self._sessions, every=min(LOOK_EVERY, rhythm.look))
        self._listener = ReconcileListener(redis, self._reconciler.wake)
        handler = CommandHandler(self._core, self._sessions.get, self._leases, house.profiles)
        self._commands = CommandServer(redis, house.host_id, handler)

    def _is_alone(self) -> bool:
        """Tell whether no other host can take our accounts while we cannot reach the bus.

        Through a Unix socket the bus is on this machine: when we do not reach it, nobody does.
        """
        return self._core.settings.redis_url.startswith("unix:") and self._neighbours.alone

    async def start(self) -> None:
        """Begin; every wanted account is started as soon as there is a place for it.

        Raises:
            BUS_ERRORS: the bus is away.
        """
        self._folder = await self._house.profiles.name()
        self._reach = await self._house.backups.reach()
        await self._life.start()
        await self._commands.start()
        around = Surroundings(self._sessions.values, self._leases.epoch, self._leases.sure, self._back_up_at_rest)
        await self._house.backups.start(around)
        await self._beat()
        self._leases.start()
        self._listener.start()
        self._reconciler.start()
        self._heart.start()
        self._budget.start()
        self._media.start()

    async def stop(self) -> None:
        """Close every browser cleanly and let other hosts have the accounts; what was wanted stays wanted.

        Takes about ten seconds, and up to a minute when logins have to be saved for another host.
        """
        await self._listener.stop()
        await self._media.stop()
        await self._reconciler.stop()
        await self._commands.stop()
        self._draining = True
        # The others take what we give back from now on, and leave us nothing.
        await self._beat()
        hand_over = self._mover.receiver(self._here())
        for session in self._sessions.values():
            session.order(Order(Goal.LEAVE, 0, hand_over=hand_over))
        await self._all_gone(HAND_OVER_TIMEOUT if hand_over else LEAVE_TIMEOUT)
        await self._house.backups.stop()
        await self._budget.stop()
        await self._heart.stop()
        await self._life.stop()
        await self._leases.stop()
        try:
            async with asyncio.timeout(BUS_TIMEOUT.total_seconds()):
                await hosts.leave(self._core.redis, self._house.host_id)
        except BUS_ERRORS as error:
            log.warning("no_good_bye", error=repr(error))

    async def _all_gone(self, patience: timedelta) -> None:
        for timeout in (patience, CANCEL_TIMEOUT):
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
            self._rows_away.begins(error)
            return
        self._rows_away.ends()
        for account_id, session in list(self._sessions.items()):
            row = rows.get(account_id)
            if row is not None:
                self._compare(session, wanted_of(row[1]))
            elif account_id in rows:
                # Its user was removed with everything; the browser and the profile must go too.
                self._compare(session, Wanted(Desired.DELETED, session.status, 0))
        await self._share({account_id: row for account_id, row in rows.items() if row is not None})

    async def _rows(self) -> dict[UUID, Row | None]:
        async with self._core.db.read() as session:
            listed = await accounts.to_reconcile(session)
            rows: dict[UUID, Row | None] = {row[0].id: row for row in listed}
            # What runs here is looked at whatever its row says: that may be older than what we know.
            for account_id in self._sessions.keys() - rows.keys():
                rows[account_id] = await accounts.get(session, account_id)
        return rows

    def _compare(self, session: Session, wanted: Wanted) -> None:
        order = decide(wanted, session.running)
        if order is not None:
            session.order(order)
        elif wanted.desired is Desired.CONNECTED and session.running.goal is Goal.CONNECT:
            session.adopt(wanted.wanted_seq)

    async def _back_up_at_rest(self, account_id: UUID) -> None:
        await self._take(account_id, otherwise=Order(Goal.BACK_UP, 0))

    async def _share(self, rows: Mapping[UUID, Row]) -> None:
        """Take this host's share of what nobody runs, and hand over what should be elsewhere."""
        free = [row for row in rows.values() if row[1].account_id not in self._sessions]
        wanted = [row for row in free if decide(wanted_of(row[1]), None) is not None]
        try:
            async with self._taking:
                # It takes leases, too, to say that a host is lost: not while a session here is being given one.
                chosen = await self._taker.choose(wanted, self._here())
            for _, runtime in chosen:
                await self._take(runtime.account_id, runtime.epoch)
            runtimes = {account_id: runtime for account_id, (_, runtime) in rows.items()}
            await self._mover.look(list(self._sessions.values()), runtimes, self._here())
        except (*STORE_ERRORS, *BUS_ERRORS) as error:
            log.warning("accounts_not_shared", error=repr(error))

    async def _take(self, account_id: UUID, above: int = 0, *, otherwise: Order | None = None) -> None:
        """Make an account this host's and start its session (see `Taker.take`)."""
        async with self._taking:
            if account_id in self._sessions:
                return
            session = await self._taker.take(account_id, above, otherwise=otherwise)
            if session is not None:
                self._begin(session)

    def _here(self) -> Place:
        # What becomes free is first of all for the sessions that wait here.
        room = max(0, self._house.room.left - self._house.room.waiting)
        return Place(
            self._house.host_id,
            len(self._sessions),
            room,
            folder=self._folder,
            vault=self._reach.vault,
            opens=self._reach.opens,
            writes=self._reach.writes,
            draining=self._draining,
        )

    def _begin(self, session: Session) -> None:
        self._sessions[session.account_id] = session
        self.lease_until(session.account_id, self._leases.until(session.account_id))
        life = spawn(self._live(session), name=f"session-{session.name}")
        self._lives.add(life)
        life.add_done_callback(self._lives.discard)

    async def _live(self, session: Session) -> None:
        try:
            await session.run()
        finally:
            del self._sessions[session.account_id]
            if self._house.guard is not None:
                self._house.guard.forget(session.account_id)
            await self._keep_if_not_saved(session)
            await self._leases.release(session.account_id)
            if session.running.goal is Goal.LEAVE:
                self._core.news.tell(partial(poke, self._core.redis))
            # Its owner may have asked for something while it was ending.
            self._reconciler.wake()

    async def _keep_if_not_saved(self, session: Session) -> None:
        try:
            if not session.handed_over:
                await self._mover.keep(session.account_id)
        except STORE_ERRORS as error:
            log.warning("wish_not_forgotten", session=session.name, error=type(error).__name__)

    # ---- What the leases say (`session_core.host.leases.LeaseWatcher`) ----------------------------------------------

    def lease_until(self, account_id: UUID, until: float) -> None:
        """Let the account's browser run until then, and no longer whatever becomes of this process."""
        session = self._sessions.get(account_id)
        if session is not None and self._house.guard is not None:
            self._house.guard.until(account_id, session.name, until)

    def lease_ending(self, account_id: UUID) -> None:
        """Close the account: another host may take it soon, and we could not hear of it."""
        session = self._sessions.get(account_id)
        if session is not None and session.running.goal is Goal.CONNECT:
            session.order(Order(Goal.LEAVE, 0, why=ReasonCode.BUS_UNREACHABLE))

    def lease_lost(self, account_id: UUID) -> None:
        """End the account's browser at once: another host runs it, or did."""
        session = self._sessions.get(account_id)
        if session is not None and session.running.goal is not Goal.LOSE:
            self.lease_until(account_id, 0.0)
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
        reach = self._reach
        told = {"folder": self._folder, "vault": reach.vault, "opens": sorted(reach.opens), "writes": reach.writes}
        beat = beat.model_copy(update={"name": self._about.name, "draining": self._draining, **told})
        try:
            async with asyncio.timeout(BUS_TIMEOUT.total_seconds()):
                await hosts.beat(self._core.redis, beat, self._rhythm.lease)
                await self._clocks.look()
            self._bus_away.ends()
        except BUS_ERRORS as error:
            self._bus_away.begins(error)
