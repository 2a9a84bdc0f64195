from __future__ import annotations

import socket
from typing import ClassVar

import psutil
import pytest

from session_core.browser import profile

HERE = socket.gethostname()


class Owner:
    """A process that a lock may name."""

    command: ClassVar[list[str]] = []

    def __init__(self, pid: int) -> None:
        self.pid = pid

    def cmdline(self) -> list[str]:
        return self.command


class Browser(Owner):
    command: ClassVar = ["chromium", "--user-data-dir=/data/a"]


class AnotherProgram(Owner):
    command: ClassVar = ["vim"]


class Forbidden(Owner):
    def cmdline(self) -> list[str]:
        raise psutil.AccessDenied(self.pid)


class Nobody(Owner):
    def __init__(self, pid: int) -> None:
        raise psutil.NoSuchProcess(pid)


@pytest.mark.parametrize(
    ("target", "process", "dead"),
    [
        (f"{HERE}-77", Nobody, True),
        (f"{HERE}-77", AnotherProgram, True),
        (f"{HERE}-77", Browser, False),
        (f"{HERE}-77", Forbidden, False),
        ("another-machine-77", Nobody, False),
        (f"{HERE}-nonsense", Nobody, False),
        ("", Nobody, False),
    ],
)
def test_only_a_proved_death_frees_a_lock(
    monkeypatch: pytest.MonkeyPatch, target: str, process: type[Owner], dead: bool
) -> None:
    monkeypatch.setattr(psutil, "Process", process)
    assert profile.owner_is_dead(target) is dead
