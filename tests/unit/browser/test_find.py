"""Which Chromium is taken when there are several."""

from __future__ import annotations

from pathlib import Path

import pytest

from session_core.browser import find
from session_core.browser.find import find_chromium, is_headless_shell
from session_core.errors import FatalError
from session_core.settings import Settings


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without any browser."""
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path / "playwright"))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr(find, "DEBIAN_FOLDER", tmp_path / "debian")
    monkeypatch.setattr(find, "MAC_APPLICATIONS", tmp_path / "Applications")
    monkeypatch.delenv("CHROMIUM_PATH", raising=False)
    return tmp_path


def browser(path: Path, mode: int = 0o755) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(mode)
    return path


SHELL = "playwright/chromium_headless_shell-{}/chrome-headless-shell-linux64/chrome-headless-shell"
FULL = "playwright/chromium-{}/chrome-linux64/chrome"

ORDER = [
    SHELL.format(1255),
    SHELL.format(900),
    "debian/chromium-headless-shell",
    "bin/chromium-headless-shell",
    FULL.format(1255),
    "debian/chromium",
    "bin/chromium",
    "bin/google-chrome",
    "Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
]


@pytest.mark.parametrize("first", range(len(ORDER)))
def test_the_order(machine: Path, first: int) -> None:
    for name in ORDER[first:]:
        browser(machine / name)
    assert find_chromium(Settings()) == machine / ORDER[first]


def test_chromium_path_wins(machine: Path) -> None:
    browser(machine / ORDER[0])
    chosen = browser(machine / "mine")
    assert find_chromium(Settings(chromium_path=chosen)) == chosen


@pytest.mark.parametrize("mode", [None, 0o644])
def test_a_wrong_chromium_path_is_said_and_not_replaced(machine: Path, mode: int | None) -> None:
    browser(machine / ORDER[0])
    chosen = machine / "mine" if mode is None else browser(machine / "mine", mode)
    with pytest.raises(FatalError, match="CHROMIUM_PATH") as caught:
        find_chromium(Settings(chromium_path=chosen))
    assert caught.value.code == "bad_setting"


def test_what_cannot_be_run_is_passed_over(machine: Path) -> None:
    browser(machine / "debian/chromium-headless-shell", 0o644)
    usable = browser(machine / "debian/chromium")
    assert find_chromium(Settings()) == usable


def test_none_says_what_to_do(machine: Path) -> None:
    with pytest.raises(FatalError) as caught:
        find_chromium(Settings())
    assert caught.value.code == "no_chromium"
    assert "make setup" in caught.value.action


@pytest.mark.parametrize(("name", "shell"), [(ORDER[0], True), (ORDER[2], True), (ORDER[4], False)])
def test_is_headless_shell(name: str, shell: bool) -> None:
    assert is_headless_shell(Path(name)) is shell
