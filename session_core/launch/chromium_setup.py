"""Get a Chromium for ``make setup``: the one that is there, Playwright's download, or Debian's package.

Run as ``python -m session_core.launch.chromium_setup``. Each way that is tried gets one line, each that fails another.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from session_core.browser.find import find_chromium
from session_core.errors import FatalError
from session_core.launch.progress import run_step, say
from session_core.settings import Settings, get_settings

ANSWER_TIMEOUT = timedelta(seconds=30)
DOWNLOAD_TIMEOUT = timedelta(minutes=10)
CONNECT_TIMEOUT = timedelta(seconds=15)
"""Of Playwright's download: without a network the next way is tried soon."""


def chromium_version(path: Path) -> str | None:
    """Return what the browser says of its version, None when it does not run (a missing library, say)."""
    try:
        done = subprocess.run(  # noqa: S603 - the browser that was found
            [path, "--version"],
            capture_output=True,
            text=True,
            timeout=ANSWER_TIMEOUT.total_seconds(),
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def ensure_chromium(settings: Settings, ways: list[Callable[[], None]] | None = None) -> Path:
    """Return a Chromium that runs; install one when there is none.

    Args:
        settings: ``CHROMIUM_PATH`` is obeyed and never replaced by another browser.
        ways: what to try in turn; each raises FatalError when it does not work.

    Raises:
        FatalError: nothing worked; says what a person can do.
    """
    found = _working(settings)
    if found is not None:
        return found
    for way in [download_by_playwright, install_by_apt] if ways is None else ways:
        try:
            way()
        except FatalError as error:
            say(f"  That did not work, going on with the next way. {error.message.splitlines()[0]}")
            continue
        found = _working(settings)
        if found is not None:
            return found
    raise FatalError(
        "No Chromium could be installed.",
        code="no_chromium",
        action="Install Chromium or Chrome yourself, or set CHROMIUM_PATH to one, and run this again.",
    )


def _working(settings: Settings) -> Path | None:
    try:
        path = find_chromium(settings)
    except FatalError as error:
        if error.code == "bad_setting":
            raise
        return None
    version = chromium_version(path)
    if version is None and settings.chromium_path is not None:
        raise FatalError(f"CHROMIUM_PATH: {path} does not run.", code="bad_setting")
    if version is None:
        say(f"  {path} is there but does not run (a system library may be missing).")
        return None
    say(f"Chromium: {version} ({path})")
    return path


def download_by_playwright() -> None:
    """Let Playwright download its headless shell into the user's cache folder."""
    milliseconds = str(int(CONNECT_TIMEOUT.total_seconds() * 1000))
    run_step(
        "Downloading Chromium (headless shell, about 110 MB) with Playwright",
        [sys.executable, "-m", "playwright", "install", "--only-shell", "chromium"],
        env={**os.environ, "PLAYWRIGHT_DOWNLOAD_CONNECTION_TIMEOUT": milliseconds},
        timeout=DOWNLOAD_TIMEOUT,
    )


def install_by_apt() -> None:
    """Install Debian's package: the headless shell where the release has it, else the whole Chromium.

    Raises:
        FatalError: no apt here, no right to install, or no such package.
    """
    apt = shutil.which("apt-get")
    if apt is None:
        raise FatalError("There is no apt-get on this machine.", code="no_apt")
    command = [*_as_root(), "env", "DEBIAN_FRONTEND=noninteractive", apt]
    run_step("Reading Debian's package lists", [*command, "update", "-q"])
    install = [*command, "install", "-q", "-y", "--no-install-recommends"]
    try:
        run_step("Installing chromium-headless-shell", [*install, "chromium-headless-shell"], timeout=DOWNLOAD_TIMEOUT)
    except FatalError:
        run_step("Installing chromium", [*install, "chromium"], timeout=DOWNLOAD_TIMEOUT)


def _as_root() -> list[str]:
    if os.geteuid() == 0:
        return []
    sudo = shutil.which("sudo")
    if sudo is None:
        raise FatalError("Installing a package needs root, and there is no sudo.", code="no_root")
    # Without a terminal nobody can type a password: then fail at once instead of waiting for one.
    return [sudo] if sys.stdin.isatty() else [sudo, "-n"]


def main() -> int:
    """Install; return the exit code."""
    try:
        ensure_chromium(get_settings())
    except FatalError as error:
        say(f"{error.message} {error.action}".strip(), stream=sys.stderr)
        return 2 if error.code == "bad_setting" else 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
