"""What a host lends to its sessions."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from session_core.browser.usage import Usage
from session_core.core import Core
from session_core.domain.backup import BackupProblem, Gap
from session_core.host.backup_tools import Owned, Surroundings
from session_core.host.guard import Guard
from session_core.host.policy import Restore
from session_core.host.room import Room
from session_core.store.models import Account, SessionBackup
from session_core.whatsapp.driver import Driver


class Profiles(Protocol):
    """The folders in which the logins live, by session id."""

    async def exists(self, session_id: str) -> bool:
        """Tell whether there is one."""
        ...

    async def remove(self, session_id: str) -> None:
        """Delete it for good; nothing happens when there is none.

        Raises:
            WhahookError, OSError: it is still there, or a part of it.
        """
        ...

    async def put_aside(self, session_id: str) -> None:
        """Put a damaged profile aside under another name; it is never deleted.

        Raises:
            WhahookError: it is in use, or cannot be renamed.
        """
        ...

    async def name(self) -> str:
        """Return the name of the folder with all of them; hosts that share it see the same name."""
        ...

    async def is_current(self, session_id: str, *, newest: int, ran_here: bool) -> bool:
        """Tell whether the newest login of the account is here.

        Args:
            session_id: whose.
            newest: number of the lease of the account's last holder.
            ran_here: that holder was this host, or nobody knows of any.
        """
        ...

    async def take(self, session_id: str, *, newest: int, ran_here: bool, epoch: int) -> None:
        """Begin to use the profile under a new lease; one that is out of date is put aside and never opened again.

        Raises:
            OSError: the disk refuses.
        """
        ...

    async def gap(self, session_id: str) -> Gap | None:
        """Return for which time the profile knows nothing, because it was restored; None when it was not."""
        ...

    async def kill_browser(self, session_id: str) -> int:
        """Kill every process that has the folder open, at once; returns how many there were."""
        ...

    async def usage(self, session_ids: Sequence[str]) -> Mapping[str, Usage]:
        """Measure what the browsers on these folders use; an empty usage for one that has none."""
        ...


@dataclass(frozen=True, slots=True)
class Reach:
    """Which backups a host opens and makes (see `session_core.domain.sharing.Place`)."""

    vault: str = ""
    opens: frozenset[str] = frozenset()
    writes: str = ""


class Backups(Protocol):
    """What the sessions have done about backups of their logins. Nothing here waits for anything long but a restore."""

    async def start(self, around: Surroundings) -> None:
        """Begin."""
        ...

    async def stop(self) -> None:
        """Store what is waiting, as long as there is time."""
        ...

    async def closed(self, owned: Owned, *, hand_over: bool = False) -> bool:
        """Back up a login whose browser was just closed. Never raises.

        Args:
            owned: whose.
            hand_over: another host needs it now: also when the last one is young, and stored when this returns.

        Returns:
            Whether another host can go on with it; only meant for a hand-over.
        """
        ...

    async def reach(self) -> Reach:
        """Tell which backups this host opens and makes."""
        ...

    async def can_open(self, row: SessionBackup) -> bool:
        """Tell whether this host has the archive and the key of a backup. Never raises."""
        ...

    async def asked_at_rest(self, owned: Owned) -> None:
        """Back up a login that does not run, when that was asked for. Never raises."""
        ...

    async def restore(self, owned: Owned, restore: Restore) -> None:
        """Put a chosen backup in the place of the profile.

        Raises:
            WhahookError, OSError: the profile is as it was. STORE_ERRORS: the database is away.
        """
        ...

    async def restore_newest(self, owned: Owned, begins: Callable[[], None]) -> bool:
        """Put the newest backup that opens in the place of a missing profile; False when there is none at all.

        Raises:
            WhahookError, OSError: none can be restored (now). STORE_ERRORS: the database is away.
        """
        ...

    async def not_restored(self, owned: Owned, problem: BackupProblem) -> None:
        """Tell the owner that a backup could not be restored. Never raises."""
        ...

    async def works(self, owned: Owned) -> None:
        """Let go of the profile from before a restore."""
        ...

    async def forget(self, owned: Owned) -> None:
        """Have every backup of an account removed.

        Raises:
            STORE_ERRORS: the database is away.
        """
        ...

    async def remove_all(self, owned: Owned) -> None:
        """Remove every archive of an account now.

        Raises:
            WhahookError, OSError: some of it may still be there.
        """
        ...


DriverFactory = Callable[[Account, datetime | None], Driver]
"""Makes a driver for an account; the time is since when messages may have been missed.

Raises FatalError when there is none for this kind of account (``sandbox_off``).
"""


@dataclass(frozen=True, slots=True)
class House:
    """The host's things that its sessions share.

    Attributes:
        starts: how many browsers may be starting at once.
        guard: ends a browser whose lease is over even when this process cannot.
    """

    core: Core
    host_id: str
    make_driver: DriverFactory
    profiles: Profiles
    backups: Backups
    room: Room
    starts: asyncio.Semaphore
    guard: Guard | None = None
    random: Callable[[], float] = field(default=random.random)
