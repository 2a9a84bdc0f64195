"""How a Chromium is come by when there is none: one way after the other, and never past what a person chose."""

from __future__ import annotations

from pathlib import Path

import pytest

from session_core.browser import find
from session_core.errors import FatalError
from session_core.launch.chromium_setup import chromium_version, ensure_chromium
from session_core.settings import Settings


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without any browser."""
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path / "playwright"))
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    monkeypatch.setattr(find, "DEBIAN_FOLDER", tmp_path / "debian")
    monkeypatch.setattr(find, "MAC_APPLICATIONS", tmp_path / "Applications")
    monkeypatch.setattr(find, "_on_path", lambda *names: [])
    return tmp_path


def browser(path: Path, *, works: bool = True) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho Chromium 156\nexit {0 if works else 127}\n")
    path.chmod(0o755)
    return path


def refused() -> None:
    raise FatalError("no network here")


def test_one_that_is_there_and_runs_is_taken(machine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    there = browser(machine / "debian/chromium-headless-shell")
    assert ensure_chromium(Settings(chromium_path=None), [refused]) == there
    assert capsys.readouterr().out == f"Chromium: Chromium 156 ({there})\n"


def test_the_next_way_is_tried_and_the_failure_shown(machine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = machine / "debian/chromium"
    found = ensure_chromium(Settings(chromium_path=None), [refused, lambda: browser(target) and None])
    assert found == target
    assert "no network here" in capsys.readouterr().out


def test_one_that_does_not_run_is_replaced(machine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    browser(machine / "debian/chromium", works=False)
    better = machine / "debian/chromium-headless-shell"
    assert ensure_chromium(Settings(chromium_path=None), [lambda: browser(better) and None]) == better
    assert "does not run" in capsys.readouterr().out


def test_what_a_person_chose_is_never_replaced(machine: Path) -> None:
    chosen = browser(machine / "mine", works=False)
    with pytest.raises(FatalError, match="CHROMIUM_PATH"):
        ensure_chromium(Settings(chromium_path=chosen), [lambda: pytest.fail("installed another one")])


def test_when_nothing_works_it_says_what_a_person_can_do(machine: Path) -> None:
    with pytest.raises(FatalError) as caught:
        ensure_chromium(Settings(chromium_path=None), [refused, refused])
    assert "CHROMIUM_PATH" in caught.value.action


def test_the_version_of_what_is_no_program(tmp_path: Path) -> None:
    assert chromium_version(tmp_path / "nothing") is None
