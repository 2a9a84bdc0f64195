"""Handing running accounts over to other hosts: because their owner wants it, or because they are better off there."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from session_core.domain.events import ActivityAdded, SessionChanged
from session_core.domain.sharing import Free, MoveFailure, Place, share_out
from session_core.domain.status import ReasonCode
from session_core.host.house import House
from session_core.host.neighbours import Neighbours
from session_core.host.policy import Goal, Order
from session_core.host.session import Session
from session_core.host.taking import name_of
from session_core.store import accounts, activity, backups
from session_core.store.models import SessionRuntime


class Mover:
    """Tells sessions to leave that should be elsewhere. The other host takes what nobody holds, by itself."""

    def __init__(self, house: House, neighbours: Neighbours) -> None:
        self._house = house
        self._neighbours = neighbours

    async def look(self, sessions: Collection[Session], rows: dict[UUID, SessionRuntime], here: Place) -> None:
        """Tell sessions to leave that should be elsewhere.

        Raises:
            STORE_ERRORS: it cannot be told.
        """
        leaving = [session for session in sessions if self._should_leave(session, rows.get(session.account_id), here)]
        if not leaving:
            return
        async with self._house.core.db.read() as database:
            saved = await backups.newest(database, [session.account_id for session in leaving])
        for session in leaving:
            backup = name_of(saved.get(session.account_id), self._neighbours)
            await self._send_away(session, rows[session.account_id], backup, here)

    async def _send_away(self, session: Session, runtime: SessionRuntime, backup: str, here: Place) -> None:
        wish = runtime.wanted_host_id
        target = self._target(session, runtime, backup, here)
        if target is None:
            if wish is not None:
                await self._give_up(session.account_id, wish, MoveFailure.HOST_GONE)
            return
        # The wish is kept until the other host has it; so it goes there, whoever else has room.
        if target.host_id != wish and not await self._wish(session.account_id, target.host_id, instead_of=wish):
            return
        session.order(Order(Goal.LEAVE, 0, why=ReasonCode.MOVING, hand_over=target.folder != here.folder))

    def receiver(self, here: Place) -> bool:
        """Tell whether another host could go on with what this one saves when it leaves."""
        return any(here.writes in place.opens for place in self._neighbours.places if place.folder != here.folder)

    async def keep(self, account_id: UUID) -> None:
        """Forget that the account should be elsewhere: its login could not be saved.

        Raises:
            STORE_ERRORS: it is not forgotten.
        """
        async with self._house.core.db.read() as database:
            row = await accounts.get(database, account_id)
        if row is not None and (wish := row[1].wanted_host_id) is not None:
            await self._give_up(account_id, wish, MoveFailure.LOGIN_NOT_SAVED)

    async def _wish(self, account_id: UUID, host_id: str, *, instead_of: str | None) -> bool:
        async with self._house.core.db.begin() as database:
            return await accounts.wish_host(database, account_id, host_id, instead_of=instead_of)

    async def _give_up(self, account_id: UUID, wish: str, why: MoveFailure) -> None:
        """Forget a wish and tell its owner; one that was made since then stays."""
        core = self._house.core
        async with core.db.begin() as database:
            if not await accounts.wish_host(database, account_id, None, instead_of=wish):
                return
            entry = await activity.add(database, account_id, "move_failed", detail=why)
            row = await accounts.get(database, account_id)
        if row is not None:
            account, runtime = row
            user_id, snapshot = account.user_id, accounts.snapshot(account, runtime)
            core.news.publish(SessionChanged(user_id=user_id, session=snapshot))
            core.news.publish(ActivityAdded(user_id=user_id, entry=entry))

    def _should_leave(self, session: Session, runtime: SessionRuntime | None, here: Place) -> bool:
        if runtime is None or session.running.goal is not Goal.CONNECT or session.ending:
            return False
        return _wanted_elsewhere(runtime, here) or (session.stuck and not self._neighbours.alone)

    def _target(self, session: Session, runtime: SessionRuntime, saved: str, here: Place) -> Place | None:
        free = Free(
            session.account_id,
            last_host=here.host_id,
            last_folder=here.folder,
            backup=here.writes or saved,
            portable=runtime.phone_number is None,
        )
        able = [place for place in self._neighbours.places if free.can_go_to(place)]
        if _wanted_elsewhere(runtime, here):
            return next((place for place in able if place.host_id == runtime.wanted_host_id), None)
        roomy = [place for place in able if place.room > 0]
        chosen = share_out([free], roomy).get(session.account_id)
        return next((place for place in roomy if place.host_id == chosen), None)


def _wanted_elsewhere(runtime: SessionRuntime, here: Place) -> bool:
    return runtime.wanted_host_id not in {None, here.host_id}
