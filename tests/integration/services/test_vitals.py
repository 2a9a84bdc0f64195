from __future__ import annotations

import asyncio
import os
from datetime import timedelta

import pytest

from session_core.bus import keys, vitals
from session_core.bus.vitals import ProcessVitals
from session_core.core import Core
from session_core.services.vitals import measure, run_vitals
from session_core.tasks import end, spawn
from tests.waiting import eventually


@pytest.fixture
def database_kind() -> str:
    """The database has no part in it."""
    return "sqlite"


async def test_what_a_process_opens_and_starts_is_counted() -> None:
    before = measure("web")
    waiting = spawn(asyncio.Event().wait(), name="one more")
    reading, writing = os.pipe()
    try:
        after = measure("web")
    finally:
        os.close(reading)
        os.close(writing)
        await end(waiting)
    assert (after.pid, after.tasks, after.open_files) == (os.getpid(), before.tasks + 1, before.open_files + 2)
    assert after.memory > 1 << 20


async def test_a_process_tells_about_itself_by_itself(core: Core) -> None:
    telling = spawn(run_vitals(core, "host"), name="vitals")
    try:
        await eventually(lambda: vitals.known(core.redis), what="it told")
    finally:
        await end(telling)
    (found,) = await vitals.known(core.redis)
    assert (found.service, found.pid) == ("host", os.getpid())


async def test_the_silent_and_the_unreadable_are_forgotten(core: Core, monkeypatch: pytest.MonkeyPatch) -> None:
    def process(pid: int) -> ProcessVitals:
        return ProcessVitals(service="web", machine="m", pid=pid, tasks=1, open_files=1, threads=1, memory=1)

    await core.redis.hset(keys.PROCESSES, "web:m:3", '{"another": "version"}')
    with monkeypatch.context() as silent:
        silent.setattr(vitals, "KNOWN_FOR", timedelta(milliseconds=-1))
        await vitals.tell(core.redis, process(1))
    assert await vitals.known(core.redis) == []
    await vitals.tell(core.redis, process(2))
    assert await vitals.known(core.redis) == [process(2)]
    assert await core.redis.hkeys(keys.PROCESSES) == ["web:m:2"]
