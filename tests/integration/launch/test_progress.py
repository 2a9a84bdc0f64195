"""Long steps: quiet when they work, their last lines when they fail, and ended with all that they started."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import psutil
import pytest

from session_core.errors import FatalError
from session_core.launch.progress import TAIL_LINES, run_step
from tests.servers.processes import ROOT, start, wait_until

STEP = str(ROOT / "session_core" / "launch" / "step.sh")


def test_a_step_that_works_shows_one_line_and_not_its_output(capfd: pytest.CaptureFixture[str]) -> None:
    run_step("Counting", [sys.executable, "-c", "print('noise' * 1000)"])
    shown = capfd.readouterr().out
    assert "Counting: done" in shown
    assert "noise" not in shown


def test_a_step_that_fails_shows_its_last_lines() -> None:
    code = "for number in range(1000): print('line', number)\nraise SystemExit(3)"
    with pytest.raises(FatalError) as caught:
        run_step("Counting", [sys.executable, "-c", code])
    assert "exit code 3" in caught.value.message
    assert "line 999" in caught.value.message
    assert caught.value.message.count("line ") == TAIL_LINES


def test_a_step_that_takes_too_long_is_ended_with_its_children(tmp_path: Path) -> None:
    code = f"""
import pathlib, signal, subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"], start_new_session=True)
pathlib.Path({str(tmp_path / "child")!r}).write_text(str(child.pid))
signal.pause()
"""
    with pytest.raises(FatalError, match="no end after"):
        run_step("Waiting", [sys.executable, "-c", code], timeout=timedelta(seconds=6))
    child = int((tmp_path / "child").read_text())
    wait_until(lambda: not psutil.pid_exists(child) or psutil.Process(child).status() == psutil.STATUS_ZOMBIE)


def step(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["sh", STEP, *words], capture_output=True, text=True, timeout=30, check=False)


def test_the_shell_step_is_quiet_when_it_works() -> None:
    done = step("Counting", "sh", "-c", "echo noise")
    assert done.returncode == 0
    assert done.stdout.startswith("Counting...\nCounting: done (")
    assert "noise" not in done.stdout + done.stderr


def test_the_shell_step_hands_the_exit_code_on_and_shows_why() -> None:
    done = step("Counting", "sh", "-c", "echo because; exit 7")
    assert done.returncode == 7
    assert "failed" in done.stderr
    assert "    because" in done.stderr


def test_the_shell_step_ends_its_command_when_it_is_interrupted(tmp_path: Path) -> None:
    path = str(tmp_path / "pid")
    code = f"import os, pathlib, signal; pathlib.Path({path!r}).write_text(str(os.getpid())); signal.pause()"
    process = start(["sh", STEP, "Waiting", sys.executable, "-c", code], env={}, log=tmp_path / "log")
    wait_until(lambda: (tmp_path / "pid").is_file() and (tmp_path / "pid").read_text(), timedelta(seconds=10))
    os.kill(process.pid, signal.SIGTERM)
    assert process.wait(10) == 130
    assert not psutil.pid_exists(int((tmp_path / "pid").read_text()))
