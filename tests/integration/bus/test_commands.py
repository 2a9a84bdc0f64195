from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from pydantic import BaseModel

from session_core.bus import keys, lease
from session_core.bus.commands import AnyCommand, CommandClient, CommandServer, NoAnswer, NoHolder
from session_core.bus.connection import RedisClient
from session_core.domain.commands import PairingCode, PairingCodeShown, SendMessage, SendOutcome
from session_core.domain.content import Text
from session_core.errors import Conflict, FatalError, LoginRequired, PolicyError, TransientError
from tests.servers.valkey import ValkeyServer
from tests.waiting import eventually

SOON = timedelta(seconds=10)
SHORT = timedelta(milliseconds=300)
HOST = "host-1"

Handler = Callable[[AnyCommand], Awaitable[BaseModel]]


def pairing(account_id: UUID) -> PairingCode:
    return PairingCode(account_id=account_id, phone="34600111222")


@asynccontextmanager
async def host(redis: RedisClient, handler: Handler, host_id: str = HOST) -> AsyncIterator[UUID]:
    """Hold an account and answer its commands with ``handler``."""
    account_id = uuid4()
    assert await lease.acquire(redis, account_id, host_id) is not None
    server = CommandServer(redis, host_id, handler)
    await server.start()
    try:
        yield account_id
    finally:
        await server.stop()


async def shows_a_code(command: AnyCommand) -> BaseModel:
    assert isinstance(command, PairingCode)
    return PairingCodeShown(code=f"CODE{command.phone[-4:]}")


async def never_answers(_command: AnyCommand) -> BaseModel:
    await asyncio.Event().wait()
    raise AssertionError


async def test_a_command_is_answered(redis: RedisClient) -> None:
    async with host(redis, shows_a_code) as account_id:
        assert await CommandClient(redis).call(pairing(account_id), timeout=SOON) == {"code": "CODE1222"}


async def test_commands_are_heard_after_the_clock_of_the_bus_was_set_back(redis: RedisClient) -> None:
    """Its stream ran out while the clock was ahead, and begins anew with smaller ids."""
    async with host(redis, shows_a_code) as account_id:
        seconds, _ = await redis.time()
        command = pairing(account_id).model_dump_json()
        fields: dict[Any, Any] = {"id": "ahead", "ms": "9000", "command": command}
        await redis.xadd(keys.host_commands(HOST), fields, id=f"{(int(seconds) + 3600) * 1000}-0")
        assert await redis.blpop([keys.reply("ahead")], timeout=SOON.total_seconds()) is not None
        await redis.delete(keys.host_commands(HOST))
        assert await CommandClient(redis).call(pairing(account_id), timeout=SOON) == {"code": "CODE1222"}


async def test_a_command_arrives_whole(redis: RedisClient) -> None:
    taken: list[AnyCommand] = []

    async def sends(command: AnyCommand) -> BaseModel:
        taken.append(command)
        return SendOutcome(result="sent", wa_message_id="true_a_b")

    async with host(redis, sends) as account_id:
        command = SendMessage(
            account_id=account_id,
            message_id=uuid4(),
            token="t",
            chat_id="1@c.us",
            content=Text(text="ñ \U0001f600 \n"),
            wa_key="3EB0",
            look_first=True,
            quoted_id="true_a_c",
        )
        answer = await CommandClient(redis).call(command, timeout=SOON)
    assert taken == [command]
    assert SendOutcome.model_validate(answer).result == "sent"


async def test_commands_are_carried_out_beside_each_other(redis: RedisClient) -> None:
    both_here = asyncio.Barrier(2)

    async def waits_for_the_other(_command: AnyCommand) -> BaseModel:
        await both_here.wait()
        return PairingCodeShown(code="X")

    async with host(redis, waits_for_the_other) as account_id:
        client = CommandClient(redis)
        answers = await asyncio.gather(*(client.call(pairing(account_id), timeout=SOON) for _ in range(2)))
    assert answers == [{"code": "X"}] * 2


async def test_nobody_holds_the_account(redis: RedisClient) -> None:
    with pytest.raises(NoHolder) as caught:
        await CommandClient(redis).call(pairing(uuid4()), timeout=SOON)
    assert caught.value.code == "account_not_running"


async def test_a_host_that_does_not_answer(redis: RedisClient) -> None:
    async with host(redis, never_answers) as account_id:
        with pytest.raises(NoAnswer):
            await CommandClient(redis).call(pairing(account_id), timeout=SHORT)


async def test_a_holder_that_is_gone(redis: RedisClient) -> None:
    account_id = uuid4()
    await lease.acquire(redis, account_id, HOST)
    with pytest.raises(NoAnswer):
        await CommandClient(redis).call(pairing(account_id), timeout=SHORT)


@pytest.mark.parametrize(
    "refusal",
    [
        PolicyError("No.", code="no", action="Ask again.", status_code=418),
        Conflict("Not now.", code="not_waiting_for_link", action="Connect it."),
    ],
)
async def test_a_refusal_comes_through_with_its_status(redis: RedisClient, refusal: PolicyError) -> None:
    async def refuses(_command: AnyCommand) -> BaseModel:
        raise refusal

    async with host(redis, refuses) as account_id:
        with pytest.raises(PolicyError) as caught:
            await CommandClient(redis).call(pairing(account_id), timeout=SOON)
    got = caught.value
    assert (got.message, got.code, got.action, got.status_code) == (
        refusal.message,
        refusal.code,
        refusal.action,
        refusal.status_code,
    )


@pytest.mark.parametrize(
    ("failure", "code"),
    [
        (TransientError("In a moment.", code="loading"), "loading"),
        (LoginRequired("Scan.", code="unlinked"), "unlinked"),
        (FatalError("Broken.", code="browser_missing"), "browser_missing"),
        (ValueError("a secret of the host"), "internal"),
    ],
)
async def test_a_failure_is_transient_for_the_client(redis: RedisClient, failure: Exception, code: str) -> None:
    async def fails(_command: AnyCommand) -> BaseModel:
        raise failure

    async with host(redis, fails) as account_id:
        with pytest.raises(TransientError) as caught:
            await CommandClient(redis).call(pairing(account_id), timeout=SOON)
    assert caught.value.code == code
    assert not isinstance(caught.value, NoAnswer | NoHolder)
    assert "secret" not in str(caught.value)


async def test_a_command_of_another_version_is_refused(redis: RedisClient) -> None:
    async with host(redis, shows_a_code):
        await redis.xadd(keys.host_commands(HOST), {"id": "x", "ms": "10000", "command": '{"kind": "dance"}'})
        answer = await redis.blpop([keys.reply("x")], timeout=5)
    assert answer is not None
    assert "bad_command" in answer[1]


async def test_a_command_whose_time_is_over_is_not_carried_out(redis: RedisClient) -> None:
    """The client knows by then that nobody answered, and may have tried again."""
    taken: list[AnyCommand] = []

    async def records(command: AnyCommand) -> BaseModel:
        taken.append(command)
        return PairingCodeShown(code="X")

    async with host(redis, records) as account_id:
        command = pairing(account_id)
        stream = keys.host_commands(HOST)
        seconds, _ = await redis.time()
        await redis.xadd(
            stream, {"id": "late", "ms": "1000", "command": command.model_dump_json()}, id=f"{(seconds - 5) * 1000}-0"
        )
        assert await CommandClient(redis).call(command, timeout=SOON) == {"code": "X"}  # read after it
    assert taken == [command]


async def test_a_command_that_the_library_repeated_is_carried_out_once(redis: RedisClient) -> None:
    taken: list[AnyCommand] = []

    async def records(command: AnyCommand) -> BaseModel:
        taken.append(command)
        return PairingCodeShown(code="X")

    async with host(redis, records) as account_id:
        repeated, others = pairing(uuid4()), pairing(account_id)
        for _ in range(2):
            await redis.xadd(
                keys.host_commands(HOST), {"id": "same", "ms": "10000", "command": repeated.model_dump_json()}
            )
        for _ in range(3):  # read after both, so both have been looked at by then
            await CommandClient(redis).call(others, timeout=SOON)
    assert taken.count(others) == 3
    assert taken.count(repeated) == 1


async def test_commands_for_a_host_that_was_here_before_are_not_carried_out(redis: RedisClient) -> None:
    account_id = uuid4()
    await redis.xadd(
        keys.host_commands(HOST), {"id": "old", "ms": "60000", "command": pairing(account_id).model_dump_json()}
    )
    taken: list[AnyCommand] = []

    async def records(command: AnyCommand) -> BaseModel:
        taken.append(command)
        return PairingCodeShown(code="X")

    async with host(redis, records) as held:
        await CommandClient(redis).call(pairing(held), timeout=SOON)
    assert [command.account_id for command in taken] == [held]


async def test_what_was_written_does_not_stay_on_the_bus(redis: RedisClient) -> None:
    async with host(redis, shows_a_code) as account_id:
        await CommandClient(redis).call(pairing(account_id), timeout=SOON)

        async def gone() -> bool:
            return await redis.xlen(keys.host_commands(HOST)) == 0

        await eventually(gone)
    account_id = uuid4()
    await lease.acquire(redis, account_id, "never-comes-back")
    with pytest.raises(NoAnswer):
        await CommandClient(redis).call(pairing(account_id), timeout=SHORT)
    assert 0 < await redis.ttl(keys.host_commands("never-comes-back")) <= 600


async def test_a_host_goes_on_listening_after_a_crash_of_the_bus(valkey: ValkeyServer, own_redis: RedisClient) -> None:
    async with host(own_redis, shows_a_code) as account_id:
        client = CommandClient(own_redis)
        await client.call(pairing(account_id), timeout=SOON)
        valkey.kill()
        with pytest.raises(NoHolder) as caught:
            await client.call(pairing(account_id), timeout=SOON)
        assert caught.value.code == "bus_unreachable"
        await asyncio.to_thread(valkey.start)
        held = await lease.acquire(own_redis, account_id, HOST)
        assert held is not None
        assert await client.call(pairing(account_id), timeout=SOON) == {"code": "CODE1222"}


async def test_a_bus_that_dies_while_waiting_leaves_the_outcome_open(
    valkey: ValkeyServer, own_redis: RedisClient
) -> None:
    taken = asyncio.Event()

    async def takes_and_waits(_command: AnyCommand) -> BaseModel:
        taken.set()
        await asyncio.Event().wait()
        raise AssertionError

    async with host(own_redis, takes_and_waits) as account_id:
        asking = asyncio.gather(CommandClient(own_redis).call(pairing(account_id), timeout=SOON))
        await asyncio.wait_for(taken.wait(), SOON.total_seconds())
        valkey.kill()
        with pytest.raises(NoAnswer):
            await asking


async def test_stopping_ends_what_is_under_way(redis: RedisClient) -> None:
    started, cancelled = asyncio.Event(), asyncio.Event()

    async def notices(_command: AnyCommand) -> BaseModel:
        started.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.set()
            raise
        raise AssertionError

    async with host(redis, notices) as account_id:
        asking = asyncio.gather(CommandClient(redis).call(pairing(account_id), timeout=SHORT), return_exceptions=True)
        await asyncio.wait_for(started.wait(), SOON.total_seconds())
    assert cancelled.is_set()
    (outcome,) = await asking
    assert isinstance(outcome, NoAnswer)
