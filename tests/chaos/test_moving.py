"""An account that goes from host to host: its login and its messages go with it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from session_core.host import custody
from tests.chaos.keys import shared_backups
from tests.chaos.table import ROWS, Row
from tests.chaos.test_two_hosts import watching
from tests.servers.databases import copy_sqlite
from tests.servers.services import HostProcess
from tests.servers.site import Line, Site, running_site, traffic
from tests.waiting import eventually


@pytest.fixture
async def site(tmp_path: Path, sqlite_template: Path) -> AsyncIterator[Site]:
    url = copy_sqlite(sqlite_template, tmp_path / "whahook.db")
    async with running_site(tmp_path, url, **shared_backups(tmp_path)) as site:
        yield site


async def moved(line: Line, host: HostProcess) -> float:
    """Move the account by hand; returns the seconds until it is ready there."""
    began = asyncio.get_running_loop().time()
    await line.site.post(f"/accounts/{line.id}/move", hostId=host.id)
    await line.until_on(host)
    return asyncio.get_running_loop().time() - began


@pytest.mark.slow
async def test_there_and_back_keeps_login_and_messages(site: Site) -> None:
    one = await site.host("one")
    line = await site.line()
    two = await site.host("two")
    async with watching(line, one, two) as browsers, traffic(line, timedelta(milliseconds=500)):
        await eventually(lambda: len(line.written) >= 2)
        there = await moved(line, two)
        on_two = len(line.written)
        await eventually(lambda: len(line.written) >= on_two + 2)
        back = await moved(line, one)
        on_one = len(line.written)
        await eventually(lambda: len(line.written) >= on_one + 2)
    await line.settled()
    lost, twice = await line.losses()
    texts = len(line.sent) + len(line.written)
    asked = any(said.startswith("qr") for said in line.told)
    ROWS.append(Row("sqlite", "moved to another host and back", there, back, asked, texts, lost, twice, 0, "moving"))
    assert max(browsers) == 1, "two browsers of the account ran at once"
    assert (lost, twice, asked, await line.devices()) == (0, 0, False, 1)
    # The first host's own profile was older than what came back from the second, so it was not opened.
    assert (one.sessions / f"{line.session_id}{custody.STALE}").is_dir()
    history = await site.get_list(f"/accounts/{line.id}/activity?limit=200")
    reasons = [entry["reasonCode"] for entry in history if entry["kind"] == "status"]
    assert reasons.count("moving") == 2
