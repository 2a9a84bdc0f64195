"""The queues that RQ's workers take jobs from, and how they are named."""

from __future__ import annotations

import re
from enum import StrEnum

PREFIX = "whahook-"
"""Others may share the server: our queues are known by it."""


class JobQueue(StrEnum):
    """A queue, by its name in Redis. The first one is the one that people wait for."""

    SENDING = "whahook-sending"
    ALERTS = "whahook-alerts"

    @property
    def short(self) -> str:
        """The name without the prefix, as people write it."""
        return self.value.removeprefix(PREFIX)


def parse_queues(text: str) -> tuple[JobQueue, ...]:
    """Read names of queues, short or whole, with commas or spaces between; ``all`` is all of them.

    Raises:
        ValueError: there is no such queue, or none is named.
    """
    names = [name for name in re.split(r"[,\s]+", text.strip()) if name]
    if names == ["all"]:
        return tuple(JobQueue)
    known = {name: queue for queue in JobQueue for name in (queue.value, queue.short)}
    if not names or any(name not in known for name in names):
        raise ValueError("must be some of " + ", ".join(queue.short for queue in JobQueue))
    return tuple(dict.fromkeys(known[name] for name in names))
