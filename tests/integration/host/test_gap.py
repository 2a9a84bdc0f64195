"""The time for which an account's host was dead is seen in its history."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from session_core.clock import utcnow
from session_core.core import Core
from session_core.domain.status import ReasonCode, SessionStatus
from session_core.domain.uptime import StatusLine, uptime
from session_core.services import accounts as service
from session_core.services import upkeep
from session_core.store import activity, host_runs
from session_core.store.models import Activity
from tests.integration.host.stage import Stage
from tests.integration.host.test_sharing import host_of, reaches_no_backup, two_hosts, working

S = SessionStatus
HOUR = timedelta(hours=1)


async def lines(stage: Stage, account_id: UUID) -> list[Activity]:
    """Return the lines about its state, oldest first."""
    async with stage.core.db.read() as session:
        rows = await activity.of_account(session, account_id, limit=100)
    return [row for row in reversed(rows) if row.status is not None]


async def left_ready(stage: Stage, host_id: str, *, since: datetime, died_at: datetime) -> UUID:
    """Store an account that a host left as ready by dying."""
    account_id = await stage.linked(S.READY, host_id=host_id, last_host_id=host_id, status_since=since)
    async with stage.core.db.begin() as session:
        await activity.add(session, account_id, "status", status=S.READY, at=since)
        run = await host_runs.begin(session, host_id, started_at=since - HOUR, now=since - HOUR)
        await host_runs.seen(session, run, died_at)
    return account_id


async def up_since(stage: Stage, account_id: UUID, since: datetime) -> float | None:
    """Return the share of the time since then in which the account was up, as the page counts it."""
    now = utcnow()
    found = await upkeep.status_lines(stage.core, stage.user_id)
    told = [StatusLine(line.at, line.status, line.reason_code) for line in found if line.status is not None]
    return uptime(told, now, over=now - since, segments=1).percent


async def test_a_host_that_was_killed_and_comes_back_tells_since_when_it_was_away(stage: Stage) -> None:
    now = utcnow()
    account_id = await left_ready(stage, "host-one", since=now - 4 * HOUR, died_at=now - HOUR)
    stage.will_get(working())
    await stage.manager.start()
    await stage.until(account_id, S.READY, ReasonCode.RESTORED)
    told = [(line.status, line.reason_code) for line in await lines(stage, account_id)]
    assert told[:2] == [(S.READY, ReasonCode.NONE), (S.RECONNECTING, ReasonCode.HOST_LOST)]
    assert told[-1][0] is S.READY
    assert (await lines(stage, account_id))[1].at == now - HOUR
    percent = await up_since(stage, account_id, now - 4 * HOUR)
    assert percent is not None
    assert 74 < percent <= 75


async def test_a_host_that_takes_over_tells_since_when_the_dead_one_was_away(core: Core, tmp_path: Path) -> None:
    async with two_hosts(core, tmp_path, shared=True) as (one, two):
        now = utcnow()
        account_id = await left_ready(one, "host-one", since=now - 2 * HOUR, died_at=now - HOUR)
        await two.manager.start()
        await host_of(two, account_id, after=(await one.runtime(account_id)).seq)
        lost = [line.at for line in await lines(two, account_id) if line.reason_code is ReasonCode.HOST_LOST]
        assert lost == [now - HOUR]


async def test_nobody_who_can_open_it_says_since_when_it_is_away(core: Core, tmp_path: Path) -> None:
    async with two_hosts(core, tmp_path) as (one, two):
        now = utcnow()
        other = await left_ready(one, "host-one", since=now - 2 * HOUR, died_at=now - HOUR)
        reaches_no_backup(two)
        await two.manager.start()
        told = await two.until(other, S.RECONNECTING, ReasonCode.HOST_LOST)
        assert told.status_since == now - HOUR
        assert [line.at for line in await lines(two, other)] == [now - 2 * HOUR, now - HOUR]


async def test_who_stops_cleanly_leaves_no_gap(stage: Stage) -> None:
    account_id = await stage.linked()
    stage.will_get(working())
    await stage.manager.start()
    await stage.until(account_id, S.READY)
    await stage.manager.stop()
    before = await lines(stage, account_id)
    assert (before[-1].status, before[-1].reason_code) == (S.RECONNECTING, ReasonCode.HOST_STOPPED)
    async with stage.core.db.begin() as session:
        await host_runs.begin(session, "host-one", started_at=utcnow(), now=utcnow())
    runtime = await stage.runtime(account_id)
    session_ = await stage.manager._taker.take(account_id, runtime.epoch)
    assert session_ is not None
    assert [line.id for line in await lines(stage, account_id)] == [line.id for line in before]
    await stage.manager._leases.release(account_id)


async def test_while_a_host_is_dead_its_accounts_are_not_called_ready(stage: Stage) -> None:
    now = utcnow()
    account_id = await left_ready(stage, "host-dead", since=now - 2 * HOUR, died_at=now - HOUR)
    shown = await service.get(stage.core, stage.user_id, account_id)
    assert (shown.status, shown.reason_code) == (S.RECONNECTING, ReasonCode.HOST_LOST)
    assert shown.status_since == now - HOUR
    assert await service.list_accounts(stage.core, stage.user_id) == [shown]


@pytest.mark.parametrize("ago", [timedelta(0), timedelta(seconds=20)])
async def test_a_host_that_spoke_a_moment_ago_is_believed(stage: Stage, ago: timedelta) -> None:
    now = utcnow()
    account_id = await left_ready(stage, "host-two", since=now - HOUR, died_at=now - ago)
    assert (await service.get(stage.core, stage.user_id, account_id)).status is S.READY
