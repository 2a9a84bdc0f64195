"""A day in the life of an installation, with shortened intervals: what it uses is flat at the end.

What happens once every few hours happens every few seconds: backups, browsers that die, are restarted or recycled
because they grew too big, pages that load again or go offline, codes that nobody scans, and texts both ways all along.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import httpx
import psutil
import pytest
from playwright.async_api import Error as PlaywrightError

from session_core.browser.usage import memory_of
from session_core.tasks import end, spawn
from tests.chaos import crowd, harm
from tests.chaos.table import NOTES
from tests.chaos.trial import breaking
from tests.servers.databases import copy_sqlite
from tests.servers.services import PATIENCE, HostProcess
from tests.servers.site import Line, Site, running_site, traffic
from tests.waiting import eventually

MINUTES = float(os.environ.get("SOAK_MINUTES", "0"))
SAMPLE_EVERY = timedelta(seconds=5)
TOKEN = "the-token-of-the-soak"
ACCOUNTS = 3

RECYCLE_AGE = 40
"""Seconds. Every browser here is too big by its budget, so that each one of this age is recycled."""

pytestmark = [
    pytest.mark.timeout(MINUTES * 60 + 900),
    pytest.mark.skipif(not MINUTES, reason="takes long: make soak, or SOAK_MINUTES=20"),
]

MAY_GROW = {"memory": 0.06, "files": 0.10, "tasks": 0.10, "connections": 0.10}
"""By how much of its mean a number may grow over the second half. One leaked thing for each of the dozens of events in
there is several times as much; a pool that fills is below it."""

AT_LEAST = {"memory": 12.0, "files": 6.0, "tasks": 6.0, "connections": 4.0}
"""So much (MB, or things) is noise whatever the mean is."""


@dataclass
class Series:
    """Numbers over time, by name, e.g. ``"host tasks"``."""

    seconds: list[float] = field(default_factory=list)
    values: dict[str, list[float]] = field(default_factory=dict)

    def add(self, seconds: float, sample: dict[str, float]) -> None:
        """Add what was measured at one moment."""
        self.seconds.append(seconds)
        for name, value in sample.items():
            self.values.setdefault(name, []).append(value)

    def growth(self, name: str) -> tuple[float, float]:
        """Return by how much a number grew over the second half, by the line that fits best, and its mean there."""
        half = len(self.seconds) // 2
        times, values = self.seconds[half:], self.values[name][-(len(self.seconds) - half) :]
        middle, mean = sum(times) / len(times), sum(values) / len(values)
        over = sum((time - middle) ** 2 for time in times)
        slope = sum((time - middle) * (value - mean) for time, value in zip(times, values, strict=True)) / over
        return slope * (times[-1] - times[0]), mean


class Installation:
    """What is measured, and what happens to it."""

    def __init__(self, site: Site, host: HostProcess, lines: list[Line]) -> None:
        self.site = site
        self.host = host
        self.lines = lines
        self.done: Counter[str] = Counter()
        self._random = random.Random(1)

    async def sample(self, metrics: httpx.AsyncClient) -> dict[str, float]:
        """Measure everything once."""
        answer = await metrics.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
        told = _gauges(answer.text)
        sample = {"valkey connections": told["whahook_bus_connections", ""]}
        assert self.site.web is not None
        for service, pid in (("host", self.host.pid), ("worker", self.site.worker.pid), ("web", self.site.web.pid)):
            family = _without_browsers(psutil.Process(pid))
            drivers = {process for process in family if "run-driver" in _command(process)}
            memory, files = _used(family - drivers)
            sample[f"{service} memory"] = memory / 2**20
            sample[f"{service} files"] = float(files)
            if drivers:
                memory, files = _used(drivers)
                sample["playwright memory"], sample["playwright files"] = memory / 2**20, float(files)
            sample[f"{service} tasks"] = told["whahook_process_tasks", service]
        return sample

    async def live(self) -> None:
        """Let one thing after the other happen, each as often as the others, until it is cancelled."""
        happenings: list[Callable[[Line], Awaitable[None]]] = [
            self._restart,
            self._browser_dies,
            self._offline,
            self._backup,
            self._page_loads_again,
            self._recycled,
            self._codes_expire,
        ]
        while True:
            self._random.shuffle(happenings)
            for happening in happenings:
                await happening(self._random.choice(self.lines))
                self.done[happening.__name__.strip("_").replace("_", " ")] += 1

    async def _restart(self, line: Line) -> None:
        await line.disconnect()
        await line.connect()
        await line.until("ready")

    async def _browser_dies(self, line: Line) -> None:
        async with breaking(line):
            # It may just be recycled: then there is none yet, or it is gone before it is killed.
            found = await eventually(lambda: self.host.browser(line.session_id), PATIENCE, "a browser")
            with suppress(ProcessLookupError):
                harm.kill(*found)
        await line.until("ready")

    async def _offline(self, line: Line) -> None:
        async def away() -> bool:
            return bool((await line.state())["phase"] != "ready")

        await line.phone.offline()
        # Not for any reason in particular: its browser may just be recycled.
        await eventually(away, PATIENCE, "it is offline")
        await line.phone.online()
        await line.until("ready")

    async def _backup(self, line: Line) -> None:
        await harm.backed_up(line)

    async def _page_loads_again(self, line: Line) -> None:
        with suppress(PlaywrightError):  # the page or its browser may just be on its way out
            async with harm.page_of(self.host, line) as page:
                await page.reload(timeout=10_000)
        await line.until("ready")

    async def _recycled(self, line: Line) -> None:
        before = await _recycles(line)

        async def again() -> bool:
            return await _recycles(line) > before

        await eventually(again, timedelta(minutes=3), f"{line.id} is recycled")
        await line.until("ready")

    async def _codes_expire(self, line: Line) -> None:
        asker = await self.site.account("34699000000", "Nobody")
        await asker.until("action_required", "qr_expired")
        await asker.connect()
        await asker.until("qr")
        await asker.until("action_required", "qr_expired")
        answer = await self.site.api.delete(f"/accounts/{asker.id}")
        assert answer.status_code == 204


async def _recycles(line: Line) -> int:
    """Return the number of the newest line about it in the account's history; 0: there is none."""
    lines = await line.site.get_list(f"/accounts/{line.id}/activity?limit=100")
    return max((one["id"] for one in lines if one["reasonCode"] == "recycled"), default=0)


def _without_browsers(root: psutil.Process) -> set[psutil.Process]:
    """Return a service with what it started, without the browsers and what these have started."""
    found = {root}
    with suppress(psutil.NoSuchProcess):
        for child in root.children():
            if not any("--user-data-dir=" in word for word in _command(child)):
                found |= _without_browsers(child)
    return found


def _used(family: Iterable[psutil.Process]) -> tuple[int, int]:
    """Return the bytes (PSS) and the file descriptors of processes; one that has just ended has none."""
    memory = files = 0
    for process in family:
        with suppress(psutil.NoSuchProcess):
            memory, files = memory + memory_of(process), files + process.num_fds()
    return memory, files


def _command(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline() or ["--user-data-dir=of a zombie"]
    except psutil.Error:
        return ["--user-data-dir=of a process that has ended"]


def _gauges(text: str) -> dict[tuple[str, str], float]:
    """Return Prometheus' numbers by name and service."""
    found = {}
    for line in text.splitlines():
        if line.startswith("whahook_"):
            name, _, value = line.rpartition(" ")
            bare, _, labels = name.partition("{")
            service = labels.partition('service="')[2].partition('"')[0]
            found[bare, service] = float(value)
    return found


@pytest.fixture
async def installation(sqlite_template: Path, pages: None, tmp_path: Path) -> AsyncIterator[Installation]:
    env = {
        "WHAHOOK_METRICS_TOKEN": TOKEN,
        "WHAHOOK_BACKUP_EVERY": "60s",
        "WHAHOOK_SESSION_MEMORY_ALARM": "10MB",
        "WHAHOOK_SESSION_MEMORY_RECYCLE": "20MB",
        "WHAHOOK_SESSION_RECYCLE_AGE": f"{RECYCLE_AGE}s",
        "WHAHOOK_CHROMIUM_ARGS": "--remote-debugging-port=0",
    }
    async with running_site(tmp_path, copy_sqlite(sqlite_template, tmp_path / "whahook.db"), apart=True, **env) as site:
        host = await site.host()
        lines = await crowd.linked(site, ACCOUNTS)
        await site.sandbox.config(qrFirstMs=4000, qrNextMs=1000, qrMax=4)
        yield Installation(site, host, lines)


async def test_what_it_uses_is_flat_at_the_end_of_the_day(installation: Installation) -> None:
    loop = asyncio.get_running_loop()
    series, began = Series(), loop.time()
    assert installation.site.web is not None
    async with AsyncExitStack() as stack:
        metrics = await stack.enter_async_context(httpx.AsyncClient(base_url=installation.site.web.url, timeout=30))
        for line in installation.lines:
            await stack.enter_async_context(traffic(line, timedelta(seconds=1)))
        life = spawn(installation.live(), name="life")
        stack.push_async_callback(end, life)
        while loop.time() - began < MINUTES * 60 and not life.done():
            await asyncio.sleep(SAMPLE_EVERY.total_seconds())
            series.add(loop.time() - began, await installation.sample(metrics))
        if life.done():
            life.result()
    texts = 0
    for line in installation.lines:
        await line.until("ready")
        await line.settled()
        assert await line.losses() == (0, 0)
        texts += len(line.sent) + len(line.written)
    happened = ", ".join(f"{count} × {what}" for what, count in sorted(installation.done.items()))
    NOTES.append(f"soak of {MINUTES:g} minutes, {ACCOUNTS} accounts: {happened}, {texts} texts; lost 0, twice 0")
    grown = {}
    for name in series.values:
        growth, mean = series.growth(name)
        kind = name.split()[-1]
        allowed = max(MAY_GROW[kind] * mean, AT_LEAST[kind])
        step = max(1, len(series.seconds) // 12)
        told = " ".join(f"{value:.0f}" for value in series.values[name][::step])
        NOTES.append(f"{name}: {told}; second half {growth:+.1f} at a mean of {mean:.1f} (allowed {allowed:.1f})")
        if growth > allowed:
            grown[name] = growth
    assert grown == {}
