"""Tells every few seconds how the sessions of this host are."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Protocol
from uuid import UUID

from session_core.bus import condition
from session_core.bus.connection import BUS_ERRORS
from session_core.core import Core
from session_core.domain.health import Health
from session_core.outages import Outage

TELL_TIMEOUT = timedelta(seconds=2)


class Watched(Protocol):
    """As much of a session as is looked at."""

    @property
    def health(self) -> Health | None:
        """What the last looks at its page found."""
        ...


class HealthTeller:
    """Tells the findings about all sessions in one go; `tell` is one round."""

    def __init__(self, core: Core, sessions: Mapping[UUID, Watched]) -> None:
        self._core = core
        self._sessions = sessions
        self._told: set[UUID] = set()
        self._outage = Outage("health_not_told")

    async def tell(self) -> None:
        """Tell how the sessions are now, and take back what was told of those that are gone or judged no more."""
        found: dict[UUID, Health | None] = {key: session.health for key, session in self._sessions.items()}
        judged = {key for key, health in found.items() if health is not None}
        news = {key: found.get(key) for key in self._told | judged}
        if not news:
            return
        try:
            async with asyncio.timeout(TELL_TIMEOUT.total_seconds()):
                await condition.keep_health(self._core.redis, news)
        except BUS_ERRORS as error:
            self._outage.begins(error)
            return
        self._outage.ends()
        self._told = judged
