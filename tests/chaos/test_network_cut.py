"""A host that is cut from Valkey and the database, and not from WhatsApp: the worst that a network can do.

Both hosts live in network namespaces of their own. What they share is reached by TCP over a cable that is pulled.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from session_core.tasks import end, spawn
from tests.chaos.keys import shared_backups
from tests.chaos.table import ROWS, Row
from tests.chaos.test_two_hosts import watching
from tests.servers.network import Machine, machines, why_not
from tests.servers.relay import running_relay, socket_to
from tests.servers.services import PATIENCE, HostProcess
from tests.servers.site import Line, Site, running_site
from tests.waiting import eventually

LEASE = timedelta(seconds=5)

LOOKING = timedelta(seconds=1)
"""So long it may take on a busy machine to see that a browser is gone."""


@pytest.fixture(scope="module")
def network() -> None:
    if (reason := why_not()) is not None:
        pytest.skip(reason)


@pytest.fixture
async def site(network: None, tmp_path: Path, postgres_database_url: str) -> AsyncIterator[Site]:
    settings = {"WHAHOOK_LEASE": f"{LEASE.total_seconds()}s", **shared_backups(tmp_path)}
    async with running_site(tmp_path, postgres_database_url, **settings) as site:
        yield site


@asynccontextmanager
async def host_on(site: Site, machine: Machine, name: str, database_url: str) -> AsyncIterator[HostProcess]:
    """Run a host on a machine that has WhatsApp by itself, and Valkey and the database by its cable."""
    database = urlsplit(database_url)
    socket = Path(parse_qs(database.query)["host"][0]) / ".s.PGSQL.5432"
    async with AsyncExitStack() as stack:
        bus = await stack.enter_async_context(
            running_relay(Path(urlsplit(site.valkey.url).path), address=machine.gateway)
        )
        store = await stack.enter_async_context(running_relay(socket, address=machine.gateway))
        whatsapp = site.folder / f"{name}.sock"
        await stack.enter_async_context(socket_to(site.sandbox.http_port, whatsapp))
        stack.enter_context(machine.has(site.sandbox.http_port, whatsapp, site.folder / f"{name}-carrier.log"))
        host = await site.host(
            name,
            machine.enter,
            REDIS_URL=f"redis://{machine.gateway}:{bus.port}",
            DATABASE_URL=f"postgresql://whahook@{machine.gateway}:{store.port}{database.path}",
        )
        try:
            yield host
        finally:
            machine.mend()
            await host.stop()


@asynccontextmanager
async def both_ways(line: Line) -> AsyncIterator[None]:
    """Let texts go both ways all the time; neither direction waits for the other one."""

    async def write() -> None:
        for number in itertools.count(1):
            await line.hear(f"in {number}")
            await asyncio.sleep(0.05)

    async def send() -> None:
        for number in itertools.count(1):
            await line.send(f"out {number}")
            await asyncio.sleep(0.1)

    tasks = [spawn(write(), name="written"), spawn(send(), name="sent")]
    try:
        yield
    finally:
        for task in tasks:
            if task.done():
                task.result()
        await end(*tasks)


@pytest.mark.timeout(400)
async def test_a_host_without_network_ends_its_sessions_before_another_one_begins(
    site: Site, postgres_database_url: str
) -> None:
    loop = asyncio.get_running_loop()
    with machines(2) as (first, second):
        async with host_on(site, first, "one", postgres_database_url) as one:
            line = await site.line()
            await line.backed_up()
            async with host_on(site, second, "two", postgres_database_url) as two:
                async with watching(line, one, two) as browsers, both_ways(line):
                    await eventually(lambda: len(line.written) >= 20 and len(line.sent) >= 5)
                    cut_at = loop.time()
                    first.cut()
                    await eventually(lambda: not one.browser(line.session_id), PATIENCE, "the cut host has closed it")
                    closed = loop.time() - cut_at
                    await eventually(lambda: bool(two.browser(line.session_id)), PATIENCE, "taken over")
                    await line.until_on(two)
                    ready = loop.time() - cut_at
                    first.mend()
                    since = len(line.sent)
                    await eventually(lambda: len(line.sent) >= since + 6, PATIENCE)
                    # It has heard by then that it is not its account any more.
                    await eventually(lambda: "lease_lost" in one.log.read_text(), PATIENCE, "it knows")
                await eventually(line.ended, PATIENCE, "every text has an end")
                in_doubt = await line.forget_unknown()
                await line.settled()
                # Also what the cut host had heard and could not store.
                flowing = loop.time() - cut_at
                lost, twice = await line.losses()
                assert max(browsers) == 1, "two browsers of the account ran at once"
                assert closed < (LEASE + LOOKING).total_seconds()
                assert (lost, twice, await line.devices()) == (0, 0, 1)
                # The one text that was under way, at most.
                assert in_doubt <= 1
                state = await line.state()
                assert (state["phase"], state["hostId"]) == ("ready", two.id)
                said = " → ".join(line.told)
                # And the host that came back is a full one again.
                await site.post(f"/accounts/{line.id}/move", hostId=one.id)
                await line.until_on(one)
    fault, texts = "host without network for longer than its lease", len(line.sent) + len(line.written)
    ROWS.append(Row("postgres", fault, ready, flowing, False, texts, lost, twice, 0, said))
