"""``make bench``: the way from the button to the sent message, ours beside whatsapp-web.js, in one run."""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from pathlib import Path

from benchmarks import web_js, whahook
from benchmarks.steps import STEPS
from benchmarks.table import show
from session_core.browser.find import find_chromium
from session_core.settings import Settings
from tests.servers.whahook import running_whahook

LIMITS = {"WHAHOOK_MESSAGES_PER_ACCOUNT": "1000", "WHAHOOK_MESSAGES_PER_USER": "1000"}
"""The pace is not what is measured here."""


def main() -> None:
    """Measure both and print the table."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--runs", type=int, default=7, help="how often each goes through the steps (default 7)")
    runs = parser.parse_args().runs
    chromium = find_chromium(Settings())
    with tempfile.TemporaryDirectory() as folder, running_whahook(Path(folder) / "data", LIMITS) as running:
        ours = asyncio.run(whahook.measure(running, runs))
        args = [
            "--no-sandbox",
            f"--host-resolver-rules=MAP web.whatsapp.com:443 127.0.0.1:{running.sandbox_https_port}",
            "--ignore-certificate-errors",
        ]
        theirs = asyncio.run(web_js.measure(running.sandbox_url, args, chromium, runs))
    print("Milliseconds, median (range, runs); whatsapp-web.js has no page, its events stand for the DOM.\n")
    print(show(STEPS, {"WhaHook": ours, "whatsapp-web.js 1.34.7": theirs}))


if __name__ == "__main__":
    main()
