"""Handing running accounts over to other hosts: because their owner wants it, or because they are better off there."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from session_core.domain.status import ReasonCode
from session_core.host.house import House
from session_core.host.neighbours import Neighbours
from session_core.host.policy import Goal, Order
from session_core.host.session import Session
from session_core.host.sharing import Free, Place, share_out
from session_core.host.taking import name_of
from session_core.store import accounts, backups
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
            runtime = rows[session.account_id]
            target = self._target(session, runtime, name_of(saved.get(session.account_id), self._neighbours), here)
            # The wish is kept until the other host has it; one that cannot be fulfilled is forgotten.
            await self._wish(session.account_id, None if target is None else target.host_id)
            if target is not None:
                order = Order(Goal.LEAVE, 0, why=ReasonCode.MOVING, hand_over=target.folder != here.folder)
                session.order(order)

    def receiver(self, here: Place) -> bool:
        """Tell whether another host could go on with what this one saves when it leaves."""
        return any(here.writes in place.opens for place in self._neighbours.places if place.folder != here.folder)

    async def keep(self, account_id: UUID) -> None:
        """Forget that the account should be elsewhere: its login could not be saved.

        Raises:
            STORE_ERRORS: it is not forgotten.
        """
        await self._wish(account_id, None)

    async def _wish(self, account_id: UUID, host_id: str | None) -> None:
        async with self._house.core.db.begin() as database:
            await accounts.wish_host(database, account_id, host_id)

    def _should_leave(self, session: Session, runtime: SessionRuntime | None, here: Place) -> bool:
        if runtime is None or session.running.goal is not Goal.CONNECT or session.ending:
            return False
        return runtime.wanted_host_id not in {None, here.host_id} or (session.stuck and not self._neighbours.alone)

    def _target(self, session: Session, runtime: SessionRuntime, saved: str, here: Place) -> Place | None:
        free = Free(
            session.account_id,
            last_host=here.host_id,
            last_folder=here.folder,
            backup=here.writes or saved,
            portable=runtime.phone_number is None,
        )
        able = [place for place in self._neighbours.places if free.can_go_to(place)]
        if runtime.wanted_host_id not in {None, here.host_id}:
            return next((place for place in able if place.host_id == runtime.wanted_host_id), None)
        roomy = [place for place in able if place.room > 0]
        chosen = share_out([free], roomy).get(session.account_id)
        return next((place for place in roomy if place.host_id == chosen), None)
