"""The folders of this host's logins."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path

import structlog

from session_core.backups import swap
from session_core.browser import processes, profile
from session_core.browser.usage import Usage, measure
from session_core.clock import utcnow
from session_core.domain.backup import Gap
from session_core.errors import FatalError
from session_core.host import custody

log = structlog.get_logger(__name__)


class LocalProfiles:
    """One folder for each session id under the sessions folder (see `session_core.host.house.Profiles`)."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, session_id: str) -> Path:
        """Return where a login lives, whether it is there or not."""
        return self._folder / session_id

    async def exists(self, session_id: str) -> bool:
        """See `Profiles.exists`."""
        return await asyncio.to_thread(self._exists, self.path(session_id))

    def _exists(self, path: Path) -> bool:
        swap.recover(path)
        return swap.has_login(path)

    async def remove(self, session_id: str) -> None:
        """See `Profiles.remove`."""
        await asyncio.to_thread(profile.delete, self.path(session_id))
        for aside in await asyncio.to_thread(profile.quarantines, self.path(session_id)):
            await asyncio.to_thread(profile.delete, aside)
        # Also what was there before a restore.
        await asyncio.to_thread(profile.delete, swap.previous(self.path(session_id)))
        await asyncio.to_thread(custody.forget, self._folder, session_id)

    async def put_aside(self, session_id: str) -> None:
        """See `Profiles.put_aside`."""
        await asyncio.to_thread(profile.put_aside, self.path(session_id), utcnow())

    async def name(self) -> str:
        """See `Profiles.name`."""
        return await asyncio.to_thread(custody.folder_name, self._folder)

    async def is_current(self, session_id: str, *, newest: int, ran_here: bool) -> bool:
        """See `Profiles.is_current`."""
        return await asyncio.to_thread(custody.is_current, self._folder, session_id, newest=newest, ran_here=ran_here)

    async def take(self, session_id: str, *, newest: int, ran_here: bool, epoch: int) -> None:
        """See `Profiles.take`."""
        await asyncio.to_thread(custody.take, self._folder, session_id, newest=newest, ran_here=ran_here, epoch=epoch)

    async def gap(self, session_id: str) -> Gap | None:
        """See `Profiles.gap`."""
        return await asyncio.to_thread(swap.gap_of, self.path(session_id))

    async def kill_browser(self, session_id: str) -> int:
        """See `Profiles.kill_browser`."""
        return await asyncio.to_thread(lambda: processes.kill(processes.of_profile(self.path(session_id))))

    async def usage(self, session_ids: Sequence[str]) -> Mapping[str, Usage]:
        """See `Profiles.usage`."""
        return await asyncio.to_thread(measure, {name: self.path(name) for name in session_ids})

    async def names(self) -> set[str]:
        """Return the session ids of which anything is here: a profile, one that was put aside, or only its number."""
        return await asyncio.to_thread(self._names)

    def _names(self) -> set[str]:
        places = [place for place in (self._folder, self._folder / custody.STAMPS) if place.is_dir()]
        return {path.name.partition(".")[0] for place in places for path in place.iterdir()} - {""}

    async def end_leftovers(self) -> None:
        """End the browsers that a killed host left on these folders; those of a living host are left alone."""
        await asyncio.to_thread(self._end_leftovers)

    def _end_leftovers(self) -> None:
        if not self._folder.is_dir():
            return
        profile.discard_trials(self._folder)
        for path in self._folder.iterdir():
            if not path.is_dir() or path.name.startswith(".") or path.name.endswith(custody.STALE):
                continue
            if profile.is_quarantined(path):
                continue
            found = profile.Profile(path)
            try:
                # Taking the folder ends what nobody alive stands behind.
                found.acquire()
            except FatalError as error:
                log.warning("profile_not_free", profile=path.name, reason=error.message)
            else:
                found.release()
