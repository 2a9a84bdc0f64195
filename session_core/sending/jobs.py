"""What the queue runs. A job's arguments are JSON: whoever can write to the queue must not be able to run code."""

from __future__ import annotations

from uuid import UUID

from session_core.sending import process
from session_core.sending.drain import drain_lane


def drain(account_id: str) -> int:
    """Drain an account's lane for a few seconds; see `session_core.sending.drain.drain_lane`.

    Args:
        account_id: UUID of the account.

    Returns:
        How many commands to send went to a host.
    """
    return process.run(lambda core: drain_lane(core, UUID(account_id)))


def warm_up() -> None:
    """Open what jobs need before the first one comes."""
    process.run(lambda core: core.db.ping())
