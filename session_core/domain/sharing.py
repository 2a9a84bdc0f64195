"""Which host takes which account: the same answer on every host that knows the same, and no harm where they differ.

Nobody decides for the others. Each host works out who should take what is free, takes its own share at once, and the
rest only when nobody took it for a while. That no two hosts have the same account is the leases' business alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Place:
    """A host that is alive.

    Attributes:
        running: accounts that it runs.
        room: how many more it has room for.
        folder: name of the folder with its logins; hosts that share one share the name.
        vault: name of the folder with its backups, likewise.
        opens: which backups it can open, each as the name of the store and of the key (see `backup_name`).
        writes: the name of the backups that it makes; of this host only.
        draining: it is being stopped.
    """

    host_id: str
    running: int
    room: int
    folder: str = ""
    vault: str = ""
    opens: frozenset[str] = frozenset()
    writes: str = ""
    draining: bool = False


@dataclass(frozen=True, slots=True)
class Free:
    """An account that nobody holds.

    Attributes:
        last_host: the host whose folder has its login.
        last_folder: name of that folder, when it is known.
        backup: name of the newest backup of the login (see `backup_name`); empty when there is none.
        wanted_host: where its owner wants it.
        portable: any host can run it: there is no login yet, or none is needed.
        movable: nothing newer than the backup is in the last host's folder, so that host need not hand anything over.
    """

    account_id: UUID
    last_host: str | None = None
    last_folder: str = ""
    backup: str = ""
    wanted_host: str | None = None
    portable: bool = True
    movable: bool = True

    def can_go_to(self, place: Place) -> bool:
        """Tell whether that host can open the account's login."""
        return self.portable or self.lies_at(place) or self.backup in place.opens or self.last_host is None

    def lies_at(self, place: Place) -> bool:
        """Tell whether the login is in that host's folder."""
        same_folder = bool(self.last_folder) and self.last_folder == place.folder
        return same_folder or self.last_host == place.host_id


class Obstacle(StrEnum):
    """Why an account cannot be moved to a host. Programs branch on it."""

    HOST_UNKNOWN = "host_unknown"
    HOST_DRAINING = "host_draining"
    HOST_FULL = "host_full"
    LOGIN_NOT_OPENABLE = "login_not_openable"


class MoveFailure(StrEnum):
    """Why a move that had been accepted did not happen."""

    HOST_GONE = "host_gone"
    LOGIN_NOT_SAVED = "login_not_saved"


def obstacle(account: Free, place: Place | None) -> Obstacle | None:
    """Tell what is in the way of moving an account; None: nothing.

    Args:
        account: as it will be once its host has saved the login and let go.
        place: the host; None when no host of that name is alive.
    """
    if place is None:
        return Obstacle.HOST_UNKNOWN
    if place.draining:
        return Obstacle.HOST_DRAINING
    if not account.can_go_to(place):
        return Obstacle.LOGIN_NOT_OPENABLE
    return Obstacle.HOST_FULL if place.room <= 0 else None


def backup_name(store: str, folder: str, key_id: str | None) -> str:
    """Name what a host needs to open a backup: the store, for files in a folder that folder, and the key.

    Empty for a folder that nobody knows by name.
    """
    place = folder if store == "local" else store
    return f"{place}/{key_id}" if place else ""


def share_out(free: Sequence[Free], places: Iterable[Place]) -> dict[UUID, str]:
    """Say which host should take which account.

    Where its owner wants it; else where its login lies, if that host has room; else where there is most room for it.
    But where its login lies in any case while that host is alive and has a newer one than the backup: only from there
    it can be handed over (see `session_core.host.moving`). An account is nobody's while no host is alive that can open
    it.

    Args:
        free: in the order in which they should come back.
        places: the hosts that are alive.
    """
    left = {place.host_id: place for place in places if not place.draining}
    shares: dict[UUID, str] = {}
    for account in free:
        place = _choose(account, [place for place in left.values() if account.can_go_to(place)])
        if place is not None:
            shares[account.account_id] = place.host_id
            left[place.host_id] = replace(place, running=place.running + 1, room=place.room - 1)
    return shares


def _choose(account: Free, able: Sequence[Place]) -> Place | None:
    by_id = {place.host_id: place for place in able}
    home = by_id.get(account.last_host or "")
    if home is not None and not account.movable:
        able = [place for place in able if account.lies_at(place)]
        by_id = {place.host_id: place for place in able}
    with_room = [place for place in able if place.room > 0]
    if account.wanted_host in by_id:
        return by_id[account.wanted_host]
    if home is not None and (home in with_room or not with_room):
        return home
    return min(with_room or able, key=lambda place: (place.running, -place.room, place.host_id), default=None)


def lease_surely_over(*, last_word_known: bool, bus_age: timedelta, free_for: timedelta, lease: timedelta) -> bool:
    """Tell whether a host that is said to run an account, and holds no lease on it, has stopped running it by now.

    A lease that ran out by itself says so. One that is missing because the bus forgot it does not: then its holder may
    be running the account and about to renew. It stops by itself when it cannot renew for the time of a lease.

    Args:
        last_word_known: the bus knows that host, so it has not forgotten everything.
        bus_age: how long the bus has been running.
        free_for: for how long we have seen the account without a lease.
        lease: how long a lease lasts.
    """
    return (last_word_known and bus_age > lease) or free_for > lease
