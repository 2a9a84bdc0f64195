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
from tests.integration.sending.lanes import statuses
from tests.waiting import eventually

KILLS = 6


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Return the limits of the product in a shorter window."""
    return settings.model_copy(update={"rate_window": timedelta(seconds=5)})


async def test_the_limits_are_reached_and_never_passed(core: Core, settings: Settings, tmp_path: Path) -> None:
    # The user's limit binds the first, the account's the second, both the third. Each needs exactly two windows.
    everybody = await proof.people(core, (12, 5), (1, 20), (3, 20))
    host = await RecordingHost(core, latency=proof.random_latency(timedelta(milliseconds=50), seed=1)).run(
        *everybody.user_of
    )
    with proof.workers(settings, tmp_path / "worker.log"):
        await proof.wake_all(core, everybody)
        await proof.all_sent(host, everybody.total, timedelta(seconds=60))
    await host.stop()

    proof.check_once_and_in_order(host, everybody)
    proof.check_limits(host, everybody, settings)
    for user_id in set(everybody.user_of.values()):
        instants = [sent.at for sent in host.sent if everybody.user_of[sent.account_id] == user_id]
        # One wasted permit would push the last message into a third window.
        assert max(instants) - min(instants) < 2 * settings.rate_window.total_seconds()


async def test_killed_workers_pass_no_limit_and_lose_nothing(core: Core, settings: Settings, tmp_path: Path) -> None:
    settings = settings.model_copy(update={"rate_window": timedelta(seconds=3)})
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
            await eventually(lambda goal=goal: len(host.sent) >= goal, timedelta(seconds=40), "more is sent")
            victim: psutil.Process = chance.choice(
                await eventually(lambda: proof.worker_processes(service), what="a worker runs")
            )
            victim.kill()
            killed += 1
        await proof.all_sent(host, everybody.total, timedelta(seconds=60))
        for account_id in everybody.user_of:
            await eventually(lambda a=account_id: _all_done(core, a), timedelta(seconds=20), "every row is done")
    await host.stop()

    assert killed == KILLS
    proof.check_once_and_in_order(host, everybody)
    proof.check_limits(host, everybody, settings)


async def _all_done(core: Core, account_id: object) -> bool:
    return all(status.done for status in await statuses(core, account_id))
