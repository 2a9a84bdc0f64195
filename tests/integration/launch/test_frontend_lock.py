"""Two that want to build the pages at once: one builds, the other waits and finds them fresh."""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path

from tests.servers.processes import start, wait_until

BUILDER = """
import pathlib, sys
from session_core.launch import frontend
from session_core.launch.frontend import STAMP, ensure_frontend, fingerprint
root = pathlib.Path(sys.argv[1])

def build(folder):
    with (root / "builds").open("a") as builds:
        builds.write("x")
    # A build lasts until the test says so.
    while not (root / "go").exists():
        frontend.threading.Event().wait(0.02)
    (root / ".web/build/client").mkdir(parents=True)
    (root / ".web/build/client/index.html").touch()
    (root / ".web" / STAMP).write_text(fingerprint(root))

frontend.build = build
ensure_frontend(root)
"""


def building(root: Path) -> bool:
    """Tell whether a builder is at work: the file is there a moment before what it says."""
    return (root / "builds").exists() and (root / "builds").read_text() == "x"


def test_one_builds_and_the_other_waits(tmp_path: Path) -> None:
    (tmp_path / "rxconfig.py").touch()
    logs = [tmp_path / "first.log", tmp_path / "second.log"]
    command = [sys.executable, "-c", BUILDER, str(tmp_path)]
    first = start(command, env={}, log=logs[0])
    wait_until(lambda: building(tmp_path), timedelta(seconds=15))
    second = start(command, env={}, log=logs[1])
    wait_until(lambda: "waiting for it" in logs[1].read_text(), timedelta(seconds=15))
    (tmp_path / "go").touch()
    assert first.wait(15) == second.wait(15) == 0, logs[1].read_text()
    assert (tmp_path / "builds").read_text() == "x"


def test_the_death_of_a_builder_frees_the_way(tmp_path: Path) -> None:
    (tmp_path / "rxconfig.py").touch()
    command = [sys.executable, "-c", BUILDER, str(tmp_path)]
    first = start(command, env={}, log=tmp_path / "first.log")
    wait_until(lambda: building(tmp_path), timedelta(seconds=15))
    first.kill()
    first.wait()
    (tmp_path / "go").touch()
    second = start(command, env={}, log=tmp_path / "second.log")
    assert second.wait(15) == 0
    assert (tmp_path / "builds").read_text() == "xx"
