"""A running sandbox for each test, and the browser that the proofs use."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.servers.sandbox import RunningSandbox, running_sandbox

SHELLS = ("/usr/lib/chromium/chromium-headless-shell", "/usr/lib/chromium/chromium")


@pytest.fixture
async def sandbox(tmp_path: Path) -> AsyncIterator[RunningSandbox]:
    """A sandbox on free ports, with no phones; acks come quickly."""
    async with running_sandbox(tmp_path / "sandbox") as running:
        await running.config(ackDeviceMs=50, ackReadMs=100)
        yield running


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of a Chromium, the shell if there is one; the real binary, since Debian's script adds flags of its own."""
    for path in (*SHELLS, shutil.which("chromium") or "", shutil.which("google-chrome") or ""):
        if path and os.access(path, os.X_OK):
            return path
    raise RuntimeError("There is no Chromium: run `make setup`, or install Debian's package `chromium`.")


@pytest.fixture(scope="session")
def chromium_flags() -> list[str]:
    """Flags that every browser of these tests needs on this machine; Chromium's own sandbox does not run as root."""
    return ["--no-sandbox"] if os.geteuid() == 0 else []
