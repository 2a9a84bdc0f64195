"""Taking accounts over: which of the free ones this host takes, and the steps that make one its own."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import structlog

from session_core.bus.connection import BUS_ERRORS
from session_core.bus.lease import Lease
from session_core.clock import utcnow
from session_core.domain.events import ActivityAdded
from session_core.domain.ids import session_id
from session_core.domain.sharing import Free, Place, backup_name, share_out
from session_core.domain.status import Desired, ReasonCode, SessionStatus
from session_core.host import life
from session_core.host.house import House
from session_core.host.leases import LeaseKeeper
from session_core.host.neighbours import Neighbours
from session_core.host.policy import Goal, Order, decide, wanted_of
from session_core.host.record import StatusChange, status_changed
from session_core.host.session import Session
from session_core.store import accounts, backups
from session_core.store.errors import STORE_ERRORS
from session_core.store.models import Account, SessionBackup, SessionRuntime

log = structlog.get_logger(__name__)

Row = tuple[Account, SessionRuntime]

OPENS = frozenset({Goal.CONNECT, Goal.LOGOUT, Goal.DELETE})
"""Goals for which the login is opened, or removed."""


def home_of(runtime: SessionRuntime) -> str | None:
    """Return the host whose folder has the login."""
    return runtime.last_host_id or runtime.host_id


def name_of(backup: SessionBackup | None, neighbours: Neighbours) -> str:
    """Name what a host needs to open a backup; empty without one, or when nobody knows the folder that it lies in."""
    if backup is None:
        return ""
    return backup_name(backup.store, neighbours.vault_of(backup.host_id), backup.key_id)


def shows_login(backup: SessionBackup | None, runtime: SessionRuntime) -> bool:
    """Tell whether the newest backup is as good as the login: made by its last holder after the browser was closed."""
    return backup is not None and backup.clean and backup.epoch == runtime.epoch


@dataclass(frozen=True, slots=True)
class _Candidate:
    """An account that nobody holds. ``host``: who should take it."""

    row: Row
    account: Free
    backup: SessionBackup | None
    host: str | None


class Taker:
    """Takes this host's share of what nobody holds."""

    def __init__(
        self, house: House, leases: LeaseKeeper, neighbours: Neighbours, grace: timedelta, silence: timedelta
    ) -> None:
        """Prepare.

        Args:
            house: the host's things.
            leases: the host's leases.
            neighbours: what it knows of the others.
            grace: after so long it takes what another host should have taken.
            silence: a host whose life was not noted for longer is dead.
        """
        self._house = house
        self._leases = leases
        self._neighbours = neighbours
        # Hosts that lost patience at the same moment would all ask at the same moment.
        self._silence = silence
        self._grace = grace * (1 + random.random())  # noqa: S311 - spreading, no secret

    async def choose(self, rows: Sequence[Row], here: Place) -> list[Row]:
        """Return those of the rows that this host should take now; ``here``: this host as the others see it.

        Raises:
            STORE_ERRORS, BUS_ERRORS: it cannot be told.
        """
        free_ids = set(await self._neighbours.look(runtime.account_id for _, runtime in rows))
        free = [row for row in rows if row[1].account_id in free_ids]
        if not free:
            return []
        saved = await self._backups(free)
        described = [self._describe(runtime, saved.get(runtime.account_id)) for _, runtime in free]
        shares = share_out(described, [*self._neighbours.places, here])
        found = [
            _Candidate(row, account, saved.get(account.account_id), shares.get(account.account_id))
            for row, account in zip(free, described, strict=True)
        ]
        return [candidate.row for candidate in found if await self._takes(candidate, here)]

    async def _takes(self, candidate: _Candidate, here: Place) -> bool:
        account, runtime = candidate.account, candidate.row[1]
        if not self._neighbours.surely_ended(account.account_id, runtime.host_id):
            return False
        if self._may_come_home(account, runtime):
            return False
        if candidate.host == here.host_id:
            return True
        waited = self._neighbours.free_for(account.account_id) > self._grace
        if waited and (account.can_go_to(here) or await self._is_here(candidate)):
            return True
        if candidate.host is None and waited and not _told_lost(runtime):
            await self._say_host_lost(account.account_id, runtime)
        return False

    async def _is_here(self, candidate: _Candidate) -> bool:
        """Look whether the login is here after all: nobody may know any more how the last host called its folders."""
        if await self._is_current(candidate.row):
            return True
        return candidate.backup is not None and await self._house.backups.can_open(candidate.backup)

    def _may_come_home(self, account: Free, runtime: SessionRuntime) -> bool:
        """Tell whether the account's own host may just be starting, as this one is: after a restart of everything."""
        others = account.last_host not in {None, self._house.host_id}
        away = self._neighbours.get(account.last_host) is None
        return others and away and not runtime.status.settled and self._neighbours.young

    async def _backups(self, rows: Sequence[Row]) -> dict[UUID, SessionBackup]:
        async with self._house.core.db.read() as session:
            return await backups.newest(session, [runtime.account_id for _, runtime in rows])

    def _describe(self, runtime: SessionRuntime, backup: SessionBackup | None) -> Free:
        home = home_of(runtime)
        linked = runtime.phone_number is not None
        wanted = runtime.desired is Desired.CONNECTED
        return Free(
            account_id=runtime.account_id,
            last_host=home,
            last_folder=self._neighbours.folder_of(home),
            backup=name_of(backup, self._neighbours),
            wanted_host=runtime.wanted_host_id,
            portable=not linked or runtime.status.settled or not wanted,
            # What ends an account has to end it on the disk on which it is, too.
            movable=wanted and (not linked or shows_login(backup, runtime)),
        )

    async def _is_current(self, row: Row) -> bool:
        account, runtime = row
        return await self._house.profiles.is_current(
            session_id(account.user_id, account.id), newest=runtime.epoch, ran_here=await self._ran_here(runtime)
        )

    async def _ran_here(self, runtime: SessionRuntime) -> bool:
        """Tell whether the login was last opened in this host's folder, by whichever host that has it."""
        home = home_of(runtime)
        if home in {None, self._house.host_id}:
            return True
        folder = self._neighbours.folder_of(home)
        return bool(folder) and folder == await self._house.profiles.name()

    # ---- One account ----------------------------------------------------------------------------------------------

    async def take(self, account_id: UUID, above: int = 0, *, otherwise: Order | None = None) -> Session | None:
        """Make an account this host's; None when another host was faster or there is nothing to do for it.

        Args:
            account_id: the account.
            above: its last known fencing number.
            otherwise: what to do when its row wants nothing.
        """
        session: Session | None = None
        try:
            lease = await self._leases.acquire(account_id, above)
            if lease is None:
                return None
            session = await self._claimed(lease, otherwise)
        except (*STORE_ERRORS, *BUS_ERRORS) as error:
            log.warning("account_not_taken", account_id=str(account_id), error=repr(error))
        if session is None:
            await self._leases.release(account_id)
        return session

    async def _claimed(self, lease: Lease, otherwise: Order | None) -> Session | None:
        account_id = lease.account_id
        # Read again now that the account is ours: the row may be from before its last session ended.
        async with self._house.core.db.read() as database:
            row = await accounts.get(database, account_id)
        order = decide(wanted_of(row[1]), None) or otherwise if row is not None else None
        if row is None or order is None:
            return None
        account, runtime = row
        if lease.epoch <= runtime.epoch:
            # The bus has forgotten how far it had counted, and the number that we knew was an old one.
            again = await self._leases.acquire(account_id, runtime.epoch)
            if again is None:
                return None
            lease = again
        opens = order.goal in OPENS
        current = await self._is_current(row)
        login_here = opens and (current or order.goal is not Goal.CONNECT)
        if order.goal is Goal.BACK_UP and not current:
            # An older login must not become the newest backup.
            return None
        if opens or current:
            await self._house.profiles.take(
                session_id(account.user_id, account.id),
                newest=runtime.epoch,
                ran_here=await self._ran_here(runtime),
                epoch=lease.epoch,
            )
        async with self._house.core.db.begin() as database:
            host_id = self._house.host_id
            if not await accounts.claim(
                database, account_id, lease.epoch, host_id, starts=opens, login_here=login_here
            ):
                log.warning("claim_refused", account_id=str(account_id), epoch=lease.epoch)
                return None
            missing = await life.close_gap(database, runtime, silence=self._silence)
        if missing is not None and account.deleted_at is None:
            news = ActivityAdded(user_id=account.user_id, entry=missing)
            self._house.core.news.publish(news)
        return Session(self._house, account, runtime, order, lease.epoch, login_here=login_here)

    async def _say_host_lost(self, account_id: UUID, runtime: SessionRuntime) -> None:
        """Say that the only host that could run the account is away; it stays that host's, and its number too."""
        if self._leases.epoch(account_id) or await self._leases.acquire(account_id, runtime.epoch) is None:
            # Somebody has it, perhaps this host for a backup: nothing of that may be given back here.
            return
        try:
            async with self._house.core.db.read() as database:
                since = await life.broke_at(database, runtime, silence=self._silence)
            change = StatusChange(
                SessionStatus.RECONNECTING,
                ReasonCode.HOST_LOST,
                "",
                since or utcnow(),
                host_id=None,
                attempt=runtime.attempt,
                line=True,
                line_at=since,
                epoch=runtime.epoch,
            )
            await status_changed(self._house.core, account_id, change)
        finally:
            await self._leases.release(account_id)


def _told_lost(runtime: SessionRuntime) -> bool:
    return runtime.reason_code is ReasonCode.HOST_LOST
