"""The journal on real databases: what passes is waited for, what never will is dropped, and the order is kept."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from functools import partial
from uuid import uuid4

import pytest

from session_core.core import Core
from session_core.domain.message import Ack
from session_core.host import messages
from session_core.host.journal import MAX_BULK, Journal
from session_core.tasks import spawn
from session_core.whatsapp.driver import AckChanged
from tests.factories import add_account, add_user
from tests.integration.host.test_messages import seen
from tests.waiting import eventually


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def journal() -> AsyncIterator[Journal]:
    journal = Journal("test")
    journal.start()
    yield journal
    await journal.close()


async def test_what_the_database_refuses_does_not_hold_up_the_rest(core: Core, journal: Journal) -> None:
    user_id = await add_user(core.db)
    account_id = await add_account(core.db, user_id)
    done: list[str] = []

    async def mark(name: str) -> None:
        done.append(name)

    async def bug() -> None:
        raise KeyError("a bug")

    journal.add(partial(messages.seen, core, user_id, uuid4(), seen("NO_SUCH_ACCOUNT")))
    journal.add(bug)
    journal.add(partial(messages.seen, core, user_id, account_id, seen("A1", kind="x" * 32)))
    journal.add(partial(messages.acknowledged, core, user_id, account_id, AckChanged("true_1@c.us_A1", Ack.READ)))
    journal.add(partial(mark, "end"))
    await asyncio.wait_for(journal.drained(), 10)
    assert done == ["end"]


async def test_what_may_pass_is_tried_until_it_does_and_nothing_overtakes_it(journal: Journal) -> None:
    tries: list[str] = []

    async def third_time() -> None:
        tries.append("first")
        if len(tries) < 3:
            raise ConnectionRefusedError

    async def second() -> None:
        tries.append("second")

    journal.add(third_time)
    journal.add(second)
    await asyncio.wait_for(journal.drained(), 10)
    assert tries == ["first", "first", "first", "second"]


async def test_too_many_messages_hold_up_whoever_brings_more(journal: Journal) -> None:
    gate = asyncio.Event()

    async def wait() -> None:
        await gate.wait()

    for _ in range(MAX_BULK):
        await asyncio.wait_for(journal.add_bulk(wait), 1)
    more = spawn(journal.add_bulk(wait), name="one-more")
    journal.add(wait)
    await eventually(lambda: journal._queue.qsize() >= MAX_BULK, timedelta(seconds=5))
    assert not more.done()
    gate.set()
    await asyncio.wait_for(more, 5)
    await asyncio.wait_for(journal.drained(), 10)
