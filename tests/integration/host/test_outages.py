"""The database or the bus goes away under running sessions: nobody notices more than a delay, and nothing is lost."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest

from session_core.bus import keys
from session_core.core import open_core
from session_core.domain.commands import SendOutcome
from session_core.domain.message import Ack, MessageStatus
from session_core.domain.status import ReasonCode, SessionStatus
from session_core.host.policy import Goal
from session_core.services import accounts as service
from session_core.settings import Settings
from session_core.store import accounts
from session_core.store.engine import Database
from session_core.whatsapp.driver import AckChanged, Loaded, Loss, Lost, Offline
from tests.factories import CHAT, read_message
from tests.fakes.drivers import ScriptedDriver, ready
from tests.integration.host.stage import Stage, listening, stage_on
from tests.integration.host.test_commands import claimed, command
from tests.integration.host.test_messages import listed, seen
from tests.servers.valkey import ValkeyServer, running_valkey_server
from tests.waiting import eventually

S = SessionStatus


class Switch:
    """Takes one database of the server away and gives it back."""

    def __init__(self, server_url: str, name: str) -> None:
        self._server_url = server_url
        self._name = name

    async def off(self) -> None:
        await self._execute(f'ALTER DATABASE "{self._name}" WITH ALLOW_CONNECTIONS false')
        await self._execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{self._name}'")

    async def on(self) -> None:
        await self._execute(f'ALTER DATABASE "{self._name}" WITH ALLOW_CONNECTIONS true')

    async def _execute(self, statement: str) -> None:
        connection = await asyncpg.connect(self._server_url, timeout=10)
        try:
            await asyncio.wait_for(connection.execute(statement), 10)
        finally:
            await connection.close()


@pytest.fixture
def switch(postgres_url: str, postgres_database_url: str) -> Switch:
    return Switch(postgres_url, postgres_database_url.rpartition("/")[2].partition("?")[0])


@pytest.fixture
async def on_postgres(postgres_database_url: str, bus_url: str, tmp_path: Path) -> AsyncIterator[Stage]:
    settings = Settings(
        data_dir=tmp_path / "data", database_url_setting=postgres_database_url, redis_url_setting=bus_url
    )
    async with open_core(settings) as core, stage_on(core, tmp_path / "profiles") as stage:
        yield stage


@pytest.mark.postgres
async def test_what_was_said_before_the_lease_was_lost_is_stored_after_it(on_postgres: Stage, switch: Switch) -> None:
    stage = on_postgres
    account_id = await stage.linked()
    driver = ScriptedDriver([Loaded(), ready()])
    stage.will_get(driver)
    await stage.manager.start()
    await stage.until(account_id, S.READY)
    session = stage.manager._sessions[account_id]
    await switch.off()
    try:
        driver.emit(Offline())
        await eventually(lambda: session.status is S.RECONNECTING)
        await stage.core.redis.set(keys.lease(account_id), "host-two:99")
        await eventually(lambda: session.running.goal is Goal.LOSE)
    finally:
        await switch.on()
    # Nobody else has said anything since: the account must not be called ready.
    await stage.until(account_id, S.RECONNECTING, ReasonCode.OFFLINE)


@pytest.mark.postgres
async def test_without_a_database_sessions_go_on_and_everything_is_stored_later(
    on_postgres: Stage, switch: Switch
) -> None:
    stage = on_postgres
    account_id = await stage.linked()
    first, second = ScriptedDriver([Loaded(), ready()]), ScriptedDriver([Loaded()])
    stage.will_get(first, second)
    await stage.manager.start()
    await stage.until(account_id, S.READY)
    row = await claimed(stage, account_id)
    session = stage.manager._sessions[account_id]
    await switch.off()
    try:
        for number in range(20):
            first.emit(seen(f"A{number}"))
        first.emit(Offline(), Lost(Loss.BROWSER))
        await eventually(lambda: second.started == 1)
        second.emit(ready())
        await eventually(lambda: session.status is S.READY)
        # Nothing is sent that could not be fenced.
        outcome = await stage.manager._commands._handler(command(row))
        assert outcome == SendOutcome(result="not_sent", failure="database_unreachable")
    finally:
        await switch.on()
    found = await listed(stage, account_id, 21)
    assert [message.text for message in reversed(found) if message.direction == "in"] == [
        f"text A{number}" for number in range(20)
    ]

    async def told() -> list[tuple[SessionStatus | None, ReasonCode]] | None:
        lines = [line[1:] for line in await stage.history(account_id) if line[0] == "status"]
        return lines if len(lines) >= 5 else None

    assert await eventually(told) == [
        (S.RECONNECTING, ReasonCode.HOST_STOPPED),
        (S.READY, ReasonCode.RESTORED),
        (S.RECONNECTING, ReasonCode.OFFLINE),
        (S.RECONNECTING, ReasonCode.BROWSER_CRASHED),
        (S.READY, ReasonCode.RESTORED),
    ]


@pytest.mark.postgres
async def test_a_text_that_went_out_just_when_the_database_went_is_written_down_later(
    on_postgres: Stage, switch: Switch, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = on_postgres
    account_id = await stage.linked()
    driver = ScriptedDriver([Loaded(), ready()])
    stage.will_get(driver)
    await stage.manager.start()
    await stage.until(account_id, S.READY)
    row = await claimed(stage, account_id)
    send = driver.send

    async def cut_off(*args: str | None, **more: timedelta) -> object:
        await switch.off()
        return await send(*args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(driver, "send", cut_off)
    try:
        outcome = await stage.manager._commands._handler(command(row))
        assert isinstance(outcome, SendOutcome)
        assert outcome.result == "sent"
        driver.emit(AckChanged(f"true_{CHAT}_{row.wa_key}", Ack.DEVICE))
    finally:
        await switch.on()

    async def written() -> bool:
        stored = await read_message(stage.core.db, account_id, row.id)
        return stored.status is MessageStatus.DEVICE and stored.sent_at is not None

    await eventually(written)
    assert len(driver.sent) == 1


@pytest.mark.postgres
async def test_a_session_that_ended_without_a_database_is_not_started_again(on_postgres: Stage, switch: Switch) -> None:
    stage = on_postgres
    account_id = await stage.linked()
    driver = ScriptedDriver([Loaded(), ready()])
    stage.will_get(driver)
    await stage.manager.start()
    await stage.until(account_id, S.READY)
    await switch.off()
    try:
        driver.emit(seen("LAST"), Lost(Loss.UNSUPPORTED))
        await eventually(lambda: driver.closed == 1)
    finally:
        await switch.on()
    # The row said "connected" until now; the end that is stored first is what counts.
    await stage.until(account_id, S.ACTION_REQUIRED, ReasonCode.UNSUPPORTED_BROWSER)
    await stage.until_idle(account_id)
    assert len(stage.made) == 1
    assert len(await listed(stage, account_id, 1)) == 1


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[ValkeyServer]:
    with running_valkey_server(tmp_path / "valkey") as server:
        yield server


@pytest.fixture
async def on_own_valkey(server: ValkeyServer, sqlite_database_url: str, tmp_path: Path) -> AsyncIterator[Stage]:
    settings = Settings(
        data_dir=tmp_path / "data", database_url_setting=sqlite_database_url, redis_url_setting=server.url
    )
    async with open_core(settings) as core, stage_on(core, tmp_path / "profiles") as stage:
        yield stage


async def test_without_a_bus_sessions_go_on_but_send_nothing(on_own_valkey: Stage, server: ValkeyServer) -> None:
    stage = on_own_valkey
    account_id = await stage.linked()
    driver = ScriptedDriver([Loaded(), ready()])
    stage.will_get(driver)
    await stage.manager.start()
    await stage.until(account_id, S.READY)
    row = await claimed(stage, account_id)
    server.kill()
    handler = stage.manager._commands._handler
    await eventually(lambda: not stage.manager._leases.sure(account_id))
    assert await handler(command(row)) == SendOutcome(result="not_sent", failure="lease_not_sure")
    driver.emit(seen("A1"), Offline())
    await stage.until(account_id, S.RECONNECTING, ReasonCode.OFFLINE)
    driver.emit(ready())
    await stage.until(account_id, S.READY)
    await listed(stage, account_id, 2)
    # It comes back with nothing of what it knew.
    shutil.rmtree(server.settings.valkey_socket.parent / "appendonlydir")
    server.start()
    await eventually(lambda: stage.manager._leases.sure(account_id), timedelta(seconds=20))
    async with listening(stage.core, stage.user_id) as pages:
        outcome = await stage.core.commands.call(command(row), timeout=timedelta(seconds=10))
        await eventually(lambda: "message" in pages.kinds())
    assert outcome["result"] == "sent"
    assert (driver.started, driver.closed) == (1, 0)


async def test_without_a_bus_a_wish_is_fulfilled_when_it_is_back(on_own_valkey: Stage, server: ValkeyServer) -> None:
    stage = on_own_valkey
    account_id = await stage.linked(S.STOPPED, desired="stopped")
    await stage.manager.start()
    server.kill()
    await _want_connected(stage.core.db, account_id)
    stage.will_get(ScriptedDriver([Loaded(), ready()]))
    server.start()
    await stage.until(account_id, S.READY)
    server.kill()
    await service.disconnect(stage.core, stage.user_id, account_id)
    await stage.until(account_id, S.STOPPED)
    server.start()


async def _want_connected(database: Database, account_id: object) -> None:
    async with database.begin() as session:
        await accounts.want(session, account_id, "connected")  # type: ignore[arg-type]
