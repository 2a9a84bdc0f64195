"""The processes of one profile: found by their ``--user-data-dir``, never by the name of a program."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from datetime import timedelta
from pathlib import Path

import psutil
import structlog

log = structlog.get_logger(__name__)

SWITCH = "--user-data-dir="
TERM_PATIENCE = timedelta(seconds=5)
KILL_PATIENCE = timedelta(seconds=5)


def names_profile(command: Sequence[str], profile: Path) -> bool:
    """Tell whether a command line opens ``profile`` (both sides compared as real paths)."""
    wanted = os.path.realpath(profile)
    given = (arg.removeprefix(SWITCH) for arg in command if arg.startswith(SWITCH))
    return any(os.path.realpath(path) == wanted for path in given)


def of_profile(profile: Path) -> list[psutil.Process]:
    """Return every live process that was started on ``profile``, and their descendants. Blocking: about 10 ms."""
    found: dict[int, psutil.Process] = {}
    for process in psutil.process_iter(["cmdline"]):
        if names_profile(process.info["cmdline"] or (), profile):
            found[process.pid] = process
            found.update((child.pid, child) for child in _descendants(process))
    return list(found.values())


def _descendants(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.Error:
        return []


def end(processes: Iterable[psutil.Process], patience: timedelta = timedelta(0)) -> int:
    """See that ``processes`` are gone: wait, then TERM, then KILL. Blocking, run it in a thread.

    psutil compares the start time before it signals, so a reused process id is never hit.

    Args:
        processes: what must not run any longer.
        patience: how long they may take to end by themselves.

    Returns:
        How many are still there, which only an unkillable process can cause.
    """
    alive = _wait(processes, patience)
    if alive:
        log.warning("browser_terminated", processes=len(alive))
        alive = _signal(alive, "terminate", TERM_PATIENCE)
    if alive:
        log.warning("browser_killed", processes=len(alive))
        alive = _signal(alive, "kill", KILL_PATIENCE)
    return len(alive)


def kill(processes: Sequence[psutil.Process]) -> int:
    """Kill ``processes`` without asking them first; returns how many there were. Blocking, run it in a thread.

    It ends stopped and hanging ones too, which a polite signal does not reach.
    """
    alive = _signal(list(processes), "kill", KILL_PATIENCE)
    if alive:
        log.error("processes_not_killable", processes=len(alive))
    return len(processes)


def _signal(processes: list[psutil.Process], method: str, patience: timedelta) -> list[psutil.Process]:
    for process in processes:
        try:
            getattr(process, method)()
        except psutil.Error:
            continue
    return _wait(processes, patience)


def _wait(processes: Iterable[psutil.Process], patience: timedelta) -> list[psutil.Process]:
    _, alive = psutil.wait_procs(list(processes), timeout=patience.total_seconds())
    return [process for process in alive if not _is_zombie(process)]


def _is_zombie(process: psutil.Process) -> bool:
    """A zombie is dead and only waits for its parent to read its result; where its parent never does, it stays."""
    try:
        return bool(process.status() == psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return True
