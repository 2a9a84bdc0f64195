"""What the queue runs. A job's arguments are JSON: whoever can write to the queue must not be able to run code."""

from __future__ import annotations

from uuid import UUID

from session_core.alerts.post import send
from session_core.sending import process


def mail(alert_id: str) -> str:
    """Send the e-mail of an alert if it is due; see `session_core.alerts.post.send`.

    Args:
        alert_id: UUID of the alert.

    Returns:
        What became of it.
    """
    return process.run(lambda core: send(core, UUID(alert_id)))
