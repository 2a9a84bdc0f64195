"""The hosts that a user's accounts may run on, and moving an account from one to another."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from session_core.bus import hosts
from session_core.bus.hosts import Heartbeat
from session_core.bus.reconcile import poke
from session_core.core import Core
from session_core.domain.events import ActivityAdded, SessionChanged, SessionSnapshot
from session_core.domain.sharing import Free, Obstacle, backup_name, obstacle
from session_core.domain.status import Desired, ReasonCode
from session_core.errors import NotFound, PolicyError
from session_core.store import accounts, activity, backups
from session_core.store.models import SessionBackup, SessionRuntime

LOOK_TIMEOUT = timedelta(seconds=4)


@dataclass(frozen=True, slots=True)
class HostView:
    """A host that is alive, as a user sees it: how full it is, and nothing of what others run there.

    Attributes:
        here: the account that was asked about runs there.
        obstacle: why that account cannot be moved there; None: it can, or no account was named.
    """

    id: str
    name: str
    running: int
    room_for: int
    draining: bool
    here: bool = False
    obstacle: Obstacle | None = None


async def list_hosts(core: Core, user_id: UUID, account_id: UUID | None = None) -> list[HostView]:
    """Return the hosts that are alive, by name.

    Args:
        core: the process's core.
        user_id: who asks.
        account_id: an account of theirs; then each host tells whether it can be moved there.

    Raises:
        NotFound: it is not the user's. What the bus raises when it is away passes through (`health.OUTAGES`).
    """
    if account_id is None:
        return [_view(beat) for beat in _alive(await _known(core))]
    async with core.db.read() as session:
        row = await accounts.owned(session, user_id, account_id)
        if row is None:
            raise NotFound("account")
        saved = (await backups.newest(session, [account_id])).get(account_id)
    known = await _known(core)
    runtime, free = row[1], _free(row[1], saved, known)
    return [
        _view(beat, here=beat.host_id == runtime.host_id, obstacle=obstacle(free, beat.place)) for beat in _alive(known)
    ]


async def move(core: Core, user_id: UUID, account_id: UUID, host_id: str) -> SessionSnapshot:
    """Have a running account closed, its login handed over, and opened on another host.

    What is written down is a wish: the host that has the account carries it out, and says so in the account's history
    when it cannot. Moving it to where it runs changes nothing.

    Raises:
        NotFound: it is not the user's.
        PolicyError: 422 ``host_unknown``: no host of that id is alive. 409 ``not_connected``, ``host_draining``,
            ``host_full`` or ``login_not_openable``. `health.OUTAGES` pass through.
    """
    known = await _known(core)
    place = next((beat.place for beat in _alive(known) if beat.host_id == host_id), None)
    async with core.db.begin() as session:
        row = await accounts.owned(session, user_id, account_id, lock=True)
        if row is None:
            raise NotFound("account")
        runtime = row[1]
        if runtime.desired is not Desired.CONNECTED or runtime.status.settled:
            raise _refusal("not_connected")
        wish = None if runtime.host_id == host_id else host_id
        if runtime.wanted_host_id == wish:
            return accounts.snapshot(*row)
        saved = (await backups.newest(session, [account_id])).get(account_id)
        found = obstacle(_free(runtime, saved, known), place)
        if found is not None and wish is not None:
            raise _refusal(found)
        await accounts.wish_host(session, account_id, wish, instead_of=runtime.wanted_host_id)
        entry = await activity.add(session, account_id, "move_requested", reason_code=ReasonCode.REQUESTED)
        again = await accounts.owned(session, user_id, account_id)
        assert again is not None  # noqa: S101 - its row is locked
        snapshot = accounts.snapshot(*again)
    await core.publisher.publish(SessionChanged(user_id=user_id, session=snapshot))
    await core.publisher.publish(ActivityAdded(user_id=user_id, entry=entry))
    await poke(core.redis)
    return snapshot


Known = dict[str, tuple[Heartbeat, bool]]
"""The last word of each host, and whether it was heard of lately."""


async def _known(core: Core) -> Known:
    async with asyncio.timeout(LOOK_TIMEOUT.total_seconds()):
        return {beat.host_id: (beat, lives) for beat, lives in await hosts.known(core.redis)}


def _alive(known: Known) -> list[Heartbeat]:
    return sorted((beat for beat, lives in known.values() if lives), key=lambda beat: (beat.name, beat.host_id))


def _view(beat: Heartbeat, *, here: bool = False, obstacle: Obstacle | None = None) -> HostView:
    return HostView(
        id=beat.host_id,
        name=beat.name or beat.host_id,
        running=beat.running,
        room_for=beat.room_for,
        draining=beat.draining,
        here=here,
        obstacle=None if here else obstacle,
    )


def _free(runtime: SessionRuntime, saved: SessionBackup | None, known: Known) -> Free:
    """Describe the account as it will be when its host has let go of it: that one saves its login first."""
    home, lives = known.get(runtime.last_host_id or runtime.host_id or "", (None, False))
    backup = ""
    if home is not None and lives:
        backup = home.writes
    elif saved is not None:
        maker, _ = known.get(saved.host_id, (None, False))
        backup = backup_name(saved.store, maker.vault if maker is not None else "", saved.key_id)
    return Free(
        runtime.account_id,
        last_host=runtime.last_host_id or runtime.host_id,
        last_folder=home.folder if home is not None else "",
        backup=backup,
        portable=runtime.phone_number is None,
    )


REFUSALS: dict[str, tuple[int, str, str]] = {
    "not_connected": (409, "The account is not running.", "Connect it; it starts where there is room."),
    Obstacle.HOST_UNKNOWN: (422, "No such host is alive.", "Choose one of GET /api/v1/hosts."),
    Obstacle.HOST_DRAINING: (409, "That host is being stopped.", "Choose another one, or wait until it is back."),
    Obstacle.HOST_FULL: (409, "There is no room on that host.", "Choose another one, or make room there first."),
    Obstacle.LOGIN_NOT_OPENABLE: (
        409,
        "That host could not open the account's login.",
        "Give the hosts one backup folder (WHAHOOK_BACKUP_DIR) and the same backup keys, or Supabase Storage.",
    ),
}
"""By the code: the HTTP status, what is wrong, what to do."""


def _refusal(code: str) -> PolicyError:
    status, message, action = REFUSALS[code]
    return PolicyError(message, code=str(code), action=action, status_code=status)
