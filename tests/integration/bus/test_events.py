from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from session_core.bus import events, keys
from session_core.bus.connection import RedisClient
from session_core.bus.events import RESYNC, AnyEvent, EventHub, EventPublisher, Resync, Subscription
from session_core.domain.events import AccountDeleted, ActivityAdded, ActivityEntry
from tests.factories import T0
from tests.servers.valkey import ValkeyServer
from tests.waiting import eventually

SOON = timedelta(seconds=10)
TOO_SHORT_TO_MATTER = timedelta(milliseconds=1)


@pytest.fixture
async def hub(redis: RedisClient) -> AsyncIterator[EventHub]:
    hub = EventHub(redis)
    await hub.start()
    try:
        yield hub
    finally:
        await hub.stop()


def deleted(user_id: UUID) -> AccountDeleted:
    return AccountDeleted(user_id=user_id, account_id=uuid4())


async def heard(subscription: Subscription, count: int) -> list[AnyEvent | Resync]:
    return [await asyncio.wait_for(subscription.get(), SOON.total_seconds()) for _ in range(count)]  # type: ignore[misc]


async def test_a_user_hears_what_is_theirs_in_order(hub: EventHub, redis: RedisClient) -> None:
    ana, eva = uuid4(), uuid4()
    publisher = EventPublisher(redis)
    told = [deleted(ana) for _ in range(20)]
    with hub.subscribe(ana) as first, hub.subscribe(ana) as second, hub.subscribe(eva) as others:
        await publisher.publish(deleted(eva), *told)
        assert await heard(first, 20) == told
        assert await heard(second, 20) == told
        assert len(await heard(others, 1)) == 1
        assert others.pending() == []


async def test_every_kind_of_event_survives_the_way(hub: EventHub, redis: RedisClient) -> None:
    ana, account_id = uuid4(), uuid4()
    line = ActivityAdded(user_id=ana, entry=ActivityEntry(id=1, account_id=account_id, at=T0, kind="status"))
    with hub.subscribe(ana) as subscription:
        await EventPublisher(redis).publish(line, AccountDeleted(user_id=ana, account_id=account_id))
        assert await heard(subscription, 2) == [line, AccountDeleted(user_id=ana, account_id=account_id)]


async def test_nothing_is_heard_before_and_after(hub: EventHub, redis: RedisClient) -> None:
    ana = uuid4()
    publisher = EventPublisher(redis)
    with hub.subscribe(ana) as witness:
        await publisher.publish(deleted(ana))
        await heard(witness, 1)
    with hub.subscribe(ana) as subscription:
        within = deleted(ana)
        await publisher.publish(within)
        assert await heard(subscription, 1) == [within]
    await publisher.publish(deleted(ana))
    assert hub.listeners == 0
    assert await subscription.get(TOO_SHORT_TO_MATTER) is None


async def test_what_is_no_event_does_not_stop_the_hub(hub: EventHub, redis: RedisClient) -> None:
    ana = uuid4()
    with hub.subscribe(ana) as subscription:
        await redis.publish(keys.user_channel(ana), '{"type": "unknown"}')
        await redis.publish(keys.user_channel(ana), "no json")
        after = deleted(ana)
        await EventPublisher(redis).publish(after)
        assert await heard(subscription, 1) == [after]


async def test_a_listener_that_lags_is_told_to_read_again_and_others_are_not(
    hub: EventHub, redis: RedisClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "QUEUE_SIZE", 5)
    ana = uuid4()
    publisher = EventPublisher(redis)
    with hub.subscribe(ana) as slow, hub.subscribe(ana) as quick:
        for _ in range(6):
            event = deleted(ana)
            await publisher.publish(event)
            assert await heard(quick, 1) == [event]
        assert slow.pending() == [RESYNC]
        after = deleted(ana)
        await publisher.publish(after)
        assert await heard(slow, 1) == [after]


async def test_waiting_has_an_end(hub: EventHub) -> None:
    with hub.subscribe(uuid4()) as subscription:
        assert await subscription.get(TOO_SHORT_TO_MATTER) is None


async def test_iterating_goes_on(hub: EventHub, redis: RedisClient) -> None:
    ana = uuid4()
    told = [deleted(ana), deleted(ana)]
    got = []
    with hub.subscribe(ana) as subscription:
        await EventPublisher(redis).publish(*told)
        async with asyncio.timeout(SOON.total_seconds()):
            async for event in subscription:
                got.append(event)
                if len(got) == len(told):
                    break
    assert got == told


async def test_after_a_crash_of_the_bus_everybody_reads_again(valkey: ValkeyServer, own_redis: RedisClient) -> None:
    hub, publisher, ana = EventHub(own_redis), EventPublisher(own_redis), uuid4()
    await hub.start()
    try:
        with hub.subscribe(ana) as subscription:
            valkey.kill()
            await publisher.publish(deleted(ana))  # heard by nobody, and no error
            await asyncio.to_thread(valkey.start)
            assert await heard(subscription, 1) == [RESYNC]
            after = deleted(ana)
            await publisher.publish(after)
            assert await heard(subscription, 1) == [after]
    finally:
        await hub.stop()


async def test_a_hub_that_starts_before_the_bus_hears_it_later(valkey: ValkeyServer, own_redis: RedisClient) -> None:
    valkey.stop()
    hub, ana = EventHub(own_redis), uuid4()
    await hub.start(timeout=TOO_SHORT_TO_MATTER)
    try:
        with hub.subscribe(ana) as subscription:
            await asyncio.to_thread(valkey.start)
            assert await heard(subscription, 1) == [RESYNC]
            event = deleted(ana)
            await EventPublisher(own_redis).publish(event)
            assert await heard(subscription, 1) == [event]
    finally:
        await hub.stop()


async def test_an_error_nobody_thought_of_does_not_end_the_hub(
    hub: EventHub, redis: RedisClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana = uuid4()
    broken = asyncio.Event()

    def break_once(channel: str, data: str) -> None:
        monkeypatch.undo()
        broken.set()
        raise RuntimeError("on purpose")

    monkeypatch.setattr(hub, "_dispatch", break_once)
    with hub.subscribe(ana) as subscription:
        await EventPublisher(redis).publish(deleted(ana))
        await asyncio.wait_for(broken.wait(), SOON.total_seconds())
        assert await heard(subscription, 1) == [RESYNC]


async def test_a_hub_can_be_stopped_and_leaves_no_connection(redis: RedisClient) -> None:
    async def subscribers() -> int:
        return int(await redis.pubsub_numpat())

    before = await subscribers()
    hub = EventHub(redis)
    await hub.start()
    assert await subscribers() == before + 1
    await hub.stop()

    async def back() -> bool:
        return await subscribers() == before

    await eventually(back, SOON)
