"""The wall around the page stands with our switches: Chromium's own sandbox, run by an ordinary user."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.capacity.ordinary import as_ordinary_user
from tests.servers.processes import ROOT, clean_environment

SCRIPT = """
import asyncio, json, os, sys
from pathlib import Path
from benchmarks.capacity import reading
from session_core.browser.chromium import Browsers
from session_core.settings import Settings

async def main():
    browsers = Browsers(Settings(data_dir=Path(sys.argv[1]), chromium_sandbox="on"))
    await browsers.start()
    browser = await browsers.open(Path(sys.argv[1]) / "profile")
    try:
        await browser.page.goto("data:text/html,hello")
        processes = reading.browsers(reading.tree(os.getpid()))
        print(json.dumps({"walled_in": reading.walled_in(processes), "processes": len(processes)}))
    finally:
        await browser.close()
        await browsers.stop()

asyncio.run(main())
"""


def test_the_page_is_walled_in_with_as_few_processes_as_that_takes(tmp_path: Path) -> None:
    prefix = as_ordinary_user()
    if prefix is None:
        pytest.skip("this machine gives an ordinary user no namespaces")
    command = [*prefix, sys.executable, "-c", SCRIPT, str(tmp_path)]
    done = subprocess.run(
        command, cwd=ROOT, env=clean_environment(), capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr[-4000:]
    found = json.loads(done.stdout.splitlines()[-1])
    # The browser (with GPU and network in it), the zygote and its helper, the page.
    assert found == {"walled_in": True, "processes": 4}
