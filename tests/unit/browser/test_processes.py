from __future__ import annotations

from pathlib import Path
from typing import Any

import psutil
import pytest

from session_core.browser import processes


class FakeProcess:
    """As much of a psutil.Process as is used; ``stubborn`` survives what is named there."""

    def __init__(self, pid: int, command: list[str] | None, children: list[FakeProcess] | None = None) -> None:
        self.pid = pid
        self.info: dict[str, Any] = {"cmdline": command}
        self._children = children or []
        self.stubborn: set[str] = set()
        self.signals: list[str] = []
        self.alive = True

    def children(self, recursive: bool = False) -> list[FakeProcess]:
        assert recursive
        return self._children

    def terminate(self) -> None:
        self._take("terminate")

    def kill(self) -> None:
        self._take("kill")

    def status(self) -> str:
        return psutil.STATUS_RUNNING if self.alive else psutil.STATUS_ZOMBIE

    def _take(self, signal: str) -> None:
        self.signals.append(signal)
        self.alive = self.alive and signal in self.stubborn


class VanishedProcess(FakeProcess):
    """Ends between being listed and being looked at."""

    def children(self, recursive: bool = False) -> list[FakeProcess]:
        raise psutil.NoSuchProcess(self.pid)

    def terminate(self) -> None:
        raise psutil.NoSuchProcess(self.pid)


@pytest.fixture
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    def wait(found: list[FakeProcess], timeout: float) -> tuple[list[FakeProcess], list[FakeProcess]]:
        return [p for p in found if not p.alive], [p for p in found if p.alive]

    monkeypatch.setattr(psutil, "wait_procs", wait)


@pytest.mark.parametrize(
    ("command", "matches"),
    [
        (["chromium", "--user-data-dir=/data/a"], True),
        (["chromium", "--user-data-dir=/data/x/../a/"], True),
        (["chromium", "--user-data-dir=/data/ab"], False),
        (["chromium", "--user-data-dir=/data"], False),
        (["vim", "/data/a"], False),
        ([], False),
    ],
)
def test_a_process_belongs_to_a_profile_by_its_switch_alone(command: list[str], matches: bool) -> None:
    assert processes.names_profile(command, Path("/data/a")) is matches


def test_the_processes_of_a_profile_include_their_children_once(monkeypatch: pytest.MonkeyPatch) -> None:
    child = FakeProcess(3, ["chromium", "--type=renderer", "--user-data-dir=/data/a"])
    ours = FakeProcess(2, ["chromium", "--user-data-dir=/data/a"], [child, FakeProcess(4, ["chromium"])])
    others = [FakeProcess(5, ["chromium", "--user-data-dir=/data/b"]), FakeProcess(6, None)]
    gone = VanishedProcess(7, ["chromium", "--user-data-dir=/data/a"])
    monkeypatch.setattr(psutil, "process_iter", lambda attrs: [ours, child, *others, gone])
    assert sorted(process.pid for process in processes.of_profile(Path("/data/a"))) == [2, 3, 4, 7]


@pytest.mark.usefixtures("no_waiting")
def test_what_ends_by_itself_gets_no_signal() -> None:
    process = FakeProcess(2, [])
    process.alive = False
    assert processes.end([process]) == 0  # type: ignore[list-item]
    assert process.signals == []


@pytest.mark.usefixtures("no_waiting")
def test_term_comes_before_kill() -> None:
    polite, deaf = FakeProcess(2, []), FakeProcess(3, [])
    deaf.stubborn = {"terminate"}
    assert processes.end([polite, deaf]) == 0  # type: ignore[list-item]
    assert polite.signals == ["terminate"]
    assert deaf.signals == ["terminate", "kill"]


@pytest.mark.usefixtures("no_waiting")
def test_what_cannot_be_ended_is_counted() -> None:
    process = FakeProcess(2, [])
    process.stubborn = {"terminate", "kill"}
    assert processes.end([process]) == 1  # type: ignore[list-item]
