"""What was measured on: numbers without it say nothing."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path

import psutil

from benchmarks.capacity.browsers import Browsers
from session_core.browser.flags import version_in
from tests.servers.processes import ROOT


def machine(browsers: Browsers) -> str:
    """Return cores, memory, kernel and the versions of what took part, as one sentence."""
    chromium = [_version(browsers.shell), *([_version(browsers.full)] if browsers.both else [])]
    return (
        f"{os.cpu_count()} cores, {psutil.virtual_memory().total / 2**30:.0f} GiB, Linux {platform.release()}; "
        f"{' and '.join(chromium)}; Playwright {version('playwright')}, Python {platform.python_version()}; "
        f"whatsapp-web.js {_package('whatsapp-web.js')}, Puppeteer {_package('puppeteer')}, "
        f"Node {_asked('node')}."
    )


def _version(program: Path) -> str:
    return f"{program.name} {version_in(_asked(str(program)))}"


def _asked(program: str) -> str:
    return subprocess.run([program, "--version"], check=True, capture_output=True, text=True).stdout.strip()


def _package(name: str) -> str:
    text = (ROOT / "node_modules" / name / "package.json").read_text()
    return str(json.loads(text)["version"])
