"""Real processes are held still, and woken whatever happens."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import psutil
import pytest

from session_core.backups import staging
from session_core.backups.errors import ProfileNotReadable
from session_core.backups.freeze import LONGEST, Frozen, frozen
from session_core.backups.staging import stage_closed, stage_running
from session_core.browser import processes
from tests.integration.backups.profiles import NEEDED, contents, make_profile
from tests.servers.processes import ROOT, clean_environment, wait_until

# Two children, so that a whole tree has to stand still.
BROWSER = """
import subprocess, sys
children = [subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE)
            for _ in range(2)]
print("up", flush=True)
sys.stdin.read()
for child in children:
    child.kill()
    child.wait()
"""


@contextmanager
def browser_on(profile: Path) -> Iterator[list[psutil.Process]]:
    """Run something that has a profile open, as the switch on its command line says."""
    argv = [sys.executable, "-c", BROWSER, f"--user-data-dir={profile}"]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=clean_environment()) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        process.stdout.readline()
        found = processes.of_profile(profile)
        assert len(found) == 3
        try:
            yield found
        finally:
            for one in found:
                if one.is_running():
                    one.resume()
            process.stdin.close()


def stopped(found: list[psutil.Process]) -> list[bool]:
    return [process.status() == psutil.STATUS_STOPPED for process in found]


def hold(profile: Path, meanwhile: Callable[[Frozen], object], longest: timedelta = LONGEST) -> None:
    with frozen(lambda: processes.of_profile(profile), longest) as still:
        meanwhile(still)


def test_the_whole_tree_stands_still_and_goes_on(profile: Path) -> None:
    with browser_on(profile) as found:
        with frozen(lambda: processes.of_profile(profile)) as still:
            assert all(stopped(found))
            still.check_all()
        assert not any(stopped(found))


def test_an_error_inside_wakes_it(profile: Path) -> None:
    with browser_on(profile) as found:
        with pytest.raises(ZeroDivisionError):
            hold(profile, lambda still: 1 / 0)
        assert not any(stopped(found))


def test_whoever_takes_too_long_finds_it_awake_and_gets_an_error(profile: Path) -> None:
    def too_long(still: Frozen) -> None:
        wait_until(lambda: not any(stopped(found)), what="the watchdog wakes it")
        still.check()

    with browser_on(profile) as found, pytest.raises(ProfileNotReadable):
        hold(profile, too_long, timedelta(milliseconds=300))


def test_a_process_that_ends_meanwhile_is_an_error(profile: Path) -> None:
    def ends(_: Frozen) -> None:
        found[1].kill()
        wait_until(lambda: found[1].status() == psutil.STATUS_ZOMBIE)

    with browser_on(profile) as found:
        with pytest.raises(ProfileNotReadable):
            hold(profile, ends)
        assert not any(stopped([found[0], found[2]]))


COPIER = """
import sys
from pathlib import Path
from session_core.backups.freeze import LONGEST, Frozen, frozen
from session_core.browser import processes

profile = Path(sys.argv[1])
with frozen(lambda: processes.of_profile(profile)):
    print("frozen", flush=True)
    sys.stdin.read()
"""


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGSTOP])
def test_a_copier_that_is_killed_or_hangs_leaves_nobody_frozen(profile: Path, ending: signal.Signals) -> None:
    with browser_on(profile) as found:
        copier = subprocess.Popen(
            [sys.executable, "-c", COPIER, str(profile)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=ROOT,
            env=clean_environment(),
            start_new_session=True,
        )
        try:
            assert copier.stdout is not None
            assert copier.stdout.readline() == b"frozen\n"
            assert all(stopped(found))
            # The whole group, as a supervisor does it.
            os.killpg(copier.pid, ending)
            wait_until(lambda: not any(stopped(found)), timedelta(seconds=20), "woken")
        finally:
            copier.kill()
            copier.communicate()


def test_nothing_running_is_an_error(profile: Path, tmp_path: Path) -> None:
    with pytest.raises(ProfileNotReadable):
        stage_running(profile, tmp_path / "staged")
    assert not (tmp_path / "staged").exists()


def test_a_running_profile_is_taken_while_it_stands_still(profile: Path, tmp_path: Path) -> None:
    with browser_on(profile) as found:
        staged = stage_running(profile, tmp_path / "staged")
        assert not any(stopped(found))
    assert not staged.clean
    assert contents(staged.folder) == NEEDED
    table = "Default/IndexedDB/https_x_0.indexeddb.leveldb/000004.ldb"
    assert (profile / table).samefile(staged.folder / table)
    log = "Default/IndexedDB/https_x_0.indexeddb.leveldb/000003.log"
    assert not (profile / log).samefile(staged.folder / log)
    # The browser goes on: what it changes and deletes does not change what was taken.
    (profile / log).write_bytes(b"changed")
    (profile / table).unlink()
    assert contents(staged.folder) == NEEDED
    staged.discard()
    assert not staged.folder.exists()


def test_another_disk_means_copies(profile: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(staging.os, "link", refuse)
    assert contents(stage_closed(profile, tmp_path / "staged").folder) == NEEDED


def test_a_slow_disk_gives_up_and_leaves_nothing(
    profile: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pause = threading.Event()

    def slow(*_: object, **__: object) -> None:
        pause.wait(0.4)

    monkeypatch.setattr(staging.shutil, "copyfile", slow)
    with browser_on(profile) as found:
        with pytest.raises(ProfileNotReadable):
            stage_running(profile, tmp_path / "staged", timedelta(milliseconds=300))
        assert not any(stopped(found))
    assert not (tmp_path / "staged").exists()


def test_a_closed_profile_is_clean(profile: Path, tmp_path: Path) -> None:
    staged = stage_closed(profile, tmp_path / "staged")
    assert staged.clean
    assert contents(staged.folder) == NEEDED


def test_a_closed_profile_that_is_open_after_all_is_refused(profile: Path, tmp_path: Path) -> None:
    with browser_on(profile), pytest.raises(ProfileNotReadable):
        stage_closed(profile, tmp_path / "staged")
    assert not (tmp_path / "staged").exists()


def test_no_profile_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ProfileNotReadable):
        stage_closed(tmp_path / "nothing", tmp_path / "staged")
    make_profile(tmp_path / "nothing")
    assert stage_closed(tmp_path / "nothing", tmp_path / "staged").clean
