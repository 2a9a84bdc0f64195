"""The supervisor with real processes: what dies comes back, what is stopped is gone, whatever is killed."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import psutil
import pytest

from tests.servers.processes import start, wait_until

RUNNER = """
import asyncio, os, sys
from datetime import timedelta
from session_core.launch.parent import adopt_orphans, follow_parent
from session_core.launch.services import Service
from session_core.launch.supervisor import Supervisor
follow_parent()
adopt_orphans()
url, folder = sys.argv[1:3]
names = sys.argv[3:]
services = [Service(name, (sys.executable, "-c", PROGRAMS[name], folder), timedelta(seconds=2)) for name in names]
supervisor = Supervisor(
    services, dict(os.environ), redis_url=url, redis_timeout=timedelta(seconds=3), orphan_grace=timedelta(seconds=1.5)
)
sys.exit(asyncio.run(supervisor.run()))
"""

# Each writes its process id to <folder>/<name>, which says that it is up.
START = """
import os, pathlib, signal, subprocess, sys
from session_core.launch.parent import follow_parent
follow_parent()
def up(name): pathlib.Path(sys.argv[1], name).write_text(str(os.getpid()))
"""
PROGRAMS = {
    "steady": START + "up('steady'); print('steady is up', flush=True); signal.pause()",
    "other": START + "up('other'); signal.pause()",
    "deaf": START + "signal.signal(signal.SIGTERM, signal.SIG_IGN); up('deaf')\nwhile True: signal.pause()",
    "parental": START
    + "child = subprocess.Popen([sys.executable, '-c', 'import signal; signal.pause()'], start_new_session=True)\n"
    + "pathlib.Path(sys.argv[1], 'grandchild').write_text(str(child.pid)); up('parental'); signal.pause()",
    "misconfigured": START + "print('WHAHOOK_PORT: wrong', flush=True); sys.exit(2)",
    "broken": START + "pathlib.Path(sys.argv[1], 'broken').open('a').write('x'); sys.exit(1)",
    "chatty": START + "print('x' * 200000, flush=True); print('after', flush=True); up('chatty'); signal.pause()",
}


class Run:
    """One supervisor with the programs above."""

    def __init__(self, folder: Path, url: str, names: tuple[str, ...]) -> None:
        self.folder = folder
        self.log = folder / "supervisor.log"
        code = f"PROGRAMS = {PROGRAMS!r}\n{RUNNER}"
        self.process = start([sys.executable, "-c", code, url, str(folder), *names], env={}, log=self.log)

    def pid(self, name: str, *, unlike: int | None = None) -> int:
        """Wait until the program is up (again, with another id than ``unlike``) and return its process id."""
        path = self.folder / name

        def up() -> bool:
            assert self.process.poll() is None, self.log.read_text()
            return path.is_file() and path.read_text().isdigit() and int(path.read_text()) != unlike

        wait_until(up, timedelta(seconds=15), f"{name} is up")
        return int(path.read_text())

    def stop(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(20)


@contextmanager
def supervising(folder: Path, url: str, *names: str) -> Iterator[Run]:
    run = Run(folder, url, names)
    try:
        yield run
    finally:
        if run.process.poll() is None:
            run.stop()


def gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_a_killed_service_comes_back_and_the_others_stay(tmp_path: Path, valkey_url: str) -> None:
    with supervising(tmp_path, valkey_url, "steady", "other") as run:
        first, other = run.pid("steady"), run.pid("other")
        os.kill(first, signal.SIGKILL)
        second = run.pid("steady", unlike=first)
        assert second != first
        assert not gone(other)
        assert run.pid("other") == other
    assert "steady ended (SIGKILL), starting it again" in run.log.read_text()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_stop_ends_everything_and_is_not_an_error(tmp_path: Path, valkey_url: str, number: int) -> None:
    with supervising(tmp_path, valkey_url, "steady", "other") as run:
        pids = [run.pid("steady"), run.pid("other")]
        assert run.stop(number) == 0
        assert all(gone(pid) for pid in pids)


def test_a_service_that_ignores_sigterm_is_killed(tmp_path: Path, valkey_url: str) -> None:
    with supervising(tmp_path, valkey_url, "deaf") as run:
        pid = run.pid("deaf")
        assert run.stop() == 0
        assert gone(pid)


def test_what_a_killed_service_left_behind_is_ended_before_it_starts_again(tmp_path: Path, valkey_url: str) -> None:
    with supervising(tmp_path, valkey_url, "parental") as run:
        first = run.pid("parental")
        grandchild = int((tmp_path / "grandchild").read_text())
        os.kill(first, signal.SIGKILL)
        run.pid("parental", unlike=first)
        assert gone(grandchild)
        second = int((tmp_path / "grandchild").read_text())
        assert not gone(second)
    assert gone(second), "a grandchild in a session of its own survived the supervisor"


def test_nothing_survives_a_killed_supervisor(tmp_path: Path, valkey_url: str) -> None:
    with supervising(tmp_path, valkey_url, "steady", "other") as run:
        pids = [run.pid("steady"), run.pid("other")]
        run.process.kill()
        run.process.wait()
        wait_until(lambda: all(gone(pid) for pid in pids), what="the services noticed that their parent is gone")


def test_a_bad_setting_stops_everything_with_its_exit_code(tmp_path: Path, valkey_url: str) -> None:
    with supervising(tmp_path, valkey_url, "steady", "misconfigured") as run:
        assert run.process.wait(20) == 2
    assert "WHAHOOK_PORT: wrong" in run.log.read_text()


def test_a_service_that_never_gets_up_does_not_try_for_ever(tmp_path: Path, valkey_url: str) -> None:
    with supervising(tmp_path, valkey_url, "broken") as run:
        assert run.process.wait(60) == 1
    assert (tmp_path / "broken").read_text() == "xxxxx"


def test_long_lines_are_printed_in_pieces_and_do_not_stop_the_rest(tmp_path: Path, valkey_url: str) -> None:
    with supervising(tmp_path, valkey_url, "chatty") as run:
        run.pid("chatty")
        wait_until(lambda: "| after" in run.log.read_text(), what="the line after the long one")
        assert run.log.read_text().count("x") >= 200_000


def test_no_redis_is_one_plain_line(tmp_path: Path) -> None:
    with supervising(tmp_path, f"unix://{tmp_path}/nobody.sock", "steady") as run:
        assert run.process.wait(60) == 1
    assert "Redis does not answer" in run.log.read_text()
    assert not (tmp_path / "steady").exists()


def test_the_remains_of_others_are_taken_off_the_table_at_once(tmp_path: Path, valkey_url: str) -> None:
    """As init does it. Otherwise a host that waits for the end of its browser's processes waits for ever."""
    with supervising(tmp_path, valkey_url, "parental") as run:
        first = run.pid("parental")
        grandchild = int((tmp_path / "grandchild").read_text())
        os.kill(first, signal.SIGKILL)
        wait_until(lambda: adopted(grandchild, run.process.pid), timedelta(seconds=5), "the supervisor adopted it")
        os.kill(grandchild, signal.SIGTERM)
        wait_until(lambda: not psutil.pid_exists(grandchild), timedelta(seconds=2), "no zombie is left")


def adopted(pid: int, parent: int) -> bool:
    return psutil.Process(pid).ppid() == parent
