"""Descendants whose parent died: the supervisor adopts them (see `adopt_orphans`) and ends what does not end by itself.

A host that is killed leaves Playwright's driver and its Chromiums behind. They usually notice and close; a new host
must not open the same profiles before they have.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import timedelta

import psutil
import structlog

log = structlog.get_logger(__name__)

GRACE = timedelta(seconds=4)
"""For Playwright's driver, which closes its browsers when it has lost the host."""
LOOK_EVERY = timedelta(milliseconds=100)


def orphans(owned: Iterable[int]) -> list[psutil.Process]:
    """Return our direct children that we did not start ourselves; those that ended already are taken off the table.

    Args:
        owned: ids of the processes that we started, and whose end somebody else waits for.
    """
    mine = set(owned)
    return [child for child in psutil.Process().children() if child.pid not in mine and not _ended(child)]


def _ended(process: psutil.Process) -> bool:
    with suppress(ChildProcessError):
        return os.waitpid(process.pid, os.WNOHANG)[0] != 0
    return True


async def end_orphans(owned: Callable[[], Iterable[int]], grace: timedelta = GRACE) -> int:
    """Wait until the orphans have ended by themselves; after ``grace`` kill them with everything below them.

    Returns:
        How many had to be killed.
    """
    with suppress(TimeoutError):
        async with asyncio.timeout(grace.total_seconds()):
            while orphans(owned()):  # noqa: ASYNC110 - nobody tells us about the end of somebody else's child
                await asyncio.sleep(LOOK_EVERY.total_seconds())
            return 0
    return kill_trees(orphans(owned()))


def kill_trees(roots: Iterable[psutil.Process]) -> int:
    """Kill the processes and everything below them; return how many there were."""
    doomed: list[psutil.Process] = []
    for root in roots:
        with suppress(psutil.NoSuchProcess):
            doomed += [*root.children(recursive=True), root]
    for process in doomed:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    if doomed:
        log.warning("orphans_killed", count=len(doomed))
    return len(doomed)
