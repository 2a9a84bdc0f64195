"""Workers as real processes: RQ's own command line, and ours with everything that can die in it."""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import psutil

from session_core.bus import keys
from session_core.bus.lanes import mark_due
from session_core.core import Core
from session_core.sending.ticker import Ticker
from session_core.services.outgoing import send_text
from session_core.settings import Settings
from session_core.store import accounts
from tests.fakes.hosts import RecordingHost
from tests.integration.sending import proof
from tests.integration.sending.lanes import environment, fill, ready_account
from tests.servers.processes import start, stop
from tests.waiting import eventually

LONG = timedelta(seconds=30)


async def _owner(core: Core, account_id: UUID) -> UUID:
    async with core.db.read() as session:
        found = await accounts.get(session, account_id)
    assert found is not None
    return found[0].user_id


async def test_rqs_own_worker_with_our_settings_module_sends(core: Core, settings: Settings, tmp_path: Path) -> None:
    account_id = await ready_account(core)
    host = await RecordingHost(core).run(account_id)
    ticker = Ticker(core)
    ticker.start()
    worker = start(
        [sys.executable, "-m", "rq.cli", "worker", "-c", "session_core.sending.rq_settings"],
        env=environment(settings),
        log=tmp_path / "rq.log",
    )
    try:
        user_id = await _owner(core, account_id)
        for text in ("one", "two"):
            await send_text(core, user_id, account_id, to="34612345678", text=text)
        await proof.all_done(core, [account_id], LONG)
    finally:
        stop(worker)
        await ticker.stop()
        await host.stop()
    assert host.texts == ["one", "two"]


async def test_dead_worker_processes_are_replaced_and_none_outlives_a_service_that_is_killed(
    core: Core, settings: Settings, tmp_path: Path
) -> None:
    account_id = await ready_account(core)
    host = await RecordingHost(core).run(account_id)
    with proof.workers(settings, tmp_path / "worker.log", 1) as service:
        await fill(core, account_id, 1, "before")
        await mark_due(core.redis, account_id)
        await proof.all_done(core, [account_id], LONG)
        await eventually(lambda: _left(core, account_id))
        (first,) = proof.worker_processes(service)
        first.kill()
        await eventually(lambda: _gone(first))
        await fill(core, account_id, 1, "after")
        await mark_due(core.redis, account_id)
        await proof.all_done(core, [account_id], LONG)
        (second,) = proof.worker_processes(service)
        assert second.pid != first.pid
        service.kill()
        await eventually(lambda: _gone(second), LONG, "the child ended")
    await host.stop()


async def _left(core: Core, account_id: UUID) -> bool:
    return not await core.redis.exists(keys.lane_lease(account_id))


def _gone(process: psutil.Process) -> bool:
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


async def test_after_the_bus_lost_everything_the_rest_goes_out(core: Core, settings: Settings, tmp_path: Path) -> None:
    settings = settings.model_copy(update={"rate_window": timedelta(seconds=2), "messages_per_account": 2})
    account_id = await ready_account(core)
    texts = await fill(core, account_id, 4)
    host = await RecordingHost(core).run(account_id)
    with proof.workers(settings, tmp_path / "worker.log", 1) as service:
        await mark_due(core.redis, account_id)
        await proof.all_sent(host, 2, LONG)
        await core.redis.flushdb()
        await host.hold(account_id)
        await proof.all_done(core, [account_id], LONG)
        (child,) = proof.worker_processes(service)
    # SIGTERM ended the service, and the service its child.
    assert not child.is_running()
    await host.stop()
    assert host.texts == texts
    assert proof.most_in_a_window(host.sent, settings.rate_window, lambda sent: sent.account_id) <= 2
