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
    room: Room
    starts: asyncio.Semaphore
    random: Callable[[], float] = field(default=random.random)
