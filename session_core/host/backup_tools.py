"""What the host's parts that deal with backups share."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol
from uuid import UUID

from session_core.backups.codec import Label
from session_core.backups.vault import Known, Vault
from session_core.core import Core
from session_core.domain.backup import BackupProblem
from session_core.domain.events import ActivityAdded, BackupChanged
from session_core.store import activity, backups
from session_core.store.models import SessionBackup


@dataclass(frozen=True, slots=True)
class BackupRhythm:
    """When backups are made; tests shorten it.

    Attributes:
        look: how often the host looks whether there is something to do.
        first_after: how long a session has been ready before it is backed up the first time.
        every: pause between two backups of a running session.
        clean_every: a session that stops is backed up unless its last clean backup is younger.
        again_after: pause after a backup that failed.
        patience: how long something that was asked for waits for a host that can do it.
        abandoned_after: then nobody works any more on a backup that is still being made.
        leave: for what is still to be stored when the host stops.
    """

    look: timedelta = timedelta(seconds=5)
    first_after: timedelta = timedelta(seconds=60)
    every: timedelta = timedelta(hours=6)
    clean_every: timedelta = timedelta(hours=1)
    again_after: timedelta = timedelta(minutes=5)
    patience: timedelta = timedelta(minutes=10)
    abandoned_after: timedelta = timedelta(hours=1)
    leave: timedelta = timedelta(seconds=8)


class Owned(Protocol):
    """An account of somebody: a session, or a description of one."""

    @property
    def account_id(self) -> UUID:
        """The account."""
        ...

    @property
    def user_id(self) -> UUID:
        """Its owner."""
        ...

    @property
    def name(self) -> str:
        """The session id, which is also the name of the profile's folder."""
        ...


class Running(Owned, Protocol):
    """A session as backups see it."""

    @property
    def ready_since(self) -> datetime | None:
        """Since when it is ready; None while it is not."""
        ...

    @property
    def linked_anew(self) -> bool:
        """Whether a phone was linked when it became ready: earlier backups hold another login."""
        ...


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The rest of the host, as backups need it.

    Attributes:
        sessions: gives the sessions that run now.
        epoch: returns the fencing number of an account's lease; 0 when it is not held.
        sure: tells whether an account is ours at this moment.
        at_rest: takes an account that does not run for as long as its profile is being copied; the session that does it
            calls `session_core.host.backup_keeper.BackupKeeper.asked_at_rest`.
    """

    sessions: Callable[[], Iterable[Running]]
    epoch: Callable[[UUID], int]
    sure: Callable[[UUID], bool]
    at_rest: Callable[[UUID], Awaitable[None]]


@dataclass(slots=True)
class Tools:
    """Where things are.

    Attributes:
        folder: the profiles; staged files lie below it, because links need the same disk.
        chromium: tells the version of the browser.
        one: held by whoever packs or unpacks: the machine has other things to do as well.
    """

    core: Core
    host_id: str
    vault: Vault
    folder: Path
    chromium: Callable[[], str]
    rhythm: BackupRhythm
    one: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(1))

    @property
    def workshop(self) -> Path:
        """A folder of this host alone for what is being staged or restored."""
        return self.folder / ".backups" / self.host_id

    def reaches(self, row: SessionBackup) -> bool:
        """Tell whether the archive of a row is this host's business: in a shared store, or made or seen here. Blocks.

        Raises:
            StoreAway: nobody knows.
        """
        if row.host_id == self.host_id or row.store != "local":
            return True
        return self.vault.store(row.store).has(row.path)


def known(row: SessionBackup) -> Known:
    """Describe the archive of a complete row."""
    return Known(Label(row.account_id, row.id, row.epoch), row.store, row.path, row.size or 0, row.sha256 or "")


async def tell_backup(core: Core, user_id: UUID, account_id: UUID, backup_id: UUID) -> None:
    """Tell the owner's pages how a backup stands now."""
    async with core.db.read() as session:
        row = await backups.get(session, account_id, backup_id)
        view = None if row is None else backups.view(row)
    if view is not None:
        core.news.publish(BackupChanged(user_id=user_id, backup=view))


async def add_line(core: Core, owned: Owned, kind: str, problem: BackupProblem | None = None) -> None:
    """Add a line to the account's history and tell the owner's pages."""
    async with core.db.begin() as session:
        entry = await activity.add(session, owned.account_id, kind, detail=problem or "")
    core.news.publish(ActivityAdded(user_id=owned.user_id, entry=entry))
