from __future__ import annotations

import socket
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar

import psutil
import pytest

from session_core.browser import profile
from session_core.browser.stamp import Stamp
from session_core.clock import this_boot

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


class BrowserOfAnotherProfile(Owner):
    command: ClassVar = ["chromium", "--user-data-dir=/data/b"]


class AnotherProgram(Owner):
    command: ClassVar = ["vim"]


class Forbidden(Owner):
    def cmdline(self) -> list[str]:
        raise psutil.AccessDenied(self.pid)


class Nobody(Owner):
    def __init__(self, pid: int) -> None:
        raise psutil.NoSuchProcess(pid)


UNKNOWN = Stamp()
NOW = Stamp(host=HERE, boot=this_boot())
BEFORE_THE_RESTART = Stamp(host=HERE, boot="an earlier boot")
OLD_CONTAINER = Stamp(host="4f1c2d", boot=this_boot())
ANOTHER_MACHINE = Stamp(host="4f1c2d", boot="its own boot")


@pytest.mark.parametrize(
    ("target", "process", "last", "dead"),
    [
        (f"{HERE}-77", Nobody, UNKNOWN, True),
        (f"{HERE}-77", AnotherProgram, NOW, True),
        (f"{HERE}-77", BrowserOfAnotherProfile, NOW, True),
        (f"{HERE}-77", Browser, NOW, False),
        (f"{HERE}-77", Browser, UNKNOWN, False),
        (f"{HERE}-77", Forbidden, NOW, False),
        (f"{HERE}-77", Forbidden, BEFORE_THE_RESTART, True),
        ("another-machine-77", Nobody, UNKNOWN, False),
        ("another-machine-77", Nobody, NOW, False),
        ("4f1c2d-77", Nobody, OLD_CONTAINER, True),
        ("4f1c2d-77", Nobody, ANOTHER_MACHINE, False),
        (f"{HERE}-nonsense", Nobody, NOW, False),
        ("", Nobody, NOW, False),
    ],
)
def test_only_a_proved_death_frees_a_lock(
    monkeypatch: pytest.MonkeyPatch, target: str, process: type[Owner], last: Stamp, dead: bool
) -> None:
    monkeypatch.setattr(psutil, "Process", process)
    assert profile.owner_is_dead(target, Path("/data/a"), last) is dead


def test_what_is_put_aside_is_told_from_what_is_used() -> None:
    path = Path("/data/user_1_wa_1")
    aside = profile.quarantined(path, datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))
    assert aside.name == "user_1_wa_1.quarantine-20260102T030405.000000Z"
    assert profile.is_quarantined(aside)
    assert not profile.is_quarantined(path)
