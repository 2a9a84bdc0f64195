"""All contestants in one run, and the tables of ``docs/capacity.md``."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from benchmarks.capacity.browsers import Browsers
from benchmarks.capacity.contestants import Contestant, Place, Theirs, ours
from benchmarks.capacity.measure import Pace, Result, measure
from benchmarks.capacity.ordinary import as_ordinary_user
from tests.servers.sandbox import running_sandbox
from tests.servers.whahook import running_whahook

RESUME_MS = 3000
"""whatsapp-web.js misses "ready" when the page is in its main mode before the library has attached itself.

So long a known device waits for its main mode; it is in everybody's time from start to ready."""

OURS, OURS_FULL = "WhaHook", "WhaHook, full Chromium"
THEIRS, THEIRS_SHELL = "whatsapp-web.js, its defaults", "whatsapp-web.js, headless shell"
NAMES = (OURS, THEIRS, THEIRS_SHELL, OURS_FULL)
THEM = (THEIRS, THEIRS_SHELL)
"""Those that are no WhaHook: the first that is measured is what the others are compared with."""
FULL = (THEIRS, OURS_FULL)
"""Those that drive full Chromium."""


async def run(names: list[str], pace: Pace, browsers: Browsers, args: list[str]) -> dict[str, Result]:
    """Measure the contestants one after another, each alone on the machine.

    Args:
        names: which of `NAMES`.
        pace: how long and how often is looked.
        browsers: what they drive.
        args: further switches for WhaHook's Chromium, to try something.
    """
    results = {}
    with tempfile.TemporaryDirectory() as name:
        async with running_sandbox(Path(name) / "sandbox") as sandbox:
            await sandbox.config(heavy=True, resumeMs=RESUME_MS)
            for number, contestant in enumerate(names):
                chromium = browsers.full if contestant in FULL else browsers.shell
                more = args if contestant not in THEM else []
                folder = Path(name) / str(number)
                place = Place(sandbox.client, chromium, [*sandbox.chromium_args, *more], as_ordinary_user(), folder)
                async with _contestant(contestant, place) as running:
                    results[contestant] = await measure(running, pace)
    return results


@asynccontextmanager
async def _contestant(name: str, place: Place) -> AsyncIterator[Contestant]:
    place.folder.mkdir()
    if name in THEM:
        client = Theirs(place, name)
        try:
            yield client
        finally:
            await client.stop()
        return
    with running_whahook(place.folder / "data", _environment(place), place.prefix or []) as whahook:
        async with ours(whahook, place, name) as running:
            yield running


def _environment(place: Place) -> Mapping[str, str]:
    return {
        "CHROMIUM_PATH": str(place.chromium),
        "WHAHOOK_CHROMIUM_ARGS": " ".join(f"'{arg}'" for arg in place.args),
        "WHAHOOK_CHROMIUM_SANDBOX": "off" if place.prefix is None else "on",
        "WHAHOOK_SANDBOX": "off",
    }
