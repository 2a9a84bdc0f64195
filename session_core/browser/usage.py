"""What the browsers of profiles use: memory as the kernel shares it out (PSS), and CPU time."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from session_core.browser.processes import SWITCH

PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Usage:
    """What one browser uses, all its processes together.

    Attributes:
        memory: bytes.
        cpu: seconds of CPU time of each process, by its id and its start: ids are given again.
    """

    memory: int = 0
    cpu: Mapping[tuple[int, float], float] = field(default_factory=dict)

    def cpu_since(self, before: Usage) -> float:
        """Return the seconds of CPU time used since an earlier measurement; what ended in between is not counted."""
        return sum(max(0.0, seconds - before.cpu.get(process, 0.0)) for process, seconds in self.cpu.items())


def measure(profiles: Mapping[str, Path]) -> dict[str, Usage]:
    """Measure the browsers of several profiles, by name. Blocking: about 5 ms for each process (measured)."""
    names = {os.path.realpath(path): name for name, path in profiles.items()}
    trees: dict[str, dict[int, psutil.Process]] = {name: {} for name in profiles}
    for process in psutil.process_iter(["cmdline"]):
        for path in _opened(process.info["cmdline"] or ()):
            if (name := names.get(path)) is not None:
                trees[name] |= _tree(process)
    return {name: _sum(tree.values()) for name, tree in trees.items()}


def _opened(command: Iterable[str]) -> list[str]:
    return [os.path.realpath(arg.removeprefix(SWITCH)) for arg in command if arg.startswith(SWITCH)]


def _tree(process: psutil.Process) -> dict[int, psutil.Process]:
    try:
        return {one.pid: one for one in (process, *process.children(recursive=True))}
    except psutil.Error:
        return {process.pid: process}


def _sum(processes: Iterable[psutil.Process]) -> Usage:
    memory, cpu = 0, {}
    for process in processes:
        try:
            times = process.cpu_times()
            cpu[process.pid, process.create_time()] = times.user + times.system
            memory += memory_of(process)
        except psutil.Error:
            # It ended just now.
            continue
    return Usage(memory, cpu)


def memory_of(process: psutil.Process, proc: Path = PROC) -> int:
    """Return the bytes that a process takes: its PSS, or what is its own where the kernel does not tell that."""
    try:
        for line in (proc / str(process.pid) / "smaps_rollup").read_text(encoding="ascii").splitlines():
            name, _, value = line.partition(":")
            if name == "Pss":
                return int(value.split()[0]) * 1024
    except (OSError, ValueError):
        # Another system than Linux, or a process that hides from everybody but root.
        pass
    used = process.memory_info()
    return int(max(0, used.rss - getattr(used, "shared", 0)))
