"""The service as the worker runs it: woken by news, killed in the middle, and tidying up."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from session_core.clock import utcnow
from session_core.core import Core
from session_core.domain.events import AccountDeleted
from session_core.domain.webhooks import DeliveryStatus
from session_core.services import webhooks
from session_core.settings import Settings
from session_core.store import outbox
from session_core.store import webhooks as rows
from session_core.tasks import end, spawn
from session_core.webhooks import service
from tests.integration.webhooks.scene import Scene, first_of_each, verify
from tests.servers.processes import clean_environment
from tests.servers.receiver import HANG, SLOW, Receiver
from tests.waiting import eventually


@pytest.fixture
async def running(core: Core, scene: Scene) -> AsyncIterator[Scene]:
    """Run the service beside the scene."""
    task = spawn(service.run_webhooks(core), name="webhooks-under-test")
    yield scene
    await end(task)


async def test_an_event_is_delivered_as_soon_as_anybody_tells_of_it(
    core: Core, scene: Scene, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service.Webhooks.__init__, "__kwdefaults__", {"every": timedelta(minutes=10)})
    await scene.endpoint(receiver.url())
    task = spawn(service.run_webhooks(core), name="webhooks-under-test")
    await eventually(lambda: core.hub._connected.is_set())
    (event_id,) = await scene.happen(scene.shop, "1")
    await core.publisher.publish(AccountDeleted(user_id=scene.user_id, account_id=scene.shop))
    await eventually(lambda: receiver.taken_ids() == [event_id])
    await end(task)


async def test_without_news_it_looks_by_itself(running: Scene, receiver: Receiver) -> None:
    await running.endpoint(receiver.url())
    (event_id,) = await running.happen(running.shop, "1")
    await eventually(lambda: receiver.taken_ids() == [event_id])


async def test_hanging_endpoints_leave_places_for_others(running: Scene, receiver: Receiver) -> None:
    receiver.by_path["/dead"] = [HANG] * 100
    await running.endpoint(receiver.url("/dead"))
    await running.happen(running.shop, "1")
    await running.happen(running.desk, "1")
    await eventually(lambda: receiver.waiting == 2)
    await running.endpoint(receiver.url("/well"))
    (event_id,) = await running.happen(running.shop, "2")
    await eventually(lambda: event_id in receiver.taken_ids(), timeout=timedelta(seconds=5))


async def test_the_test_button(running: Scene, receiver: Receiver) -> None:
    endpoint, secret = await running.endpoint(receiver.url())
    test = await webhooks.test(running.core, running.user_id, endpoint.id)

    async def done() -> bool:
        now = await webhooks.delivery(running.core, running.user_id, endpoint.id, test.id)
        return now.status is DeliveryStatus.DELIVERED and len(now.attempts) == 1

    await eventually(done)
    assert verify(receiver.got[0], secret)["type"] == "webhook.test"
    receiver.always = 500
    failed = await webhooks.test(running.core, running.user_id, endpoint.id)

    async def dead() -> bool:
        now = await webhooks.delivery(running.core, running.user_id, endpoint.id, failed.id)
        return now.status is DeliveryStatus.DEAD

    await eventually(dead)
    assert (await running.view(endpoint)).failing_since is None


async def test_old_things_are_forgotten_and_what_waits_stays(scene: Scene, receiver: Receiver) -> None:
    endpoint, _ = await scene.endpoint(receiver.url())
    await scene.happen(scene.shop, "1", "2")
    await scene.deliver_all()
    receiver.always = 500
    await scene.happen(scene.shop, "3")
    await scene.deliver_due()
    async with scene.core.db.begin() as session:
        later = utcnow() + timedelta(days=31)
        assert await rows.forget_old(session, later) == 2
        assert await outbox.forget_old(session, later) == 2
        assert await outbox.forget_old(session, later) == 0
    (left,) = await scene.deliveries(endpoint)
    assert left.status is DeliveryStatus.PENDING


KILLS = 3


@pytest.mark.slow
@pytest.mark.parametrize("database_kind", [pytest.param("postgres", marks=pytest.mark.postgres)])
async def test_workers_killed_in_the_middle_lose_nothing(scene: Scene, receiver: Receiver, settings: Settings) -> None:
    """Two real worker services, one of which is killed again and again while the receiver answers slowly."""
    _, secret = await scene.endpoint(receiver.url())
    receiver.always = SLOW
    environment = clean_environment() | {
        "WHAHOOK_DATA_DIR": str(settings.data_dir),
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
        "WHAHOOK_WEBHOOK_PRIVATE_TARGETS": "allow",
        "WHAHOOK_WEBHOOK_TIMEOUT": "1s",
    }
    command = [sys.executable, "-c", RUN]
    expected = {
        str(account_id): await scene.happen(account_id, *(str(number) for number in range(10)))
        for account_id in (scene.shop, scene.desk)
    }

    async def start() -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(*command, env=environment)

    first, second = await start(), await start()
    try:
        for number in range(KILLS):
            seen = len(receiver.got)
            await eventually(lambda seen=seen: len(receiver.got) > seen, timeout=timedelta(seconds=30))
            victim, other = (first, second) if number % 2 == 0 else (second, first)
            os.kill(victim.pid, signal.SIGKILL)
            await victim.wait()
            first, second = (await start(), other) if number % 2 == 0 else (other, await start())
        everything = [event_id for ids in expected.values() for event_id in ids]
        await eventually(
            lambda: set(receiver.taken_ids()) == set(everything), timeout=timedelta(seconds=90), what="all arrive"
        )
    finally:
        for process in (first, second):
            process.kill()
            await process.wait()
    for account_id, ids in expected.items():
        own = [got.headers["webhook-id"] for got in receiver.taken if got.event["accountId"] == account_id]
        assert first_of_each(own) == ids
    for got in receiver.got:
        verify(got, secret)


RUN = """
import asyncio
from datetime import timedelta
from session_core.core import open_core
from session_core.settings import get_settings
from session_core.webhooks import drain
from session_core.webhooks.service import run_webhooks

drain.MARGIN = timedelta(seconds=1)  # a dead worker's lanes are free two seconds later, not 16

async def main():
    async with open_core(get_settings()) as core:
        await run_webhooks(core)

asyncio.run(main())
"""
