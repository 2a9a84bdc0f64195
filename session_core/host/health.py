"""What a host tells about itself every few seconds."""

from __future__ import annotations

from session_core.bus.hosts import Heartbeat
from session_core.clock import utcnow
from session_core.host.room import Room


def heartbeat(host_id: str, room: Room, *, chromium_sandbox: bool, warnings: list[str]) -> Heartbeat:
    """Return the heartbeat of this moment.

    Args:
        host_id: who speaks.
        room: its places.
        chromium_sandbox: whether Chromium's own sandbox is on.
        warnings: what the operator should know, one sentence each.
    """
    told = list(warnings)
    if not room.left:
        told.append("There is no room for another session on this host.")
    return Heartbeat(
        host_id=host_id,
        at=utcnow(),
        running=room.taken,
        room_for=room.left,
        chromium_sandbox=chromium_sandbox,
        warnings=told,
    )
