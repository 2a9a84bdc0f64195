"""All processes together, as ``make run`` starts them."""

from __future__ import annotations

import os
import signal
from datetime import timedelta
from pathlib import Path

import httpx
import psutil
import pytest

from tests.servers.processes import wait_until
from tests.servers.whahook import WhaHook, running_whahook

pytestmark = pytest.mark.slow


def answers(whahook: WhaHook) -> bool:
    try:
        return httpx.get(f"{whahook.url}/healthz", timeout=2, trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False


def test_it_starts_says_where_it_is_and_leaves_nothing(tmp_path: Path) -> None:
    with running_whahook(tmp_path / "data") as whahook:
        wait_until(lambda: f"WhaHook is ready: {whahook.url}" in whahook.log.read_text(), timedelta(seconds=10))
        family = [whahook.supervisor, *whahook.supervisor.children(recursive=True)]
        for name in ("valkey", "sandbox", "host", "worker", "web"):
            assert whahook.pid(name) is not None, name
        assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700
        assert whahook.stop() == 0
        assert [process for process in family if process.is_running()] == []
        assert "Traceback" not in whahook.log.read_text()


@pytest.mark.parametrize("name", ["host", "web", "worker", "sandbox", "valkey"])
def test_whatever_dies_comes_back_and_the_rest_stays(shared: WhaHook, name: str) -> None:
    names = ("valkey", "sandbox", "host", "worker", "web")
    # What was started again a moment ago may just be becoming another program, and has no name meanwhile.
    wait_until(lambda: all(map(shared.pid, names)), timedelta(seconds=30), "everything runs")
    others = {other: shared.pid(other) for other in names if other != name}
    killed = shared.kill(name)
    wait_until(lambda: shared.pid(name) not in (None, killed), timedelta(seconds=30), f"{name} is back")
    wait_until(lambda: answers(shared), timedelta(seconds=60), "the page answers again")
    assert {other: shared.pid(other) for other in others} == others, shared.log.read_text()[-4000:]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> WhaHook:
    with running_whahook(tmp_path_factory.mktemp("run") / "data") as whahook:
        yield whahook


def test_nothing_survives_when_the_supervisor_is_killed(tmp_path: Path) -> None:
    whahook = WhaHook(tmp_path / "data")
    try:
        whahook.start()
        family = whahook.supervisor.children(recursive=True)
        assert len(family) >= 5
        os.kill(whahook.supervisor.pid, signal.SIGKILL)
    finally:
        whahook.stop()
    _, left = psutil.wait_procs(family, timeout=30)
    assert left == [], [process.cmdline() for process in left]
