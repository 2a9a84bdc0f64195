"""``make bench``: ours beside whatsapp-web.js: from the button to the sent message, and what a session costs."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import tempfile
from pathlib import Path

import structlog

from benchmarks import scale, throughput, web_js, whahook
from benchmarks.capacity.browsers import Browsers
from benchmarks.capacity.machine import machine
from benchmarks.capacity.measure import Pace
from benchmarks.capacity.run import FULL, NAMES, THEM, run
from benchmarks.capacity.table import show as show_capacity
from benchmarks.steps import STEPS
from benchmarks.table import show
from session_core.browser.find import find_chromium
from session_core.settings import Settings
from tests.servers.whahook import running_whahook

LIMITS = {"WHAHOOK_MESSAGES_PER_ACCOUNT": "1000", "WHAHOOK_MESSAGES_PER_USER": "1000"}
"""The pace is not what is measured here."""

WHAT = ("all", "steps", "throughput", "capacity", "scale")


def main() -> None:
    """Measure what was asked for and print the tables."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("what", choices=WHAT, nargs="?", default="all", help="default: all")
    parser.add_argument("--runs", type=int, default=7, help="steps: how often each goes through them (default 7)")
    parser.add_argument("--starts", type=int, default=3, help="capacity: how often sessions are started (default 3)")
    parser.add_argument("--settle", type=float, default=60, help="capacity: seconds until it is looked (default 60)")
    parser.add_argument("--window", type=float, default=30, help="capacity: seconds of looking (default 30)")
    parser.add_argument("--only", type=int, nargs="+", metavar="N", help=f"capacity: columns of {NAMES}, from 0")
    parser.add_argument("--full-chromium", type=Path, metavar="PATH", help="capacity: where one is that was not found")
    parser.add_argument("--chromium-arg", action="append", default=[], help="capacity: a switch to try with ours")
    options = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    if options.what in {"all", "steps"}:
        steps(options.runs)
    if options.what in {"all", "throughput"}:
        print(asyncio.run(throughput.measure(find_chromium(Settings()))), end="\n\n")
    if options.what == "scale":
        # Not with the others: it takes ten minutes to fill what it asks.
        scale.main([])
    if options.what in {"all", "capacity"}:
        browsers = Browsers.here(options.full_chromium)
        offered = [name for name in NAMES if browsers.both or name not in FULL]
        names = [NAMES[number] for number in options.only] if options.only else offered
        pace = Pace(options.settle, options.window, options.starts)
        capacity(names, pace, browsers, options.chromium_arg)


def steps(runs: int) -> None:
    """Print how long each step takes."""
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
    print(show(STEPS, {"WhaHook": ours, "whatsapp-web.js 1.34.7": theirs}), end="\n\n")


def capacity(names: list[str], pace: Pace, browsers: Browsers, args: list[str]) -> None:
    """Print what a session costs."""
    load = os.getloadavg()[0]
    results = asyncio.run(run(names, pace, browsers, args))
    print(f"{machine(browsers)} Load before and after: {load:.1f}, {os.getloadavg()[0]:.1f}.\n")
    if not browsers.both:
        print("Full Chromium, which whatsapp-web.js drives by default, is not on this machine: --full-chromium PATH.\n")
    print(show_capacity(results, next((name for name in THEM if name in results), None)))


if __name__ == "__main__":
    main()
