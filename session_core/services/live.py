"""Hearing what happens to one's accounts while it happens."""

from __future__ import annotations

from contextlib import AbstractContextManager
from uuid import UUID

from session_core.bus.events import RESYNC, Resync, Subscription
from session_core.core import Core, open_core
from session_core.domain.events import AnyEvent

__all__ = ["RESYNC", "AnyEvent", "Core", "Resync", "Subscription", "open_core", "subscribe"]


def subscribe(core: Core, user_id: UUID) -> AbstractContextManager[Subscription]:
    """Listen to everything that happens to the user's accounts, until the block ends.

    Subscribe first, then read the snapshot (`session_core.services.accounts.list_accounts`), then apply events whose
    ``seq`` is higher; after a `Resync` read the snapshot again.
    """
    return core.hub.subscribe(user_id)
