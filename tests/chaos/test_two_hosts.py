"""Two hosts on two data folders: never two browsers of one account, whatever happens to the one that has it."""

from __future__ import annotations

import asyncio
import shutil
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from session_core.host import custody
from session_core.tasks import end, spawn
from tests.chaos.table import ROWS, Row
from tests.servers.services import HostProcess
from tests.servers.site import Line, Site, running_site, traffic
from tests.waiting import eventually

LEASE = timedelta(seconds=4)


@pytest.fixture
async def site(tmp_path: Path, postgres_database_url: str) -> AsyncIterator[Site]:
    async with running_site(tmp_path, postgres_database_url, WHAHOOK_LEASE=f"{LEASE.total_seconds()}s") as site:
        yield site


@asynccontextmanager
async def watching(line: Line, *hosts: HostProcess) -> AsyncIterator[list[int]]:
    """Give the list of the numbers of hosts that had a browser of the account, as seen all the time."""
    seen: list[int] = []

    async def look() -> None:
        while True:
            counts = await asyncio.to_thread(lambda: [bool(host.browser(line.session_id)) for host in hosts])
            seen.append(sum(counts))
            await asyncio.sleep(0.1)

    task = spawn(look(), name="watching")
    try:
        yield seen
    finally:
        assert not task.done()
        await end(task)


async def prepared(site: Site) -> tuple[HostProcess, HostProcess, Line]:
    """Run an account on one host, with a copy of its login on another one."""
    one = await site.host("one")
    line = await site.line()
    assert await one.stop() == 0
    two = HostProcess("two", site.folder / "two", one._env)
    copied = shutil.copytree(one.sessions / line.session_id, two.sessions / line.session_id, symlinks=True)
    (copied / ".whahook.lock").unlink(missing_ok=True)
    stamps = two.sessions / custody.STAMPS
    stamps.mkdir()
    (stamps / line.session_id).write_text("1000")  # the newest, for as long as this test takes
    await one.start()
    await line.until("ready")
    site.hosts.append(two)
    await two.start()
    return one, two, line


@pytest.mark.slow
async def test_a_host_that_is_stopped_for_longer_than_its_lease_does_nothing_when_it_wakes_up(site: Site) -> None:
    one, two, line = await prepared(site)
    loop = asyncio.get_running_loop()
    async with watching(line, one, two) as browsers, traffic(line):
        await eventually(lambda: len(line.sent) >= 5)
        stopped_at = loop.time()
        one.signal(signal.SIGSTOP)
        await eventually(lambda: bool(two.browser(line.session_id)), timedelta(seconds=60), "taken over")
        await line.until("ready")
        seconds = loop.time() - stopped_at
        sent = len(line.sent)
        one.signal(signal.SIGCONT)
        await eventually(lambda: len(line.sent) >= sent + 10)
        await eventually(lambda: '"lose"' in one.log.read_text(), what="it knows")
    await line.settled()
    lost, twice = await line.losses()
    assert max(browsers) == 1, "two browsers of the account ran at once"
    assert (lost, twice) == (0, 0)
    assert not one.browser(line.session_id)
    assert (await line.state())["phase"] == "ready"
    fault, texts = "host SIGSTOP longer than its lease", len(line.sent) + len(line.written)
    ROWS.append(Row("postgres", fault, seconds, seconds, False, texts, lost, twice, 0, " → ".join(line.told)))
