"""What one open page knows of its viewer's accounts: read once, then kept up by events."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import structlog

from session_core.core import Core
from session_core.domain.events import AccountDeleted, MessageChanged, MessageView, SessionChanged, SessionSnapshot
from session_core.domain.message import Direction
from session_core.errors import NotFound
from session_core.services import accounts, health, messages, silence
from session_core.services.live import Resync
from whahook_app.live import Batch

log = structlog.get_logger(__name__)

LOOK_EVERY = timedelta(seconds=5)
"""How old the line about the hosts may get while other things happen."""


class AccountsModel:
    """The accounts in the order of the page, the messages that wait for a person, and the room on the hosts."""

    def __init__(self, core: Core, user_id: UUID, clock: Callable[[], float] = time.monotonic) -> None:
        self._core = core
        self._clock = clock
        self._looked_at = 0.0
        self.user_id = user_id
        self.snapshots: dict[UUID, SessionSnapshot] = {}
        self.queued: dict[UUID, int] = {}
        self.capacity = health.Capacity(0, 0, 0)
        self._silent: set[str] = set()
        self._listened_at = 0.0
        self.broken = False
        """The last reading failed; what is here may be old, and the next batch tries again."""

    async def apply(self, batch: Batch) -> bool:
        """Take in what happened, and look at the hosts now and then. True when the page has to change."""
        if self.broken or any(isinstance(event, Resync) for event in batch):
            await self._read()
            return True
        changed = False
        for event in batch:
            if isinstance(event, SessionChanged):
                changed |= await self._changed(event.session)
            elif isinstance(event, AccountDeleted):
                changed |= self.snapshots.pop(event.account_id, None) is not None
            elif isinstance(event, MessageChanged):
                changed |= self._active(event.message)
                changed |= await self._count(event.message.account_id)
        if not batch or self._clock() - self._looked_at > LOOK_EVERY.total_seconds():
            # By time, too: where something happens all the time there is never an empty batch.
            changed |= await self._look_at_hosts()
        return await self._look_for_silence() or changed

    async def _read(self) -> None:
        try:
            found = await accounts.list_accounts(self._core, self.user_id)
            self.snapshots = {snapshot.account_id: snapshot for snapshot in found}
            self._silent = await self._silent_hosts()
            for account_id in self.snapshots:
                await self._count(account_id)
            await self._look_at_hosts()
            self.broken = False
        except Exception as error:
            # Whatever the reason, the page says so and tries again; it must not lose its events.
            log.warning("page_not_readable", error=repr(error))
            self.broken = True

    async def _changed(self, snapshot: SessionSnapshot) -> bool:
        known = self.snapshots.get(snapshot.account_id)
        if known is not None and snapshot.seq < known.seq:
            return False
        self.snapshots[snapshot.account_id] = snapshot
        if known is None or known.status is not snapshot.status:
            # A renewed QR asks the database for nothing: it has to be on the page at once.
            await self._count(snapshot.account_id)
            await self._look_at_hosts()
        return True

    def _active(self, message: MessageView) -> bool:
        """Move the account's last activity, which has no event of its own."""
        snapshot = self.snapshots.get(message.account_id)
        at = message.created_at if message.direction is Direction.IN else message.sent_at
        if snapshot is None or at is None or (snapshot.last_activity is not None and at <= snapshot.last_activity):
            return False
        self.snapshots[message.account_id] = snapshot.model_copy(update={"last_activity": at})
        return True

    async def _count(self, account_id: UUID) -> bool:
        """Count the messages that wait, where the card tells it: when only a person can set them going."""
        snapshot = self.snapshots.get(account_id)
        if snapshot is None or not (snapshot.status.settled or snapshot.status.needs_person):
            return self.queued.pop(account_id, 0) != 0
        try:
            waiting = await messages.queue_length(self._core, self.user_id, account_id)
        except NotFound:
            waiting = 0
        before = self.queued.get(account_id, 0)
        self.queued[account_id] = waiting
        return waiting != before

    async def _look_for_silence(self) -> bool:
        """Read again when a host fell silent, or speaks again: nobody tells of the one, nor always of the other."""
        if self._clock() - self._listened_at <= LOOK_EVERY.total_seconds():
            return False
        try:
            silent = await self._silent_hosts()
        except Exception as error:
            log.warning("hosts_not_readable", error=repr(error))
            return False
        if silent == self._silent:
            return False
        await self._read()
        return True

    async def _silent_hosts(self) -> set[str]:
        self._listened_at = self._clock()
        holders = [snapshot.host_id for snapshot in self.snapshots.values() if not snapshot.status.settled]
        return set(await silence.silent_hosts(self._core, holders))

    async def _look_at_hosts(self) -> bool:
        self._looked_at = self._clock()
        before, self.capacity = self.capacity, await health.capacity(self._core)
        return self.capacity != before
