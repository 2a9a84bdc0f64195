"""One fault from beginning to end: texts go both ways all the time, what is said is noted, and all is counted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta

import httpx
import psutil

from session_core.tasks import end, spawn
from tests.chaos.table import ROWS, Row
from tests.servers.services import PATIENCE, HostProcess
from tests.servers.site import EVERY, Line, Site, traffic
from tests.waiting import eventually

LOOK_EVERY = timedelta(milliseconds=50)
ENDING = timedelta(seconds=20)
"""A browser that ignores everything but SIGKILL takes this long."""

AWAY = "unavailable"
"""What is noted while the API answers that it cannot now."""


class Trial:
    """What is known about one fault; made by `suffering`."""

    def __init__(self, site: Site, line: Line, host: HostProcess) -> None:
        self.site = site
        self.line = line
        self.host = host
        self.began = 0.0
        self.begin()

    def begin(self) -> None:
        """Count from now on."""
        self.began = asyncio.get_running_loop().time()

    @property
    def said(self) -> list[str]:
        """What the API said since the fault, in order, where that was anything else than before."""
        return [said for at, said in self.line.heard if at >= self.began]

    async def until_flowing(self, patience: timedelta) -> float:
        """Return after how many seconds a new text has gone through in each direction."""
        number = len(self.line.sent)
        await self.line.send(f"after the fault, out {number}")
        await self.line.hear(f"after the fault, in {number}")
        out, heard = self.line.sent[-1], self.line.written[-1]

        async def through() -> bool:
            missing = await self.line.missing()
            return out not in missing and heard not in missing

        await eventually(through, patience, f"texts flow again; told {self.said}")
        return asyncio.get_running_loop().time() - self.began

    async def until_ready(self, patience: timedelta) -> float:
        """Return after how many seconds the account was said to be ready and stayed it."""
        await self.line.until("ready", timeout=patience)
        since = [at for at, _ in self.line.heard if at >= self.began]
        return since[-1] - self.began if since else 0.0


@asynccontextmanager
async def suffering(
    line: Line,
    host: HostProcess,
    fault: str,
    *,
    qr: bool = False,
    person: bool = False,
    restored: bool = False,
    database: str = "sqlite",
    patience: timedelta = PATIENCE,
    every: timedelta = EVERY,
) -> AsyncIterator[Trial]:
    """Count what the fault costs that the block inflicts; fails when anything is lost, doubled or left.

    The block ends when there is nothing more to be done from outside.

    Args:
        line: an account that is ready.
        host: the one that has it.
        fault: its name in the table.
        qr: whether a code has to be scanned.
        person: whether it takes a person to go on.
        restored: whether the login comes back from a backup, which cannot know of the one text that was under way.
        database: its name in the table.
        patience: for the account to come back.
        every: pause between two texts of the traffic.
    """
    site, counted = line.site, len(line.sent) + len(line.written)
    before = ours(site)
    try:
        async with watched(line):
            async with traffic(line, every):
                await _flows(line)
                trial = Trial(site, line, host)
                line.hurt = True
                yield trial
                flowing = await trial.until_flowing(patience)
                ready = await trial.until_ready(patience)
            if restored:
                await eventually(line.ended, patience, "every text has an end")
                assert await line.forget_unknown() <= 1
            await line.settled(patience)
            said = trial.said
    except BaseException:
        # What this fault lost is not counted again by the next one.
        await line.forget_missing()
        raise
    lost, twice = await line.losses()
    left = await _left(site, before)
    texts = len(line.sent) + len(line.written) - counted
    asked = any(one.startswith("qr") for one in said)
    ROWS.append(Row(database, fault, ready, flowing, asked, texts, lost, twice, len(left), " → ".join(said) or "ready"))
    assert (lost, twice) == (0, 0)
    assert left == []
    assert len(roots(host.browser(line.session_id))) == 1, "one browser, not two"
    assert asked == qr, said
    assert person == any(one.startswith(("disconnected:action_required", "error")) for one in said), said


@asynccontextmanager
async def breaking(line: Line, reason: str | None = None, timeout: timedelta = PATIENCE) -> AsyncIterator[None]:
    """Wait at the end of the block until the account's history says that it broke.

    Not until the API shows it: a browser that died may be replaced before anybody asked.
    """
    before = await _breaks(line, reason)

    async def more() -> bool:
        return await _breaks(line, reason) > before

    yield
    await eventually(more, timeout, f"{line.id} broke: {reason or 'whatever'}")


async def _breaks(line: Line, reason: str | None) -> int:
    """Return the number of the newest such line; 0: there is none."""
    lines = await line.site.get_list(f"/accounts/{line.id}/activity?limit=100")
    return max(
        (one["id"] for one in lines if one["phase"] == "reconnecting" and reason in {None, one["reasonCode"]}),
        default=0,
    )


async def _flows(line: Line) -> None:
    start = len(line.sent)
    await eventually(lambda: len(line.sent) >= start + 3, PATIENCE)
    texts = [*line.sent[start : start + 2], *line.written[start : start + 2]]

    async def through() -> bool:
        return not set(texts) & set(await line.missing())

    await eventually(through, PATIENCE, "texts go both ways before the fault")


@asynccontextmanager
async def watched(line: Line) -> AsyncIterator[None]:
    """Note all the time what the API says about the account."""

    async def look() -> None:
        while True:
            try:
                answer = await line.site.api.get(f"/accounts/{line.id}")
            except httpx.TransportError:
                line.note(AWAY)
            else:
                line.note(AWAY) if answer.status_code == 503 else line.hear_state(answer.json())
            await asyncio.sleep(LOOK_EVERY.total_seconds())

    task = spawn(look(), name=f"watched-{line.id}")
    try:
        yield
    finally:
        if task.done():
            task.result()
        await end(task)


def roots(found: list[psutil.Process]) -> list[psutil.Process]:
    """Return those that none of the others has started."""
    pids = {process.pid for process in found}
    chosen = []
    for process in found:
        with suppress(psutil.NoSuchProcess):
            if process.ppid() not in pids:
                chosen.append(process)
    return chosen


def ours(site: Site) -> set[psutil.Process]:
    """Return every process that works on the site's folder, and what these have started."""
    found: set[psutil.Process] = set()
    mark = str(site.folder)
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if mark in " ".join(process.cmdline()) or mark in " ".join(process.environ().values()):
                found |= {process, *process.children(recursive=True)}
    return found


def _kept(site: Site) -> set[psutil.Process]:
    """Return the processes that are meant to run: what the test has started, and what these have started."""
    found: set[psutil.Process] = set()
    for pid in site.pids():
        with suppress(psutil.NoSuchProcess):
            process = psutil.Process(pid)
            found |= {process, *process.children(recursive=True)}
    return found


def strays(site: Site, before: set[psutil.Process]) -> list[str]:
    """Return what runs on the site's folder, or ran on it before, and belongs to nobody any more."""
    found = []
    for process in (ours(site) | before) - _kept(site):
        with suppress(psutil.NoSuchProcess):
            if process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
                found.append(f"{process.pid} {' '.join(process.cmdline())[:200]}")
    return found


async def _left(site: Site, before: set[psutil.Process]) -> list[str]:
    """Return the strays that do not end by themselves soon."""

    async def none_left() -> bool:
        return not await asyncio.to_thread(strays, site, before)

    with suppress(AssertionError):
        await eventually(none_left, ENDING)
    return await asyncio.to_thread(strays, site, before)
