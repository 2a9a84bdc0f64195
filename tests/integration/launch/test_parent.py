"""Nobody outlives its parent: with the kernel's help, and where the kernel has none to give (macOS)."""

from __future__ import annotations

import os
import signal
import sys
from datetime import timedelta
from pathlib import Path

import psutil
import pytest

from tests.servers.processes import start, wait_until

# A parent that starts one child and waits for it. The child's code is its argument.
PARENT = """
import subprocess, sys
from session_core.launch.parent import child_environment
subprocess.Popen([sys.executable, "-c", *sys.argv[1:]], env=child_environment(), start_new_session=True).wait()
"""
WITHOUT_KERNEL = "import session_core.launch.parent as parent; parent._LIBC = None\n"
UP = "import os, pathlib, signal, sys; pathlib.Path(sys.argv[1]).write_text(str(os.getpid()))\n"
FOLLOW = "from session_core.launch.parent import follow_parent; follow_parent()\n"
BECOME = """
import sys
from session_core.launch.parent import exec_following_parent
code = "import os, pathlib, signal, sys; pathlib.Path(sys.argv[1]).write_text(str(os.getpid())); signal.pause()"
exec_following_parent([sys.executable, "-c", code, sys.argv[1]])
"""
IMPATIENT = "import datetime, session_core.launch.parent as p; p.GRACE = datetime.timedelta(seconds=0.5)\n"

KINDS = {
    "follows": FOLLOW + UP + "signal.pause()",
    "becomes another program": BECOME,
    "does not listen": IMPATIENT
    + FOLLOW
    + "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    + UP
    # A handler that ignores wakes pause() up, so it has to go on.
    + "while True: signal.pause()",
}


@pytest.mark.parametrize("kernel", [True, False], ids=["kernel", "no-kernel"])
@pytest.mark.parametrize("kind", KINDS)
def test_it_ends_soon_after_its_parent_was_killed(tmp_path: Path, kind: str, kernel: bool) -> None:
    code = KINDS[kind] if kernel else WITHOUT_KERNEL + KINDS[kind]
    path = tmp_path / "pid"
    parent = start([sys.executable, "-c", PARENT, code, str(path)], env={}, log=tmp_path / "log")
    wait_until(lambda: path.is_file() and path.read_text(), timedelta(seconds=15), "the child is up")
    child = int(path.read_text())
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait(10)
    wait_until(lambda: not psutil.pid_exists(child), timedelta(seconds=15), "the child has ended")


def test_who_started_it_is_nothing_that_it_tells_its_own_children(tmp_path: Path) -> None:
    code = FOLLOW + UP + "pathlib.Path(sys.argv[1]).write_text(str('WHAHOOK_PARENT_PID' in os.environ))"
    path = tmp_path / "told"
    assert start([sys.executable, "-c", PARENT, code, str(path)], env={}, log=tmp_path / "log").wait(20) == 0
    assert path.read_text() == "False"


def test_a_service_started_by_hand_follows_nobody(tmp_path: Path) -> None:
    code = "import os; os.environ.pop('WHAHOOK_PARENT_PID', None)\n" + FOLLOW + "import threading\n"
    code += "raise SystemExit(threading.active_count() - 1)"
    assert start([sys.executable, "-c", code], env={}, log=tmp_path / "log").wait(20) == 0
