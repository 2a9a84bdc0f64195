"""How an account's session is and what it takes, over REST and for Prometheus."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest
from pydantic import SecretStr

from session_core.bus import condition, hosts, vitals
from session_core.bus.hosts import Heartbeat
from session_core.bus.vitals import ProcessVitals
from session_core.clock import utcnow
from session_core.core import Core
from session_core.domain.health import Cure, Health, HealthLevel, Sign, Vitals
from session_core.domain.resources import Sample
from session_core.domain.status import SessionStatus
from session_core.settings import Settings
from session_core.store.models import Activity
from tests.factories import add_account, add_message, add_user
from tests.integration.api.conftest import Person, client
from tests.servers.api import running_api


async def test_health_with_its_evidence(ana: Person, core: Core) -> None:
    account = await ana.account()
    address = f"/api/v1/accounts/{account['id']}/health"
    nothing = await ana.program.get(address)
    assert nothing.json() == {"level": "unknown", "signs": [], "cures": [], "evidence": None}
    vitals = Vitals(at=utcnow(), answer_ms=12, mode="MAIN", info="NORMAL", socket="CONNECTED", untold=1)
    found = Health(level=HealthLevel.DEAF, signs=(Sign.UNTOLD_MESSAGES,), vitals=vitals, cures=(Cure.SWEEP,))
    await condition.keep_health(core.redis, {UUID(str(account["id"])): found})
    shown = (await ana.program.get(address)).json()
    assert (shown["level"], shown["signs"], shown["cures"]) == ("deaf", ["untold_messages"], ["sweep"])
    assert (shown["evidence"]["answerMs"], shown["evidence"]["untold"]) == (12, 1)


async def test_uptime_as_a_share_and_in_segments(ana: Person, core: Core) -> None:
    account = await ana.account()
    address = f"/api/v1/accounts/{account['id']}/uptime"
    never = (await ana.program.get(address)).json()
    assert [never[span]["percent"] for span in ("day", "week")] == [None, None]
    assert {one["condition"] for one in never["week"]["segments"]} == {"off"}
    now = utcnow()
    changes = ((100, SessionStatus.READY), (25, SessionStatus.RECONNECTING), (1, SessionStatus.READY))
    other = await add_account(core.db, await add_user(core.db))
    async with core.db.begin() as session:
        for hours, status in changes:
            at = now - timedelta(hours=hours)
            session.add(Activity(account_id=UUID(str(account["id"])), kind="status", status=status, at=at))
            session.add(Activity(account_id=other, kind="status", status=SessionStatus.READY, at=at))
    shown = (await ana.program.get(address)).json()
    day, week = shown["day"], shown["week"]
    assert day["percent"] == pytest.approx(100 / 24, abs=0.1)
    assert week["percent"] == pytest.approx(76, abs=0.1)
    assert (round(week["upSeconds"] / 3600), round(week["downSeconds"] / 3600)) == (76, 24)
    assert {one["seconds"] for one in week["segments"]} == {4 * 3600}
    last = week["segments"][-1]
    assert (last["condition"], round(last["upSeconds"]), round(last["downSeconds"])) == ("down", 3600, 3 * 3600)
    assert datetime.fromisoformat(last["start"]) == pytest.approx(now - timedelta(hours=4), abs=timedelta(minutes=1))


async def test_resources_as_a_series(ana: Person, core: Core) -> None:
    account = await ana.account()
    address = f"/api/v1/accounts/{account['id']}/resources"
    assert (await ana.program.get(address)).json() == {
        "pressure": "normal",
        "alarmBytes": 600 * 1024**2,
        "recycleBytes": 800 * 1024**2,
        "samples": [],
    }
    sample = Sample(at=utcnow(), memory=700 * 1024**2, cpu=3.5, processes=5)
    await condition.keep_usage(core.redis, "host-1", {UUID(str(account["id"])): sample})
    shown = (await ana.program.get(address)).json()
    assert shown["pressure"] == "alarm"
    [one] = shown["samples"]
    assert (one["memoryBytes"], one["cpuPercent"], one["processes"]) == (700 * 1024**2, 3.5, 5)


async def beat(core: Core) -> None:
    beat = Heartbeat(host_id="host-1", at=utcnow(), running=2, room_for=6, chromium_sandbox=True)
    await hosts.beat(core.redis, beat)


async def test_capacity(ana: Person, core: Core) -> None:
    nobody = await ana.program.get("/api/v1/capacity")
    assert nobody.json() == {"hosts": 0, "running": 0, "roomFor": 0, "total": 0}
    await beat(core)
    room = await ana.program.get("/api/v1/capacity")
    assert room.json() == {"hosts": 1, "running": 2, "roomFor": 6, "total": 8}


async def test_without_a_token_there_are_no_metrics(ana: Person) -> None:
    for sent in ({}, {"Authorization": "Bearer x"}, {"Authorization": "Bearer None"}):
        answer = await ana.browser.get("/metrics", headers=sent)
        assert (answer.status_code, answer.json()["code"]) == (404, "path_not_found")


async def test_metrics_are_for_who_has_the_token(settings: Settings, core: Core) -> None:
    user_id = await add_user(core.db)
    account_id = await add_account(core.db, user_id, status=SessionStatus.READY)
    await add_message(core.db, account_id)
    await beat(core)
    sample = Sample(at=utcnow(), memory=5, cpu=1.5, processes=4)
    old = sample.model_copy(update={"at": utcnow() - condition.USAGE_GOOD_FOR})
    await condition.keep_usage(core.redis, "host-1", {account_id: sample})
    await condition.keep_usage(core.redis, "host-dead", {uuid4(): old})
    health = Health(level=HealthLevel.DEGRADED, vitals=Vitals(at=utcnow()))
    await condition.keep_health(core.redis, {account_id: health})
    itself = ProcessVitals(service="host", machine="m", pid=7, tasks=30, open_files=20, threads=4, memory=1024)
    await vitals.tell(core.redis, itself)
    with_token = settings.model_copy(update={"metrics_token": SecretStr("secret")})
    async with running_api(with_token) as api, client(api) as anybody:
        for sent in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "secret"}, {"X-API-Key": "secret"}):
            assert (await anybody.get("/metrics", headers=sent)).status_code == 401
        answer = await anybody.get("/metrics", headers={"Authorization": "Bearer secret"})
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    lines = set(answer.text.splitlines())
    assert {
        'whahook_host_sessions{host="host-1"} 2.0',
        'whahook_host_room{host="host-1"} 6.0',
        'whahook_accounts{phase="ready"} 1.0',
        'whahook_accounts{phase="error"} 0.0',
        "whahook_messages_waiting 1.0",
        'whahook_process_tasks{machine="m",pid="7",service="host"} 30.0',
        'whahook_process_open_files{machine="m",pid="7",service="host"} 20.0',
        'whahook_process_memory_bytes{machine="m",pid="7",service="host"} 1024.0',
        f'whahook_session_memory_bytes{{account="{account_id}",host="host-1"}} 5.0',
        f'whahook_session_cpu_percent{{account="{account_id}",host="host-1"}} 1.5',
        f'whahook_session_processes{{account="{account_id}",host="host-1"}} 4.0',
        f'whahook_session_health{{account="{account_id}",level="degraded"}} 1.0',
        f'whahook_session_health{{account="{account_id}",level="healthy"}} 0.0',
    } <= lines
    assert "host-dead" not in answer.text
    (connections,) = [line for line in lines if line.startswith("whahook_bus_connections")]
    assert float(connections.split()[1]) >= 1
    assert str(user_id) not in answer.text
