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
from session_core.domain.backup import BackupProblem
from session_core.host.backup_tools import Owned, Surroundings
from session_core.host.policy import Restore
from session_core.host.room import Room
from session_core.store.models import Account
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

    async def kill_browser(self, session_id: str) -> int:
        """Kill every process that has the folder open, at once; returns how many there were."""
        ...

    async def usage(self, session_ids: Sequence[str]) -> Mapping[str, Usage]:
        """Measure what the browsers on these folders use; an empty usage for one that has none."""
        ...


class Backups(Protocol):
    """What the sessions have done about backups of their logins. Nothing here waits for anything long but a restore."""

    async def start(self, around: Surroundings) -> None:
        """Begin."""
        ...

    async def stop(self) -> None:
        """Store what is waiting, as long as there is time."""
        ...

    async def closed(self, owned: Owned) -> None:
        """Back up a login whose browser was just closed. Never raises."""
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
    """The host's things that its sessions share. ``starts``: how many browsers may be starting at once."""

    core: Core
    host_id: str
    make_driver: DriverFactory
    profiles: Profiles
    backups: Backups
    room: Room
    starts: asyncio.Semaphore
    random: Callable[[], float] = field(default=random.random)
