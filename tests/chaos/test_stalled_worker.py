"""A worker process that is stopped between its claim and its send, and wakes up when somebody else has sent."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import psutil
import pytest

from session_core.bus.lanes import mark_due
from session_core.core import Core, open_core
from session_core.sending.ticker import Ticker
from session_core.settings import Settings
from tests.fakes.hosts import RecordingHost
from tests.integration.sending import proof
from tests.integration.sending.lanes import environment, fill, ready_account
from tests.servers.processes import start, stop
from tests.waiting import eventually

LONG = timedelta(seconds=60)

STALLING = """
import os, signal
from session_core.sending import child, settle
claim = settle.claim
async def claim_and_stall(*args, **kwargs):
    claimed = await claim(*args, **kwargs)
    # The machine sleeps, or the process is out of memory: nothing of it runs until somebody wakes it.
    os.kill(os.getpid(), signal.SIGSTOP)
    return claimed
settle.claim = claim_and_stall
child.main(["whahook-sending"])
"""


@pytest.fixture
def settings(site_url: str, valkey_url: str, tmp_path: Path) -> Settings:
    """Leases of a second: a stalled worker loses its row soon."""
    return Settings(
        data_dir=tmp_path / "data",
        database_url_setting=site_url,
        redis_url_setting=f"{valkey_url}?db=9",
        send_timeout=timedelta(seconds=1),
    )


@pytest.fixture
async def core(settings: Settings) -> AsyncIterator[Core]:
    """Open store and bus."""
    async with open_core(settings) as core:
        yield core


async def test_who_wakes_up_after_the_lease_sends_nothing(core: Core, settings: Settings, tmp_path: Path) -> None:
    account_id = await ready_account(core)
    host = await RecordingHost(core).run(account_id)
    texts = await fill(core, account_id, 2)
    ticker = Ticker(core)
    ticker.start()
    log, env = tmp_path / "log", environment(settings)
    stalling = start([sys.executable, "-c", STALLING], env=env, log=log)
    try:
        await mark_due(core.redis, account_id)
        await eventually(lambda: _stopped(stalling.pid), LONG, "it claimed a message and stalled")
        assert host.commands == []
        other = start([sys.executable, "-m", "session_core.sending.child"], env=env, log=log)
        try:
            await proof.all_done(core, [account_id], LONG)
        finally:
            stop(other)
        assert host.texts == texts
        late = len(host.commands)
        os.kill(stalling.pid, signal.SIGCONT)
        await eventually(lambda: len(host.commands) > late, LONG, "its command arrived")
        await eventually(lambda: host.refused == [host.sent[0].message_id], LONG, "the host refused it")
        assert host.texts == texts
    finally:
        # What is stopped hears nothing but this.
        stalling.kill()
        stalling.wait()
        await ticker.stop()
        await host.stop()


def _stopped(pid: int) -> bool:
    return psutil.Process(pid).status() == psutil.STATUS_STOPPED
