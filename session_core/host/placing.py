"""The profile that a browser is opened on: the one that is there, or one from a backup."""

from __future__ import annotations

from collections.abc import Callable

import structlog

from session_core.backups.errors import problem_of
from session_core.domain.backup import BackupProblem
from session_core.domain.status import ReasonCode
from session_core.errors import FatalError, LoginRequired, TransientError
from session_core.host.attempt import Attempt, LoginMissing
from session_core.host.backup_tools import Owned
from session_core.host.house import House
from session_core.host.policy import Restore
from session_core.host.room import Seat
from session_core.store import accounts, backups
from session_core.store.errors import STORE_ERRORS

log = structlog.get_logger(__name__)

_DATABASE_AWAY = (*(kind for kind in STORE_ERRORS if kind is not OSError), ConnectionError)
"""A plain OSError is the disk of the profiles here."""


class Placing:
    """Puts a profile in its place before a browser is opened on it. The caller holds the account."""

    def __init__(self, house: House, owned: Owned, begins: Callable[[], None], *, login_here: bool = True) -> None:
        """Prepare.

        Args:
            house: the host's things.
            owned: whose profile.
            begins: called when something is restored.
            login_here: it is written down that this host's folder has the newest login.
        """
        self._login_here = login_here
        self._house = house
        self._owned = owned
        self._begins = begins
        self._replace = self._replaced = False

    async def chosen(self, restore: Restore) -> BackupProblem | None:
        """Restore the backup that the owner chose.

        Returns:
            What was wrong, told to the owner by then; the profile is as it was.

        Raises:
            TransientError: the database is away, try again.
        """
        self._begins()
        try:
            await self._house.backups.restore(self._owned, restore)
        except _DATABASE_AWAY as error:
            raise _database_away() from error
        except Exception as error:
            return await self._told(error)
        return None

    async def lost(self, *, person_there: bool) -> None:
        """Restore the newest backup when the profile of a linked account is not there any more, or is to be replaced.

        Args:
            person_there: somebody waits who can also scan a code: without a backup it goes on with an empty profile.

        Raises:
            TransientError: the backup cannot be reached now.
            FatalError: there is one, and it cannot be opened before somebody changes something; or the profile that
                is to be replaced cannot be put aside.
        """
        if self._replace:
            await self._house.profiles.put_aside(self._owned.name)
            self._replace, self._replaced = False, True
        if await self._house.profiles.exists(self._owned.name):
            return
        try:
            await self._house.backups.restore_newest(self._owned, self._begins)
        except TransientError:
            raise
        except _DATABASE_AWAY as error:
            raise _database_away() from error
        except Exception as error:
            await self._give_up(error, person_there)

    async def will_be_opened(self, epoch: int) -> None:
        """Write down that the newest login lies here from now on: the browser that is opened next will change it.

        Args:
            epoch: number under which the caller claimed the account.

        Raises:
            TransientError: the database is away, or another host has the account by now.
        """
        if self._login_here:
            return
        try:
            async with self._house.core.db.begin() as session:
                held = await accounts.login_opened(session, self._owned.account_id, epoch, self._house.host_id)
        except STORE_ERRORS as error:
            raise TransientError("The database does not answer, and others must know where the login is.") from error
        if not held:
            raise TransientError("Another host has the account.", code=ReasonCode.PROFILE_IN_USE)
        self._login_here = True

    async def done(self, restore: Restore) -> None:
        """Note that the owner's request was carried out, or given up.

        Raises:
            STORE_ERRORS: the database is away.
        """
        async with self._house.core.db.begin() as session:
            await accounts.restore_done(session, self._owned.account_id, restore.backup_id, restore.seq)

    async def opened_by(self, attempt: Attempt, seat: Seat) -> None:
        """Run a browser on the profile until it ends. A profile that lost its login is replaced before the next one.

        Databases get lost too: only when the newest backup has no login either did the phone unlink us.

        Args:
            attempt: the browser.
            seat: the session's place.

        Raises:
            PersonRequired, FatalError, TransientError: as `Attempt.run`.
        """
        try:
            await attempt.run(self._house.starts, seat)
        except LoginMissing as error:
            if self._replaced:
                raise LoginRequired(error.message, code=ReasonCode.UNLINKED) from None
            if attempt.muted or not await self._replaceable():
                raise
            self._replace = True
            raise TransientError("The profile has lost its login.", code=ReasonCode.PROFILE_QUARANTINED) from None

    def works(self) -> None:
        """Note that a login was found in the profile."""
        self._replaced = False

    async def _replaceable(self) -> bool:
        account_id = self._owned.account_id
        try:
            async with self._house.core.db.read() as session:
                newest = (await backups.newest(session, [account_id])).get(account_id)
        except STORE_ERRORS as error:
            raise _database_away() from error
        return newest is not None and await self._house.backups.can_open(newest)

    async def _give_up(self, error: Exception, person_there: bool) -> None:
        problem = await self._told(error)
        if person_there:
            return
        reason = ReasonCode.DISK_FULL if problem is BackupProblem.DISK_FULL else ReasonCode.BACKUP_UNREADABLE
        raise FatalError(f"No backup can be restored: {problem}.", code=reason) from error

    async def _told(self, error: Exception) -> BackupProblem:
        problem = problem_of(error)
        log.warning("backup_not_restored", session=self._owned.name, problem=problem, error=repr(error))
        await self._house.backups.not_restored(self._owned, problem)
        return problem


def _database_away() -> TransientError:
    return TransientError("The database does not answer, so nobody knows which backup to restore.")
