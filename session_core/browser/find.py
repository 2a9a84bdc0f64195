"""Which Chromium is used. The headless shell comes first: measured, it takes about 76 MB less for each account."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from session_core.errors import FatalError
from session_core.settings import Settings

DEBIAN_FOLDER = Path("/usr/lib/chromium")
MAC_APPLICATIONS = Path("/Applications")

_PLAYWRIGHT_SHELLS = ("chromium_headless_shell-*/*/chrome-headless-shell", "chromium_headless_shell-*/*/headless_shell")
_PLAYWRIGHT_FULL = (
    "chromium-*/*/chrome",
    "chromium-*/*/*.app/Contents/MacOS/Google Chrome for Testing",
    "chromium-*/*/*.app/Contents/MacOS/Chromium",
)
_MAC_APPS = ("Google Chrome.app/Contents/MacOS/Google Chrome", "Chromium.app/Contents/MacOS/Chromium")


def find_chromium(settings: Settings) -> Path:
    """Return the browser to launch: ``CHROMIUM_PATH`` if set, else a headless shell, else a full Chromium or Chrome.

    In each group Playwright's own download comes first, then Debian's package, then whatever is on ``PATH``.

    Raises:
        FatalError: there is none, or ``CHROMIUM_PATH`` names something that cannot be run.
    """
    chosen = settings.chromium_path
    if chosen is not None:
        if not _runnable(chosen):
            raise FatalError(f"CHROMIUM_PATH: {chosen} is not a program that can be run.", code="bad_setting")
        return chosen.absolute()
    for candidate in installed_chromiums():
        return candidate
    raise FatalError(
        "There is no Chromium on this machine.",
        code="no_chromium",
        action="Run `make setup`, or install Chromium or Chrome, or set CHROMIUM_PATH to one.",
    )


def installed_chromiums() -> Iterator[Path]:
    """Return every browser that is there, the preferred one first. Blocking."""
    return (path for path in _candidates(playwright_folder()) if _runnable(path))


def is_headless_shell(path: Path) -> bool:
    """Whether ``path`` is the small Chromium that only works without a window."""
    return "headless" in path.name


def playwright_folder() -> Path:
    """Return the folder where Playwright keeps the browsers that it downloads."""
    chosen = os.environ.get("PLAYWRIGHT_BROWSERS_PATH")
    if chosen and chosen != "0":
        return Path(chosen)
    cache = Path.home() / ("Library/Caches" if sys.platform == "darwin" else ".cache")
    return cache / "ms-playwright"


def _candidates(playwright: Path) -> Iterator[Path]:
    yield from _downloaded(playwright, _PLAYWRIGHT_SHELLS)
    yield DEBIAN_FOLDER / "chromium-headless-shell"
    yield from _on_path("chromium-headless-shell", "chrome-headless-shell")
    yield from _downloaded(playwright, _PLAYWRIGHT_FULL)
    # Not /usr/bin/chromium: that is a shell script around this one, which reads switches from elsewhere.
    yield DEBIAN_FOLDER / "chromium"
    yield from _on_path("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    yield from (MAC_APPLICATIONS / name for name in _MAC_APPS)


def _downloaded(folder: Path, patterns: tuple[str, ...]) -> list[Path]:
    found = [path for pattern in patterns for path in folder.glob(pattern)]
    return sorted(found, key=lambda path: _revision(path.relative_to(folder)), reverse=True)


def _revision(relative: Path) -> int:
    number = relative.parts[0].rpartition("-")[2]
    return int(number) if number.isdigit() else 0


def _on_path(*names: str) -> Iterator[Path]:
    for name in names:
        if found := shutil.which(name):
            yield Path(found)


def _runnable(path: Path) -> bool:
    return path.is_file() and os.access(path, os.X_OK)
