"""A host with drivers without browsers: the store and the bus behind it are real."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from session_core.backups.vault import Vault
from session_core.core import Core
from session_core.domain.events import Qr, SessionSnapshot
from session_core.domain.status import Desired, ReasonCode, SessionStatus
from session_core.errors import FatalError
from session_core.host.backup_keeper import BackupKeeper
from session_core.host.backup_tools import BackupRhythm, Tools
from session_core.host.house import House
from session_core.host.manager import Rhythm, SessionManager
from session_core.host.profiles import LocalProfiles
from session_core.host.room import Room
from session_core.services import accounts as service
from session_core.services import live
from session_core.store import accounts, activity
from session_core.store.models import Account, SessionRuntime
from session_core.whatsapp.driver import Driver
from tests.factories import add_account, add_user
from tests.waiting import eventually

QUICK = Rhythm(look=timedelta(milliseconds=200), beat=timedelta(milliseconds=100), lease=timedelta(seconds=2))

QUICK_BACKUPS = BackupRhythm(look=timedelta(milliseconds=100), leave=timedelta(seconds=5))

PATIENCE = timedelta(seconds=20)
"""Everything here takes milliseconds; the machine may be busy with something else."""


@dataclass
class Stage:
    """One host, the drivers that it will get, and the accounts of one person.

    Attributes:
        drivers: handed out in this order, one for each start of a browser.
        made: for which account and since when each driver was asked for.
    """

    core: Core
    user_id: UUID
    manager: SessionManager
    house: House
    drivers: deque[Driver | FatalError] = field(default_factory=deque)
    made: list[tuple[UUID, datetime | None]] = field(default_factory=list)

    def will_get(self, *drivers: Driver | FatalError) -> None:
        self.drivers.extend(drivers)

    async def account(self, **runtime: Any) -> UUID:
        """Store an account of the person; ``runtime`` are fields of its hot row."""
        return await add_account(self.core.db, self.user_id, **runtime)

    async def linked(self, status: SessionStatus = SessionStatus.RECONNECTING, **runtime: Any) -> UUID:
        """Store an account with a login in its profile; by default one that a host left running."""
        values = {"desired": Desired.CONNECTED, "wanted_seq": 1, "phone_number": "34600111222", **runtime}
        account_id = await self.account(status=status, **values)
        (self.profile(account_id) / "Default").mkdir(parents=True)
        return account_id

    def profile(self, account_id: UUID) -> Path:
        assert isinstance(self.house.profiles, LocalProfiles)
        return self.house.profiles.path(f"user_{self.user_id}_wa_{account_id}")

    async def row(self, account_id: UUID) -> tuple[Account, SessionRuntime] | None:
        async with self.core.db.read() as session:
            return await accounts.get(session, account_id)

    async def runtime(self, account_id: UUID) -> SessionRuntime:
        row = await self.row(account_id)
        assert row is not None
        return row[1]

    async def connect(self, account_id: UUID) -> None:
        await service.connect(self.core, self.user_id, account_id)

    async def until(self, account_id: UUID, status: SessionStatus, reason: ReasonCode | None = None) -> SessionRuntime:
        """Return the hot row once it shows the status (and the reason)."""

        async def shown() -> SessionRuntime | None:
            runtime = await self.runtime(account_id)
            fits = runtime.status is status and reason in {None, runtime.reason_code}
            return runtime if fits else None

        return await eventually(shown, PATIENCE, f"{status} {reason or ''}")

    async def until_gone(self, account_id: UUID) -> None:
        """Return once the account is purged."""

        async def gone() -> bool:
            return await self.row(account_id) is None

        await eventually(gone, PATIENCE, "purged")

    async def until_idle(self, account_id: UUID) -> None:
        """Return once the host has no session for the account any more."""
        await eventually(lambda: account_id not in self.manager._sessions, PATIENCE, "session ended")

    async def qr(self, account_id: UUID) -> Qr | None:
        return (await service.get(self.core, self.user_id, account_id)).qr

    async def history(self, account_id: UUID) -> list[tuple[str, SessionStatus | None, ReasonCode]]:
        """Return the account's history, oldest first."""
        async with self.core.db.read() as session:
            rows = await activity.of_account(session, account_id, limit=100)
        return [(row.kind, row.status, row.reason_code) for row in reversed(rows)]

    def make_driver(self, account: Account, since: datetime | None) -> Driver:
        self.made.append((account.id, since))
        assert self.drivers, "the host asked for more drivers than the test expects"
        driver = self.drivers.popleft()
        if isinstance(driver, FatalError):
            raise driver
        return driver


@asynccontextmanager
async def stage_on(
    core: Core,
    folder: Path,
    *,
    host_id: str = "host-one",
    user_id: UUID | None = None,
    max_sessions: int = 8,
    starts: int = 8,
    rhythm: Rhythm = QUICK,
    backups: BackupRhythm = QUICK_BACKUPS,
) -> AsyncIterator[Stage]:
    """Run a host until the block ends; its first look at the rows happens at once."""
    stage: Stage

    def make_driver(account: Account, since: datetime | None) -> Driver:
        return stage.make_driver(account, since)

    tools = Tools(
        core=core,
        host_id=host_id,
        vault=Vault(core.settings),
        folder=folder,
        chromium=lambda: "156.0.1",
        rhythm=backups,
    )
    house = House(
        core=core,
        host_id=host_id,
        make_driver=make_driver,
        profiles=LocalProfiles(folder),
        backups=BackupKeeper(tools),
        room=Room(max_sessions),
        starts=asyncio.Semaphore(starts),
        random=lambda: 0.0,
    )
    manager = SessionManager(house, rhythm=rhythm)
    stage = Stage(core, user_id or await add_user(core.db), manager, house)
    try:
        yield stage
    finally:
        await manager.stop()


class Listener:
    """What the person's pages hear, in order."""

    def __init__(self, subscription: live.Subscription) -> None:
        self._subscription = subscription
        self.heard: list[live.AnyEvent] = []

    def _take(self) -> None:
        self.heard += [event for event in self._subscription.pending() if not isinstance(event, live.Resync)]

    def sessions(self) -> list[SessionSnapshot]:
        self._take()
        return [event.session for event in self.heard if event.type == "session"]

    async def until(self, condition: Callable[[], bool]) -> None:
        """Return once what was heard is as the condition wants it."""
        await eventually(condition, PATIENCE)

    def kinds(self) -> list[str]:
        self._take()
        return [event.type for event in self.heard]

    def phases(self) -> list[SessionStatus]:
        """Return the statuses told, without repeats in a row."""
        found: list[SessionStatus] = []
        for session in self.sessions():
            if not found or found[-1] is not session.status:
                found.append(session.status)
        return found


@asynccontextmanager
async def listening(core: Core, user_id: UUID) -> AsyncIterator[Listener]:
    await core.hub.start()
    with live.subscribe(core, user_id) as subscription:
        yield Listener(subscription)
