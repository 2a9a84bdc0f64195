"""Never above the limits at the instant of sending, no permit wasted: real workers, and workers that are killed."""

from __future__ import annotations

import random
from datetime import timedelta
from pathlib import Path

import psutil
import pytest

from session_core.core import Core
from session_core.settings import Settings
from tests.fakes.hosts import RecordingHost
from tests.integration.sending import proof
from tests.waiting import eventually

KILLS = 6
LONG = timedelta(seconds=90)


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Return the limits of the product in a shorter window."""
    return settings.model_copy(update={"rate_window": timedelta(seconds=3)})


async def test_no_limit_is_passed_and_no_place_wasted(core: Core, settings: Settings, tmp_path: Path) -> None:
    # Nobody dies here, and a busy machine must not look like it.
    settings = settings.model_copy(update={"send_timeout": timedelta(seconds=30)})
    # The user's limit binds the first, the account's the second, both the third. Each needs two windows.
    everybody = await proof.people(core, (12, 5), (1, 20), (3, 20))
    host = await RecordingHost(core, latency=proof.random_latency(timedelta(milliseconds=50), seed=1)).run(
        *everybody.user_of
    )
    with proof.workers(settings, tmp_path / "worker.log"):
        await proof.wake_all(core, everybody)
        await proof.all_done(core, everybody.user_of, LONG)
    await host.stop()

    proof.check_once_and_in_order(host, everybody)
    proof.check_limits(host, everybody, settings)
    await proof.check_no_place_wasted(core, host, everybody)


async def test_killed_workers_pass_no_limit_and_lose_nothing(core: Core, settings: Settings, tmp_path: Path) -> None:
    everybody = await proof.people(core, (8, 4), (1, 12))
    host = await RecordingHost(core, latency=proof.random_latency(timedelta(milliseconds=100), seed=2)).run(
        *everybody.user_of
    )
    chance = random.Random(3)
    killed = 0
    with proof.workers(settings, tmp_path / "worker.log", 4) as service:
        await proof.wake_all(core, everybody)
        for share in range(1, KILLS + 1):
            # Spread over the run: one more is killed, in whatever it does, each time some more went out.
            goal = everybody.total * share // (2 * KILLS)
            await proof.all_sent(host, goal, LONG)
            victim: psutil.Process = chance.choice(
                await eventually(lambda: proof.worker_processes(service), LONG, "a worker runs")
            )
            victim.kill()
            killed += 1
        await proof.all_done(core, everybody.user_of, LONG)
    await host.stop()

    assert killed == KILLS
    proof.check_once_and_in_order(host, everybody)
    proof.check_limits(host, everybody, settings)
