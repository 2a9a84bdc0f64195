"""Several accounts come back together after a SIGKILL of their host, as fast as the stagger of the starts allows."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta

from tests.chaos.trial import ours, strays, watched
from tests.servers.services import HostProcess
from tests.servers.site import Line, Site
from tests.waiting import eventually

PATIENCE = timedelta(seconds=240)

NOISE = 1.5
"""Starts that are measured one after the other differ by so much on a machine that does other things too."""


@dataclass(frozen=True)
class Return:
    """How accounts came back.

    Attributes:
        seconds: of each, from the kill to ready, in the order in which they came.
        bound: none may be later.
    """

    seconds: tuple[float, ...]
    bound: float
    wave: float

    def __str__(self) -> str:
        """Say it in one line."""
        each = " ".join(f"{one:.1f}" for one in self.seconds)
        return (
            f"{len(self.seconds)} accounts ready again after {each} s; one wave of starts {self.wave:.1f} s; "
            f"none later than {self.bound:.1f} s"
        )


async def linked(site: Site, count: int) -> list[Line]:
    """Make accounts and link each to a phone of its own, a few at a time."""
    lines = []
    for number in range(count):
        lines.append(await site.account(f"346001{number:05d}", f"Line {number}"))
    for line in lines:
        await line.scan()
        line.heard.clear()
    return lines


async def come_back(host: HostProcess, lines: Sequence[Line], starts: int) -> Return:
    """Kill the host twice: once with as many accounts as may start at once, then with all.

    Args:
        host: has all the accounts.
        lines: all of them, ready.
        starts: how many browsers may be starting at once.
    """
    few, rest = lines[:starts], lines[starts:]
    await asyncio.gather(*(line.disconnect() for line in rest))
    wave = max((await _killed(host, few)).values())
    await asyncio.gather(*(line.connect() for line in rest))
    await asyncio.gather(*(line.until("ready", timeout=PATIENCE) for line in rest))
    seconds = await _killed(host, lines)
    bound = math.ceil(len(lines) / starts) * wave * NOISE
    return Return(tuple(sorted(seconds.values())), bound, wave)


async def _killed(host: HostProcess, lines: Sequence[Line]) -> dict[str, float]:
    """Kill the host and start it again; return after how many seconds each account was ready, by its id."""
    clock = asyncio.get_running_loop().time
    before = ours(lines[0].site)
    async with AsyncExitStack() as stack:
        for line in lines:
            await stack.enter_async_context(watched(line))
        began = clock()
        host.kill()
        for number, line in enumerate(lines):
            await line.hear(f"while the host is away, {began} {number}")
        await host.start()
        await asyncio.gather(*(_back(line, began) for line in lines))
        found = {line.id: line.heard[-1][0] - began for line in lines}
        for line in lines:
            await line.send(f"back again, {began} {line.id}")
        await asyncio.gather(*(line.settled() for line in lines))
    for line in lines:
        assert await line.losses() == (0, 0)
        since = [said for at, said in line.heard if at >= began]
        assert not any(said.startswith(("qr", "disconnected:action_required")) for said in since), since
    await eventually(lambda: not strays(lines[0].site, before), timedelta(seconds=20), "the old browsers are gone")
    return found


async def _back(line: Line, began: float) -> None:
    def ready_anew() -> bool:
        since = [said for at, said in line.heard if at > began]
        return len(since) > 1 and since[-1].startswith("ready")

    await eventually(ready_anew, PATIENCE, f"{line.session_id} is ready again; {line.told}")
