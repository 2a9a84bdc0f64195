from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest

from session_core.browser import usage
from session_core.browser.usage import Usage, measure, memory_of


class Process:
    """As much of a psutil.Process as is measured."""

    def __init__(self, pid: int, command: list[str], children: list[Process] | None = None, cpu: float = 1.0) -> None:
        self.pid = pid
        self.info: dict[str, Any] = {"cmdline": command}
        self._children = children or []
        self._cpu = cpu

    def children(self, recursive: bool = False) -> list[Process]:
        return self._children

    def cpu_times(self) -> SimpleNamespace:
        return SimpleNamespace(user=self._cpu, system=0.5)

    def create_time(self) -> float:
        return 100.0 + self.pid

    def memory_info(self) -> SimpleNamespace:
        return SimpleNamespace(rss=50, shared=20)


class EndedProcess(Process):
    def cpu_times(self) -> SimpleNamespace:
        raise psutil.NoSuchProcess(self.pid)


def test_each_browser_is_measured_with_its_whole_tree(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    renderer, gone = Process(3, ["chromium", "--type=renderer"]), EndedProcess(4, [])
    browser = Process(2, ["chromium", f"--user-data-dir={tmp_path}/a"], [renderer, gone])
    other = Process(9, ["chromium", f"--user-data-dir={tmp_path}/stranger"])
    # A helper that names the profile too is a child of the browser: counted once.
    helper = Process(3, ["chromium", f"--user-data-dir={tmp_path}/a"])
    monkeypatch.setattr(psutil, "process_iter", lambda _: [browser, other, helper])
    monkeypatch.setattr(usage, "PROC", tmp_path / "no proc")
    monkeypatch.setattr(usage.memory_of, "__defaults__", (tmp_path / "no proc",))
    found = measure({"a": tmp_path / "a", "b": tmp_path / "b"})
    assert found == {"a": Usage(60, {(2, 102.0): 1.5, (3, 103.0): 1.5}), "b": Usage()}


def test_memory_is_the_share_that_the_kernel_tells(tmp_path: Path) -> None:
    rollup = tmp_path / "7" / "smaps_rollup"
    rollup.parent.mkdir()
    rollup.write_text("55e0-7ffd ---p 00000000 00:00 0 [rollup]\nRss:  900 kB\nPss:  300 kB\nPss_Dirty: 10 kB\n")
    assert memory_of(Process(7, []), tmp_path) == 300 * 1024
    rollup.write_text("nonsense")
    assert memory_of(Process(7, []), tmp_path) == 30
    assert memory_of(Process(8, []), tmp_path) == 30


def test_cpu_counts_what_was_used_since() -> None:
    before = Usage(cpu={(1, 1.0): 10.0, (2, 1.0): 5.0})
    now = Usage(cpu={(1, 1.0): 12.0, (2, 9.0): 1.0, (3, 1.0): 0.5})
    assert now.cpu_since(before) == pytest.approx(2.0 + 1.0 + 0.5)
