"""What trees of processes take: memory as the kernel shares it out, CPU time, and whether the page is walled in."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import psutil

from session_core.browser.processes import SWITCH

T = TypeVar("T")

SECCOMP_FILTER = "2"


@dataclass(frozen=True, slots=True)
class Reading:
    """What some processes take at one moment.

    Attributes:
        count: how many they are.
        pss: bytes, pages that several processes share divided among them.
        own: bytes of it that are in no file (anonymous and shared memory): what other programs on the machine do not
            change.
        cpu: seconds of CPU time since they began.
    """

    count: int = 0
    pss: int = 0
    own: int = 0
    cpu: float = 0.0

    def __add__(self, other: Reading) -> Reading:
        return Reading(self.count + other.count, self.pss + other.pss, self.own + other.own, self.cpu + other.cpu)


def tree(root: int) -> list[psutil.Process]:
    """Return a process and its descendants."""
    process = psutil.Process(root)
    return [process, *process.children(recursive=True)]


def browsers(processes: Iterable[psutil.Process]) -> list[psutil.Process]:
    """Return the processes that belong to a browser: those with a profile, and their descendants."""
    found: dict[int, psutil.Process] = {}
    for process in processes:
        if any(arg.startswith(SWITCH) for arg in _ask(process.cmdline, [])):
            found |= {one.pid: one for one in (process, *_ask(lambda one=process: one.children(recursive=True), []))}
    return list(found.values())


def read(processes: Iterable[psutil.Process]) -> Reading:
    """Measure some processes; those that end meanwhile count nothing."""
    return sum((_ask(lambda one=process: _one(one), Reading()) for process in processes), Reading())


def walled_in(processes: Iterable[psutil.Process]) -> bool:
    """Tell whether every page's process is under a filter of system calls and in a PID namespace of its own."""
    renderers = [one for one in processes if "--type=renderer" in _ask(one.cmdline, [])]
    return bool(renderers) and all(_in_namespace(one.pid) for one in renderers)


def _in_namespace(pid: int) -> bool:
    status = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines() if ":" in line)
    return status["Seccomp"].strip() == SECCOMP_FILTER and len(status["NSpid"].split()) > 1


def _one(process: psutil.Process) -> Reading:
    times = process.cpu_times()
    kilobytes = {}
    for line in Path(f"/proc/{process.pid}/smaps_rollup").read_text().splitlines()[1:]:
        name, value = line.split(":")
        kilobytes[name] = int(value.split()[0])
    own = kilobytes["Pss_Anon"] + kilobytes["Pss_Shmem"]
    return Reading(1, kilobytes["Pss"] * 1024, own * 1024, times.user + times.system)


def _ask(question: Callable[[], T], otherwise: T) -> T:
    try:
        return question()
    except (psutil.Error, OSError):
        return otherwise
